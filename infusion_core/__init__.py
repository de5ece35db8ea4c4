"""Infusion Inpaint: fill holes in moving shots by internal diffusion.

After "Infusion: Internal Diffusion for Inpainting of Dynamic Textures and Complex Motion"
(Cherel, Almansa, Gousseau, Newson; Computer Graphics Forum 44(2), 2025, arXiv 2311.01090).
"""

"""Infusion Inpaint: fill holes in moving shots by internal diffusion.

After "Infusion: Internal Diffusion for Inpainting of Dynamic Textures and Complex Motion"
(Cherel, Almansa, Gousseau, Newson; Computer Graphics Forum 44(2), 2025, arXiv 2311.01090).
"""

from typing import Any

from infusion_core.settings import Settings, load_preset, resolve

__all__ = ["Settings", "inpaint", "load_preset", "resolve"]


def __getattr__(name: str) -> Any:
    if name == "inpaint":
        from infusion_core.arrays import inpaint

        return inpaint
    raise AttributeError(name)

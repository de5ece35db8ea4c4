"""The Infusion Inpaint node in Nuke: a thin adapter of the plugin layer.

``import nuke`` stands inside functions, so that every module loads, and is tested, without Nuke.
"""

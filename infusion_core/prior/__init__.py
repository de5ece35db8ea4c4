"""The warm start: weights that a network begins a shot with, learned from procedural textures alone.

``fields``, ``layers`` and ``textures`` make the textures, ``infusion_core.engine.prior_training`` learns from
them and ``weights`` reads what was learned. NumPy only. No picture of anybody's went into it.
"""

# SPDX-License-Identifier: GPL-3.0-or-later
"""The add-on as Blender lists it; it only makes our code importable."""

bl_info = {
    "name": "Infusion Inpaint",
    "description": "Fill holes in shots of fire, water, smoke, foliage and crowds",
    "author": "Infusion Inpaint contributors",
    "version": (0, 1, 0),
    "blender": (4, 5, 0),
    "location": "Compositor > Sidebar > Infusion",
    "category": "Compositing",
}

import sys  # noqa: E402 - Blender reads bl_info without running the file
from pathlib import Path  # noqa: E402

_root = Path(__file__).resolve().parents[2]
sys.path += [path for path in (str(_root / "blender"), str(_root / "plugin")) if path not in sys.path]

from infusion_blender.registration import register, unregister  # noqa: E402, F401

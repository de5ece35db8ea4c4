# SPDX-License-Identifier: GPL-3.0-or-later
"""``blender --background --python headless_infusion.py -- shot.blend [node]``: fill, show, save.

A Python with the bpy module does the same: ``python headless_infusion.py -- shot.blend [node]``.
"""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parent.parent / "plugin")]

from infusion_blender import headless  # noqa: E402

sys.exit(headless.main(sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else []))

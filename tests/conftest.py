"""Tests see what is installed; the rest of the checkout comes after it on the path."""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]

# At the end: infusion_core is to be the installed one, with the native bridge that was built for it.
sys.path += [str(folder) for folder in (ROOT, ROOT / "plugin") if str(folder) not in sys.path]

# SPDX-License-Identifier: GPL-3.0-or-later
"""Run one function of ``scenarios`` inside Blender: ``... main.py -- NAME ARGUMENTS.json RESULT.json``."""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import scenarios

name, arguments, result = sys.argv[sys.argv.index("--") + 1 :]
returned = getattr(scenarios, name)(**json.loads(Path(arguments).read_text("utf-8")))
Path(result).write_text(json.dumps(returned), "utf-8")

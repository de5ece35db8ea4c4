"""What can be held about the add-on's files without a Blender."""

from __future__ import annotations

import ast
from pathlib import Path

from infusion_plugin import schema

ROOT = Path(__file__).parents[2]
OURS = sorted([*(ROOT / "blender").rglob("*.py"), *(ROOT / "tests" / "blender" / "in_blender").glob("*.py")])


def test_every_file_that_imports_bpy_names_its_licence() -> None:
    assert len(OURS) > 10
    for path in OURS:
        assert path.read_text("utf-8").startswith("# SPDX-License-Identifier: GPL-3.0-or-later\n"), path


def test_nothing_else_imports_bpy() -> None:
    for folder in ("infusion_core", "plugin", "nuke", "resolve", "tests"):
        for path in set((ROOT / folder).rglob("*.py")) - set(OURS):
            tree = ast.parse(path.read_text("utf-8"))
            names = {
                alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
            }
            assert "bpy" not in names, path


def test_the_manual_explains_every_setting_that_is_drawn() -> None:
    manual = (ROOT / "docs" / "blender.md").read_text("utf-8")
    from_sockets = {"shot.matte_channel", "shot.layer"}
    for name in {*schema.MAIN_PAGE, *schema.ADVANCED_PAGE} - from_sockets:
        assert schema.controls()[name].label in manual, name

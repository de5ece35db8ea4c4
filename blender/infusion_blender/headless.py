# SPDX-License-Identifier: GPL-3.0-or-later
"""Filling without an interface, also on a farm."""

from __future__ import annotations

import argparse

import bpy

from infusion_blender import registration


def main(arguments: list[str]) -> int:
    """Open a .blend file, fill one node's shot, save the file; return the exit status."""
    parser = argparse.ArgumentParser(prog="headless_infusion", description="Fill a node's shot.")
    parser.add_argument("file", help=".blend file")
    parser.add_argument("node", nargs="?", default="", help="its name, unless it is the only one")
    options = parser.parse_args(arguments)
    with registration.registered():
        try:
            bpy.ops.wm.open_mainfile(filepath=options.file)
            bpy.ops.infusion.inpaint(name=options.node)
        except RuntimeError:  # Blender has said what is wrong already
            return 1
        bpy.ops.wm.save_mainfile()
    return 0

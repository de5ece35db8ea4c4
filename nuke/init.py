"""Nuke runs this at every start, with and without an interface: it only makes our code importable."""

import os

import nuke

_root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
nuke.pluginAddPath(os.path.join(_root, "plugin"))

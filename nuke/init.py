"""Nuke runs this at every start, with and without an interface: it only makes our code importable."""

import os

import nuke

_here = os.path.dirname(os.path.abspath(__file__))
nuke.pluginAddPath(os.path.join(os.path.dirname(_here), "plugin"), addToSysPath=True)
nuke.pluginAddPath(os.path.join(_here, "ToolSets"), addToSysPath=False)

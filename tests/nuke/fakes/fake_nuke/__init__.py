"""A stateful stand-in for Foundry's ``nuke`` module, for tests of the adapter.

Nodes hold knobs and connections, pixels really flow from EXR to EXR, scripts are Tcl. It knows only
what the adapter uses, after the documentation and ``types-nuke``; where Nuke is strict or has a
trap (main thread only, no nested execute, knobs that exist late, proxy, raw off, all views at once),
so is this. It cannot show that the adapter works in Nuke; it shows that the adapter's logic holds.
"""

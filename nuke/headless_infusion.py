"""``nuke -t headless_infusion.py script.nk [node]``: fill a node's shot without an interface."""

import sys

from infusion_nuke import headless

sys.exit(headless.main(sys.argv[1:]))

"""``python -m infusion_core.cli``: the same as ``infusion``."""

import sys

from infusion_core.cli.app import main

sys.exit(main())

"""``python -m infusion_worker JOBDIR``, or ``--write-schema`` after the core's settings changed."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from infusion_worker.main import work, write_schema


def main() -> int:
    parser = argparse.ArgumentParser(prog="infusion_worker", description="Do the job in a job folder.")
    parser.add_argument("folder", nargs="?", type=Path, help="job folder that holds job.json")
    parser.add_argument("--write-schema", action="store_true", help="regenerate settings_schema.json")
    options = parser.parse_args()
    if options.write_schema:
        return write_schema()
    if options.folder is None:
        parser.error("give a job folder")
    return work(options.folder.absolute())


if __name__ == "__main__":
    sys.exit(main())

"""The job's log file: everything that the core logs while the job runs."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infusion_core.errors import Cancelled, InfusionError

LOGGER = "infusion_core"


@contextmanager
def logging_to(path: Path) -> Iterator[logging.Logger]:
    """Append the core's log records to ``path`` while the block runs, a failure's traceback included."""
    logger = logging.getLogger(LOGGER)
    handler = logging.FileHandler(path, encoding="utf-8", delay=True)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    level = logger.level
    logger.setLevel(min(level or logging.INFO, logging.INFO))
    logger.addHandler(handler)
    try:
        yield logger
    except Cancelled:
        logger.info("Stopped; the work so far is kept.")
        raise
    except Exception as error:
        logger.error("The run failed.", exc_info=True, extra={"in_log_only": True})
        if not isinstance(error, InfusionError):
            error.add_note(f"The whole story is in {path}.")
        raise
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
        handler.close()

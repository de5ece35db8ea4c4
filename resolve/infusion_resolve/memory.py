"""What a composition remembers of us between two runs of the script, saved with it."""

from __future__ import annotations

import json
from typing import Any

from infusion_resolve.flow import Comp

KEY = "InfusionInpaint"


def recall(comp: Comp) -> dict[str, Any]:
    """The answers of the last dialog ("answers"), the job folder ("job"), the run last loaded ("loaded")."""
    try:
        kept = json.loads(comp.GetData(KEY) or "{}")
    except (TypeError, ValueError):
        return {}
    return kept if isinstance(kept, dict) else {}


def remember(comp: Comp, **values: Any) -> None:
    """Keep ``values`` beside what is remembered already."""
    comp.SetData(KEY, json.dumps({**recall(comp), **values}))

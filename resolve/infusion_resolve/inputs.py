"""Writing plate and matte as EXRs with a temporary Saver each; the composition is left as it was."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from infusion_plugin import sequence
from infusion_plugin.errors import InputError
from infusion_resolve import flow
from infusion_resolve.flow import Comp, Input, Output

SAVER = "InfusionTemporarySaver"
NO_DIALOGS = 524288  # RenderFlags
_EXR = {
    "OutputFormat": "OpenEXRFormat",
    "OpenEXRFormat.Depth": 2,  # 32-bit float: whatever the flow computes is kept exactly
    "OpenEXRFormat.Compression": 2,  # ZIP, one line
}


def write(comp: Comp, source: Output, pattern: str, frames: Sequence[int], bare: Input | None = None) -> None:
    """Render ``source`` to ``pattern`` (``%04d``) for consecutive ``frames``.

    Args:
        bare: A mask input that is left empty meanwhile, where a mask would cut the picture.

    Raises:
        InputError: the render was stopped or failed, or left frames out.
    """
    if frames[0] < 0:
        raise InputError("Fusion's Saver cannot number frames below 0.", remedy="Shift the range.")
    sequence.make_room(pattern, frames)
    with flow.undo_step(comp, "Infusion Inpaint: write inputs"), _unchanged(comp), _without(comp, bare):
        _render(comp, source, pattern, frames)
    sequence.require_written(pattern, frames)


def _render(comp: Comp, source: Output, pattern: str, frames: Sequence[int]) -> None:
    saver = flow.add_tool(comp, "Saver", SAVER)
    try:
        flow.connect(comp, saver.Input, source)
        saver.SetInput("Clip", pattern % 0)  # Fusion puts the frame in place of the digits
        for name, value in _EXR.items():
            saver.SetInput(name, value)
        done = comp.Render(
            {
                "Start": frames[0],
                "End": frames[-1],
                "Wait": True,
                "HiQ": True,
                "Tool": saver,
                "RenderFlags": NO_DIALOGS,
            }
        )
    finally:
        with flow.locked(comp):
            saver.Delete()
    if not done:
        raise InputError(
            f"Fusion did not finish rendering {flow.name_of(source.GetTool())}: it was stopped, or failed.",
            path=pattern,
            remedy="Look for the error in Fusion's console.",
        )


@contextmanager
def _unchanged(comp: Comp) -> Iterator[None]:
    """Other Savers passed through, proxies off; those, the time and the render range restored afterwards."""
    attrs = comp.GetAttrs()
    kept = {name: attrs[name] for name in ("COMPN_RenderStart", "COMPN_RenderEnd", "COMPB_Proxy")}
    time = comp.CurrentTime
    others = [saver for saver in flow.tools(comp, kind="Saver") if not _is_passed_through(saver)]
    try:
        for saver in others:
            saver.SetAttrs({"TOOLB_PassThrough": True})
        comp.SetAttrs({"COMPB_Proxy": False})
        yield
    finally:
        for saver in others:
            saver.SetAttrs({"TOOLB_PassThrough": False})
        comp.SetAttrs(kept)
        comp.CurrentTime = time


def _is_passed_through(saver: flow.Tool) -> bool:
    return bool(flow.attribute(saver, "TOOLB_PassThrough", False))


@contextmanager
def _without(comp: Comp, mask: Input | None) -> Iterator[None]:
    """A mask input empty while the block runs."""
    worn = mask.GetConnectedOutput() if mask is not None else None
    if worn is None:
        yield
        return
    flow.connect(comp, mask, None)
    try:
        yield
    finally:
        flow.connect(comp, mask, worn)

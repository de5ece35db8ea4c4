"""The node's knobs, described once; ``knobs`` makes them in Nuke and ``toolset`` writes them as Tcl."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from infusion_plugin import schema

MARK = "infusion_node"
SHOW = ("result", "preview frame", "plate")
WRITTEN_CHANNELS = ("all", "rgba")
DATATYPES = ("16 bit half", "32 bit float")

NOT_INSTALLED = (
    "Infusion Inpaint is not installed on this machine. The last result is still shown; "
    "run \\'infusion install nuke\\' in a terminal to work on it."
)


@dataclass(frozen=True)
class KnobSpec:
    """One knob.

    Attributes:
        kind: "tab", "text", "string", "file", "lines", "int", "float", "bool", "choice" or "button".
        name, label, tooltip: As Nuke has them.
        value: Default; for a button its Python; for a text what it shows.
        minimum, maximum: Range of a number's slider, or None.
        choices: Items of a choice.
        new_line: Whether the knob starts a line.
        visible: False for knobs that only keep state.
    """

    kind: str
    name: str
    label: str = ""
    tooltip: str = ""
    value: Any = ""
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    new_line: bool = True
    visible: bool = True


def _setting(name: str) -> KnobSpec:
    """The knob of one setting of the schema."""
    control = schema.controls()[name]
    kind = {"text": "string"}.get(control.kind, control.kind)
    return KnobSpec(
        kind,
        control.identifier,
        control.label,
        control.tooltip,
        control.default,
        control.minimum,
        control.maximum,
        control.choices,
    )


def _button(name: str, label: str, tooltip: str, new_line: bool = False) -> KnobSpec:
    command = (
        "try:\n    from infusion_nuke import actions\n"
        f"except ImportError:\n    nuke.message('{NOT_INSTALLED}')\n"
        f"else:\n    actions.press('{name}')"
    )
    return KnobSpec("button", name, label, tooltip, command, new_line=new_line)


def _state(kind: str, name: str, value: Any = "") -> KnobSpec:
    return KnobSpec(kind, name, "", "Kept by the node for itself.", value, visible=False)


def knob_specs() -> list[KnobSpec]:
    """Every knob of the node, in order."""
    return [*_main_tab(), *_advanced_tab(), *_status_tab(), *_kept_state()]


def _main_tab() -> list[KnobSpec]:
    return [
        KnobSpec("tab", "infusion_tab", "Infusion"),
        *(_setting(name) for name in schema.MAIN_PAGE),
        KnobSpec(
            "file",
            "output",
            "Output",
            "Sequence to write, e.g. /shots/a/clean_v001.%04d.exr; v001 follows Version. "
            "Empty: beside the job in the work folder.",
        ),
        KnobSpec(
            "int",
            "version",
            "Version",
            "Inpaint takes the next free version by itself, so that no result is overwritten.",
            1,
            1,
            999,
        ),
        KnobSpec("choice", "show", "Show", "What the node puts out.", SHOW[0], choices=SHOW),
        _button("inpaint", "Inpaint", "Write the inputs, train on the shot, fill the hole.", new_line=True),
        _button("preview_frame", "Preview frame", "Fill the current frame alone with the draft preset."),
        _button("resume", "Resume", "Go on with the last run from its checkpoint."),
        _button("cancel", "Cancel", "Stop the run; what is done is kept for Resume."),
        _button(
            "render_take",
            "Render take",
            "Fill again from the models already trained, with the present Seed: minutes, not hours.",
            new_line=True,
        ),
        _button("send_to_farm", "Send to farm", "Write the inputs and hand the job to the render farm."),
        _button("make_read", "Make Read", "Put a Read node with the result beside this node."),
    ]


def _advanced_tab() -> list[KnobSpec]:
    return [
        KnobSpec("tab", "advanced_tab", "Advanced"),
        *(_setting(name) for name in schema.ADVANCED_PAGE),
        KnobSpec(
            "file",
            "work_folder",
            "Work folder",
            "Where inputs, jobs and results are kept. Empty: the folder 'infusion' beside the script.",
        ),
        KnobSpec(
            "string",
            "view",
            "View",
            "View to fill in a stereo script, e.g. left. Empty: the one being viewed. One view at a time.",
        ),
        KnobSpec(
            "choice",
            "written_channels",
            "Channels",
            "Channels of the plate that are written and come back with the result.",
            WRITTEN_CHANNELS[0],
            choices=WRITTEN_CHANNELS,
        ),
        KnobSpec(
            "choice",
            "datatype",
            "Data type",
            "Of the EXRs written for plate and matte. Half keeps half-float plates exactly.",
            DATATYPES[0],
            choices=DATATYPES,
        ),
        KnobSpec(
            "bool",
            "read_directly",
            "Use the Read's files",
            "Where nothing lies between an EXR Read and this node, use its files, write no others.",
            True,
        ),
        KnobSpec(
            "lines",
            "more_settings",
            "More settings",
            "Any other setting of Infusion, one a line, e.g. training.window = 8. "
            "'infusion schema' lists them.",
        ),
        KnobSpec(
            "file",
            "python",
            "Python",
            "The Python that holds Infusion. Empty: INFUSION_PYTHON, else what 'infusion install' noted.",
        ),
    ]


def _status_tab() -> list[KnobSpec]:
    return [
        KnobSpec("tab", "status_tab", "Status"),
        KnobSpec("text", "status", "Status", "What the run is doing.", "Nothing has been run yet."),
        KnobSpec("text", "time_left", "Time left", "Estimated from the speed so far.", "-"),
        KnobSpec("text", "loss_picture", "Loss", "Training loss, one colour an interval.", "-"),
        KnobSpec("text", "preview_picture", "Preview", "The fill as it stands after the last interval.", "-"),
        KnobSpec("text", "log", "Log", "The last lines of the worker's log.", "-"),
        _button("refresh", "Refresh", "Read the job folder again, e.g. of a farm job.", new_line=True),
    ]


def _kept_state() -> list[KnobSpec]:
    return [
        _state("int", MARK, 1),
        _state("string", "job_folder"),
        _state("string", "preview_folder"),
        _state("string", "result_run"),
        _state("string", "preview_run"),
        *(
            _state("int", f"{what}_{name}", 0)
            for what in ("result", "preview")
            for name in ("ready", "first", "last")
        ),
    ]

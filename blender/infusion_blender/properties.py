# SPDX-License-Identifier: GPL-3.0-or-later
"""What a node keeps: the settings of the schema, where the files go, and its job."""

from typing import Any

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty, IntProperty, PointerProperty, StringProperty

from infusion_plugin import schema

# The sockets say what plate and matte are.
FROM_SOCKETS = ("shot.matte_channel", "shot.layer")
MAIN_PAGE = tuple(name for name in schema.MAIN_PAGE if name not in FROM_SOCKETS)
ADVANCED_PAGE = tuple(name for name in schema.ADVANCED_PAGE if name not in FROM_SOCKETS)
MAIN_FILES = ("output", "version")
ADVANCED_FILES = ("work_folder", "depth", "read_directly", "more_settings")


def _setting(control: schema.Control) -> Any:
    """Blender's property for a setting."""
    about = {"name": control.label, "description": control.tooltip, "default": control.default}
    limits = {"min": control.minimum, "max": control.maximum}
    limits = {name: limit for name, limit in limits.items() if limit is not None}
    if control.kind == "choice":
        return EnumProperty(items=[(choice, choice, "") for choice in control.choices], **about)
    if control.kind == "bool":
        return BoolProperty(**about)
    if control.kind == "int":
        return IntProperty(**about, **limits)
    if control.kind == "float":
        return FloatProperty(**about, **limits)
    return StringProperty(**about)


def _files() -> dict[str, Any]:
    return {
        "output": StringProperty(
            name="Output",
            description="Sequence to write, e.g. //clean_v001.%04d.exr; v001 follows Version. "
            "Empty: beside the job in the work folder",
        ),
        "version": IntProperty(
            name="Version",
            description="Inpaint takes the next free version by itself, so that no result is overwritten",
            default=1,
            min=1,
            max=999,
        ),
        "work_folder": StringProperty(
            name="Work folder",
            description="Where inputs, jobs and results are kept. "
            "Empty: the folder 'infusion' beside the .blend file",
            subtype="DIR_PATH",
        ),
        "depth": EnumProperty(
            name="Data type",
            description="Of the EXRs written for plate and matte. Half keeps half-float plates exactly",
            items=[("32", "32 bit float", ""), ("16", "16 bit half", "")],
        ),
        "read_directly": BoolProperty(
            name="Use the Image node's files",
            description="Where an EXR sequence is linked with nothing between, use its files",
            default=True,
        ),
        "more_settings": PointerProperty(
            name="More settings",
            description="Text block with any other settings of Infusion, one a line, "
            "e.g. training.window = 8. 'infusion schema' lists them",
            type=bpy.types.Text,
        ),
    }


def _state() -> dict[str, Any]:
    return {
        "is_ours": BoolProperty(options={"HIDDEN"}),
        "job_folder": StringProperty(options={"HIDDEN"}),
        "shown_run": StringProperty(options={"HIDDEN"}),
    }


class InfusionProperties(bpy.types.PropertyGroup):
    """Kept on the node's group, so that they are saved, copied and undone with it."""

    __annotations__ = {
        **{
            control.identifier: _setting(control)
            for control in (schema.controls()[name] for name in (*MAIN_PAGE, *ADVANCED_PAGE))
        },
        **_files(),
        **_state(),
    }


def settings_of(tree: bpy.types.NodeTree) -> dict[str, Any]:
    """The nested tables of a job, without what is left at its default.

    Raises:
        InputError: the text block has a line that cannot be read.
    """
    kept = tree.infusion
    controls = (schema.controls()[name] for name in (*MAIN_PAGE, *ADVANCED_PAGE))
    tables = schema.tables({control.name: getattr(kept, control.identifier) for control in controls})
    more = kept.more_settings.as_string() if kept.more_settings else ""
    return schema.merged(tables, schema.parse_extra(more))

"""The node as it stands in a script: knobs, toolset, copies, life without our Python."""

from __future__ import annotations

import json
import sys
import tkinter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fake_nuke.host import Host
from fake_nuke.knobs import STARTLINE, Enumeration_Knob
from infusion_nuke import layout, node, toolset
from nuke_shot import make_read, noise, write_clip


def described(group: Any) -> dict[str, Any]:
    """All that an artist can tell of a node: its knobs and what is inside."""
    knobs = {
        knob.name(): (
            type(knob).__name__,
            knob.label(),
            knob.tooltip(),
            knob.value(),
            knob.visible(),
            knob.getFlag(STARTLINE),
            knob.values() if isinstance(knob, Enumeration_Knob) else None,
        )
        for knob in group.user_knobs
    }
    inside = {
        child.name(): (
            child.Class(),
            {name: (knob._value, knob._expression) for name, knob in child.knobs().items()},
            [child.input(i).name() for i in range(child.inputs())],
        )
        for child in group.nodes()
    }
    return {"name": group.name(), "knobs": knobs, "inside": inside}


def test_the_saved_toolset_is_the_node(host: Host) -> None:
    loaded = host.loadToolset(str(toolset.TOOLSET_PATH))
    saved = described(loaded)
    host.delete(loaded)
    assert saved == described(node.create())


def test_the_saved_toolset_is_up_to_date() -> None:
    assert toolset.TOOLSET_PATH.read_text("utf-8") == toolset.toolset_text(), "run infusion_nuke.toolset"


def test_the_toolset_is_tcl_of_known_nodes() -> None:
    tcl = tkinter.Tcl()
    seen: list[str] = []
    tcl.createcommand("unknown", lambda kind, *body: seen.append(kind))
    tcl.eval(toolset.TOOLSET_PATH.read_text("utf-8"))
    assert seen == ["Group", *["Input"] * 2, *["Read"] * 2, "Input", "Switch", "Output", "end_group"]


def test_every_visible_knob_explains_itself(host: Host) -> None:
    group: Any = node.create()
    for knob in group.user_knobs:
        if knob.code != 20 and knob.visible():
            assert knob.tooltip(), knob.name()
            assert knob.label(), knob.name()


def test_buttons_are_python_that_compiles(host: Host) -> None:
    for spec in layout.knob_specs():
        if spec.kind == "button":
            compile(spec.value, spec.name, "exec")


def finished(host: Host, folder: Path, group: Any) -> Any:
    """A node whose result of frames 1002 to 1004 lies on disk, and its plate."""
    from infusion_nuke import result

    plate = make_read(host, write_clip(folder / "plate", "plate", noise))
    group.setInput(0, plate)
    clean = write_clip(folder / "clean", "clean", lambda frame: noise(frame + 500))
    result.show(group, "result", clean, [1002, 1003, 1004], "clean")
    return plate


def shown(group: Any, frame: int) -> np.ndarray:
    return np.asarray(group.picture(frame, "main").pixels)


def test_the_result_is_shown_in_its_range_and_the_plate_outside(host: Host, tmp_path: Path) -> None:
    group: Any = node.create()
    finished(host, tmp_path, group)
    assert np.array_equal(shown(group, 1003), noise(1503).pixels)
    assert np.array_equal(shown(group, 1001), noise(1001).pixels)
    assert np.array_equal(shown(group, 1005), noise(1005).pixels)


@pytest.mark.parametrize("knob", ["show", "disable"])
def test_the_plate_can_be_shown_instead(host: Host, tmp_path: Path, knob: str) -> None:
    group: Any = node.create()
    finished(host, tmp_path, group)
    group[knob].setValue("plate" if knob == "show" else True)
    assert np.array_equal(shown(group, 1003), noise(1003).pixels)


def test_undo_takes_the_result_back(host: Host, tmp_path: Path) -> None:
    group: Any = node.create()
    finished(host, tmp_path, group)
    host.Undo.undo()
    assert np.array_equal(shown(group, 1003), noise(1003).pixels)
    assert group["result_ready"].value() == 0


def test_undo_takes_a_new_node_back(host: Host, tmp_path: Path) -> None:
    make_read(host, write_clip(tmp_path / "plate", "plate", noise)).selected = True
    node.create_from_menu()
    assert [group.input(0).Class() for group in host.allNodes("Group")] == ["Read"]
    host.Undo.undo()
    assert host.allNodes("Group") == []


def test_a_script_opens_with_the_result_and_all_knobs(host: Host, tmp_path: Path) -> None:
    group: Any = node.create()
    finished(host, tmp_path, group)
    group["shot_grow"].setValue(7)
    group["more_settings"].setValue('stages = [{"intervals": 2}]\n# $x {')
    before = described(group)
    host.scriptSave()
    host.scriptOpen(host.root().name())
    again = host.toNode(group.name())
    assert described(again) == before
    assert np.array_equal(shown(again, 1003), noise(1503).pixels)


def test_without_our_python_the_result_is_shown_and_buttons_say_so(
    host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = host.loadToolset(str(toolset.TOOLSET_PATH))
    finished(host, tmp_path, group)
    host.scriptSave()
    for name in [name for name in sys.modules if name.startswith("infusion")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(
        sys, "path", [path for path in sys.path if "nuke" not in path and "plugin" not in path]
    )
    monkeypatch.setattr(sys, "meta_path", [f for f in sys.meta_path if "editable" not in repr(f).lower()])
    host.scriptOpen(host.root().name())
    group = host.toNode("InfusionInpaint1")
    assert np.array_equal(shown(group, 1003), noise(1503).pixels)
    group["inpaint"].execute()
    assert "not installed" in host.messages[-1]


def test_a_copy_shows_the_result_but_has_no_job(host: Host, tmp_path: Path) -> None:
    from infusion_nuke import reopen

    host.addOnCreate(reopen.on_create, nodeClass="Group")
    group: Any = node.create()
    finished(host, tmp_path, group)
    folder = tmp_path / "job"
    folder.mkdir()
    (folder / "job.json").write_text(json.dumps({"schema_version": 1}))
    group["job_folder"].setValue(folder.as_posix())
    group.selected = True
    host.nodeCopy(str(tmp_path / "clipboard.nk"))
    copy = host.nodePaste(str(tmp_path / "clipboard.nk"))
    copy.setInput(0, group.input(0))
    assert copy.name() != group.name()
    assert copy["job_folder"].value() == ""
    assert group["job_folder"].value() == folder.as_posix()
    assert np.array_equal(shown(copy, 1003), noise(1503).pixels)


def test_make_read_puts_the_result_into_the_comp(host: Host, tmp_path: Path) -> None:
    group: Any = node.create()
    group["make_read"].execute()
    assert "no result yet" in host.messages[-1]
    finished(host, tmp_path, group)
    group["make_read"].execute()
    read = next(read for read in host.allNodes("Read") if "clean" in read["file"].value())
    assert (read["first"].value(), read["last"].value(), read["raw"].value()) == (1002, 1004, True)
    assert read["label"].value() == "clean"
    assert np.array_equal(np.asarray(read.picture(1002, "main").pixels), noise(1502).pixels)


def test_nukes_start_up_makes_a_menu_entry_that_makes_the_node(host: Host, tmp_path: Path) -> None:
    folder = Path(node.__file__).parents[1]
    for name in ("init.py", "menu.py"):  # as Nuke runs them, with __file__ set
        exec(compile((folder / name).read_text(), name, "exec"), {"__file__": str(folder / name)})
    assert (Path(host.plugin_paths[0]) / "infusion_plugin" / "schema.py").is_file()
    plate = make_read(host, write_clip(tmp_path / "plate", "plate", noise))
    plate.selected = True
    host.menu("Nodes").commands["Filter/Infusion Inpaint"]()
    made = next(group for group in host.allNodes("Group") if node.is_ours(group))
    assert made.input(0) is plate

"""Dialog fields from the schema and back, selections, Loader."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fake_fusion.composition import Composition, write_exr
from fusion_shot import FRAMES, TINY, answers, matte_at, plate_at
from infusion_plugin.errors import InputError, PluginError
from infusion_resolve import comp_script, dialog, flow, footage, loader, memory, request, status

from infusion_core import settings as core


def asked(comp: Composition, **given: Any) -> dict[str, Any]:
    comp.answers = [given]
    found = dialog.ask(comp, request.fields(comp, footage.find(comp), memory.recall(comp).get("answers", {})))
    assert found is not None
    return found


def test_every_setting_of_the_main_page_is_asked_and_untouched_ones_stay_open(comp: Composition) -> None:
    tables = dialog.settings_of(asked(comp))
    assert tables == {"preset": "standard", "shot": {"frames": "1001-1006"}}, "single precision is undone"
    labels = {field[1] for field in comp.dialogs[0].values()}
    assert {name.replace(".", "_") for name in dialog.SETTINGS} <= labels


def test_answers_become_settings_of_the_core(comp: Composition) -> None:
    given = {"preset": "draft", "shot_threshold": 0.1, "shot_grow": -3, "shot_invert": 1, "run_seed": 12}
    tables = dialog.settings_of(asked(comp, **given, more_settings=TINY))
    resolved = core.resolve(tables.pop("preset"), tables=tables)
    assert (resolved.shot.threshold, resolved.shot.grow, resolved.shot.invert) == (0.1, -3, True)
    assert (resolved.preset, resolved.run.seed, resolved.training.window) == ("draft", 12, 3)


def test_what_cannot_be_read_is_named_before_anything_is_rendered(comp: Composition) -> None:
    for given, said in [
        ({"shot_frames": "990-1003"}, "leaves the plate"),
        ({"shot_frames": "1001-1002,1004"}, "has gaps"),
        ({"shot_frames": "one"}, "Cannot read the frame range"),
        ({"more_settings": "nonsense"}, "nonsense"),
        ({"work_folder": " "}, "No work folder"),
    ]:
        comp.answers = [answers(**given)]
        assert not comp_script.main(comp, None, lambda line: None)
        assert said in comp.messages.pop()
    assert comp.renders == []


def test_answers_are_offered_again(comp: Composition) -> None:
    first = asked(comp, shot_grow=7)
    memory.remember(comp, answers=first)
    assert asked(comp)["shot_grow"] == 7
    comp.data[memory.KEY] = "{"
    assert asked(comp)["shot_grow"] == 0, "a damaged memory is no memory"


def test_the_tool_selected_last_is_the_matte(comp: Composition) -> None:
    plate, matte = comp.named("Plate"), comp.named("Roto")
    for first, last in ((plate, matte), (matte, plate)):
        comp.selected = [first, last]
        found = footage.find(comp)
        assert found.plates == (first, last)
        assert [one.label for one in found.mattes] == [
            last.attrs["TOOLS_Name"],
            first.attrs["TOOLS_Name"],
            footage.PLATE_ALPHA,
        ]


def test_a_selected_mask_is_the_matte_whatever_came_last(comp: Composition) -> None:
    polygon = comp.make("PolylineMask", "Polygon1", paint=matte_at)
    comp.selected = [polygon, comp.named("Plate")]
    found = footage.find(comp)
    assert [flow.name_of(tool) for tool in found.plates] == ["Plate"]
    assert found.mattes[0].output is polygon.Output


def test_selections_that_say_nothing_are_named(comp: Composition, resolve_comp: Composition) -> None:
    comp.selected = [comp.named("Final")]
    with pytest.raises(InputError, match="No plate is selected"):
        footage.find(comp)
    comp.selected = [comp.named("Plate"), comp.named("Roto"), comp.named("Grade")]
    with pytest.raises(InputError, match="Too many"):
        footage.find(comp)
    assert flow.name_of(footage.find(resolve_comp).plates[0]) == "MediaIn1"
    resolve_comp.make("MediaIn", "MediaIn2", paint=plate_at)
    with pytest.raises(InputError, match="No plate"):
        footage.find(resolve_comp)


@pytest.fixture
def clip(tmp_path: Path) -> str:
    for frame in FRAMES:
        write_exr(tmp_path / f"r.{frame}.exr", plate_at(frame))
    return (tmp_path / "r.%04d.exr").as_posix()


@pytest.mark.parametrize("comp_start", [0, 500, 2000])
def test_a_loader_shows_each_frame_at_its_time(comp: Composition, clip: str, comp_start: int) -> None:
    """Whether the new clip's range has to move later or earlier."""
    comp.attrs["COMPN_GlobalStart"] = float(comp_start)
    new = loader.add(comp, clip, FRAMES[0], FRAMES[-1], None, False)
    for frame in FRAMES:
        assert np.array_equal(new.picture(frame), plate_at(frame))
    assert (new.shown["HoldFirstFrame"], new.shown["HoldLastFrame"]) == (0, 0)


def test_a_loader_that_cannot_be_finished_is_taken_back(comp: Composition, clip: str) -> None:
    names, wiring = comp.names(), comp.wiring()
    comp.refuses_connections = True
    with pytest.raises(PluginError, match="refused a connection"):
        loader.add(comp, clip, FRAMES[0], FRAMES[-1], comp.named("Plate"), True)
    comp.refuses_connections = False
    with pytest.raises(PluginError, match="sees 6 frames in the result instead of 3"):
        loader.add(comp, clip, 1001, 1003, comp.named("Plate"), False)
    assert comp.names() == names
    assert not comp.is_locked
    assert comp.wiring() == wiring


def test_resolves_own_libraries_are_known(comp: Composition) -> None:
    comp.maps["Fusion:/"] = "/opt/resolve/libs/Fusion/"
    assert status.program_folder(comp) == Path("/opt/resolve/libs")
    comp.maps["Fusion:/"] = "/opt/BlackmagicDesign/Fusion18/"
    assert status.program_folder(comp) == Path("/opt/BlackmagicDesign/Fusion18")
    del comp.maps["Fusion:/"]
    assert status.program_folder(comp) is None


def test_without_a_composition_the_console_says_so() -> None:
    lines: list[str] = []
    assert not comp_script.main(None, None, lines.append)
    assert "open a composition" in lines[0]

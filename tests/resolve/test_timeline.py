"""The Edit and Color pages' script: from the clip under the playhead to a take or a track above."""

from __future__ import annotations

import ast
import importlib.util
from pathlib import Path
from typing import Any

import fake_resolve
import numpy as np
import pytest
from fake_fusion.composition import Composition, read_exr, write_exr
from fake_resolve import Resolve, TimelineItem
from fusion_shot import HOLE, TINY, matte_at, plate_at
from infusion_resolve import footage, loader, render_job, runs, timeline, timeline_script

START = 86400


class Fusion:
    """Resolve's Fusion with a composition open, or none."""

    def __init__(self, comp: Composition | None) -> None:
        self.comp = comp

    def GetCurrentComp(self) -> Composition | None:  # noqa: N802
        return self.comp


@pytest.fixture
def item() -> TimelineItem:
    return TimelineItem("fire.mov", START, 3)


@pytest.fixture
def resolve(item: TimelineItem, monkeypatch: pytest.MonkeyPatch) -> Resolve:
    monkeypatch.setattr(render_job, "LOOK_EVERY_S", 0.01)
    return Resolve([item])


@pytest.fixture
def other_comp() -> Composition:
    """Some composition that is open on the Fusion page, and not the clip's."""
    return Composition("", 0, 10)


def run(
    resolve: Resolve | None, comp: Composition | None, tmp_path: Path, **given: Any
) -> tuple[bool, list[str]]:
    if comp is not None:
        comp.answers = [{"work_folder": str(tmp_path / "work"), "more_settings": TINY, **given}]
    lines: list[str] = []
    done = timeline_script.main(resolve, Fusion(comp), lines.append)  # type: ignore[arg-type]
    return done, lines


def result_of(resolve: Resolve, frame: int) -> np.ndarray:
    info = resolve.project.pool.imported[-1].info
    return read_exr(Path(info["FilePath"] % frame))


def test_a_rendered_clip_comes_back_as_a_take(
    resolve: Resolve, item: TimelineItem, other_comp: Composition, tmp_path: Path
) -> None:
    project = resolve.project
    done, lines = run(resolve, other_comp, tmp_path)
    assert done, lines
    assert (project.format, project.mode) == ({"format": "mov", "codec": "ProRes422HQ"}, 0), "restored"
    assert project.jobs == {}, "our render job is gone"
    assert (len(item.takes), item.selected_take) == (2, 2)
    info = project.pool.imported[0].info
    assert (info["StartIndex"], info["EndIndex"]) == (START, START + 2)
    shown = result_of(resolve, START + 1)[..., :3]
    assert np.all(np.any(shown != plate_at(START + 1)[..., :3], axis=-1)[HOLE]), "alpha was the matte"
    assert np.array_equal(shown[~HOLE], plate_at(START + 1)[~HOLE][..., :3])


def test_a_clips_composition_gives_plate_and_matte(
    resolve: Resolve, item: TimelineItem, resolve_comp: Composition, tmp_path: Path
) -> None:
    item.comps, item.num_frames = [resolve_comp], 4
    wiring = resolve_comp.wiring()
    covered = TimelineItem("title", START + 3, 10, track=2)
    resolve.project.timeline.items.append(covered)
    resolve.project.timeline.num_tracks = 2
    done, lines = run(resolve, resolve_comp, tmp_path, where=timeline.ABOVE)
    assert done, lines
    added = resolve.project.timeline.items[-1]
    assert (added.start, added.num_frames, added.track) == (START, 4, 3), "track 2 is taken there"
    assert resolve.project.settings == {}, "no render job"
    assert resolve_comp.wiring() == wiring
    assert loader.LOADER not in resolve_comp.names()
    assert np.array_equal(result_of(resolve, 2)[~HOLE], plate_at(1003)[~HOLE])


def test_matte_files_are_matched_in_order(resolve: Resolve, other_comp: Composition, tmp_path: Path) -> None:
    (tmp_path / "roto").mkdir()
    for number in (7, 8, 9):
        write_exr(tmp_path / "roto" / f"m.{number:03d}.exr", matte_at(number))
    done, lines = run(resolve, other_comp, tmp_path, matte_file=str(tmp_path / "roto" / "m.008.exr"))
    assert done, lines
    (tmp_path / "roto" / "m.009.exr").unlink()
    given = {"action": runs.FILL, "matte_file": str(tmp_path / "roto" / "m.008.exr")}
    assert not run(resolve, other_comp, tmp_path, **given)[0]
    assert "has 2 frames, the clip 3" in other_comp.messages[-1]


@pytest.mark.parametrize("outcome", ["Failed", "Cancelled", "Refused"])
def test_a_render_job_that_fails_is_told_and_cleaned_up(
    resolve: Resolve, other_comp: Composition, tmp_path: Path, outcome: str
) -> None:
    resolve.project.outcome = outcome
    assert not run(resolve, other_comp, tmp_path)[0]
    assert "did not render the clip" in other_comp.messages[0]
    assert resolve.project.jobs == {}
    assert resolve.project.format["format"] == "mov"


def test_lost_frames_are_found_out(resolve: Resolve, other_comp: Composition, tmp_path: Path) -> None:
    resolve.project.lost_frames = 1
    assert not run(resolve, other_comp, tmp_path)[0]
    assert "wrote 2 frames instead of 3" in other_comp.messages[0]


def test_what_resolve_refuses_at_the_end_is_told_with_the_files(
    resolve: Resolve, item: TimelineItem, other_comp: Composition, tmp_path: Path
) -> None:
    item.refuses_takes = True
    assert not run(resolve, other_comp, tmp_path)[0]
    assert "import them by hand" in other_comp.messages[0]
    item.refuses_takes = False
    assert run(resolve, other_comp, tmp_path)[0]
    assert other_comp.dialogs[-1][1]["Options"][1] == runs.LOAD, "the result is not lost"
    item.num_frames = 5
    assert not run(resolve, other_comp, tmp_path, action=runs.LOAD)[0]
    assert "the clip under the playhead 5" in other_comp.messages[-1]


def test_missing_things_are_told_in_the_console(resolve: Resolve, tmp_path: Path) -> None:
    assert "Fusion Studio" in run(None, None, tmp_path)[1][0]
    assert "Fusion page once" in run(resolve, None, tmp_path)[1][0]
    resolve.project.timeline.items.clear()
    assert "under the playhead" in run(resolve, None, tmp_path)[1][0]


def test_a_cancelled_dialog_renders_nothing(resolve: Resolve, other_comp: Composition) -> None:
    other_comp.answers = [None]
    assert not timeline_script.main(resolve, Fusion(other_comp), lambda line: None)  # type: ignore[arg-type]
    assert resolve.project.settings == {}
    assert footage.PLATE_ALPHA in other_comp.dialogs[0][3]["Options"].values()


def test_the_stand_in_has_only_methods_that_resolve_documents() -> None:
    spec = importlib.util.find_spec("fusionscript-stubs")
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("fusionscript-stubs is not installed")
    file = Path(spec.submodule_search_locations[0]) / "fusionscript.pyi"
    documented: dict[tuple[str, str], list[list[str]]] = {}
    for kind in ast.parse(file.read_text("utf-8")).body:
        for one in kind.body if isinstance(kind, ast.ClassDef) else ():
            if isinstance(one, ast.FunctionDef):  # once for each form of the call
                names = [argument.arg for argument in one.args.args]
                documented.setdefault((kind.name, one.name), []).append(names)
    for fake in fake_resolve.CLASSES:
        for name, method in vars(fake).items():
            if name.startswith("_"):
                continue
            ours = list(method.__code__.co_varnames[: method.__code__.co_argcount])
            forms = documented[fake.__name__, name]
            assert any(ours == theirs[: len(ours)] for theirs in forms), f"{fake.__name__}.{name}"

"""What is read from the knobs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fake_nuke.host import Host
from infusion_nuke.request import next_version, read_request, resolved
from infusion_plugin.errors import InputError
from nuke_shot import make_node, make_read

from infusion_core import settings as core


def test_knobs_become_settings_of_the_core(infusion: Any) -> None:
    infusion["shot_grow"].setValue(5)
    infusion["shot_matte_channel"].setValue("rgba.alpha")
    infusion["run_seed"].setValue(9)
    tables = dict(read_request(infusion, 1).settings)
    resolved_settings = core.resolve(tables.pop("preset"), tables=tables)
    assert resolved_settings.shot.grow == 5
    assert resolved_settings.shot.matte_channel == "A"
    assert resolved_settings.run.seed == 9
    assert resolved_settings.stages[0].training_steps == 3, "from More settings"


def test_script_and_node_name_the_folder(infusion: Any, tmp_path: Path) -> None:
    request = read_request(infusion, 3)
    assert request.paths.folder == tmp_path / "infusion" / "shot" / "InfusionInpaint1" / "v003"


def test_an_unsaved_script_needs_a_work_folder(infusion: Any, host: Host, tmp_path: Path) -> None:
    host.root()["name"].setValue("Root")
    with pytest.raises(InputError, match="Work folder"):
        read_request(infusion, 1)
    infusion["work_folder"].setValue((tmp_path / "work").as_posix())
    assert read_request(infusion, 1).paths.folder.is_relative_to(tmp_path / "work")


def test_relative_paths_start_at_the_project_directory(infusion: Any, host: Host, tmp_path: Path) -> None:
    assert resolved("out/a.%04d.exr") == (tmp_path / "out" / "a.%04d.exr").as_posix()
    host.root()["project_directory"].setValue("/project")
    assert resolved("out\\a.%04d.exr") == "/project/out/a.%04d.exr"


def test_the_version_is_in_the_output(infusion: Any) -> None:
    infusion["output"].setValue("/shots/v001/clean_v001.%04d.exr")
    assert read_request(infusion, 12).output == "/shots/v012/clean_v012.%04d.exr"


def test_an_output_needs_frame_numbers_and_views(infusion: Any, open_host: Callable[..., Host]) -> None:
    infusion["output"].setValue("/shots/clean.exr")
    with pytest.raises(InputError, match="frame number"):
        read_request(infusion, 1)


def test_a_version_with_a_job_is_never_used_again(infusion: Any) -> None:
    assert next_version(infusion) == 1
    for version in (1, 4):
        folder = read_request(infusion, version).paths.job
        folder.mkdir(parents=True)
        (folder / "job.json").touch()
        assert next_version(infusion) == 1 or version == 4, "a job that came to nothing is done again"
        (folder / "checkpoint.safetensors").touch()
    assert next_version(infusion) == 5


def test_unconnected_plates_and_unknown_views_are_named(infusion: Any) -> None:
    infusion["view"].setValue("centre")
    with pytest.raises(InputError, match="no view 'centre'"):
        read_request(infusion, 1)
    infusion.setInput(0, None)
    with pytest.raises(InputError, match="No plate"):
        read_request(infusion, 1)


@pytest.mark.parametrize("output", ["", "/shots/%V/clean_v001.%04d.exr"])
def test_views_never_share_a_result(open_host: Callable[..., Host], plate_file: str, output: str) -> None:
    host = open_host(views=("left", "right"))
    node = make_node(host, make_read(host, plate_file), None)
    node["output"].setValue(output)
    outputs = {}
    for view in ("left", "right"):
        node["view"].setValue(view)
        request = read_request(node, 2)
        assert request.shown.replace("%V", view) == request.output
        assert "v002" in request.output
        outputs[view] = request.output
    assert outputs["left"] != outputs["right"]
    node["output"].setValue("/shots/clean.%04d.exr")
    with pytest.raises(InputError, match="%V"):
        read_request(node, 2)

import json
import os
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infusion_core.errors import JobError, SettingsError
from infusion_core.job.spec import JobSpec
from infusion_core.settings import RunSettings, Settings, ShotSettings, load_preset


def make_spec(**changes) -> JobSpec:
    return replace(JobSpec("/a/plate.%04d.exr", "/a/matte.exr", "/b/out.%04d.exr", Settings()), **changes)


@given(seed=st.integers(0, 2**31 - 1), grow=st.integers(-500, 500), overwrite=st.booleans())
def test_a_job_survives_its_file(seed: int, grow: int, overwrite: bool) -> None:
    settings = replace(Settings(), run=RunSettings(seed=seed), shot=ShotSettings(grow=grow))
    spec = make_spec(settings=settings, overwrite=overwrite)
    assert JobSpec.from_dict(json.loads(json.dumps(spec.to_dict()))) == spec


def test_paths_become_absolute_and_patterns_stay(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    monkeypatch.chdir(tmp_path)
    spec = make_spec(plate="plate.####.exr", matte="../m/%04d.exr")
    assert spec.plate == str(tmp_path / "plate.####.exr")
    assert spec.matte == str(tmp_path.parent / "m" / "%04d.exr")
    assert os.path.isabs(make_spec(output="~/out.exr").output)
    assert "~" not in make_spec(output="~/out.exr").output


def test_settings_left_out_are_those_of_the_preset() -> None:
    data = {"schema_version": 1, "plate": "/p", "matte": "/m", "output": "/o"}
    data["settings"] = {"preset": "paper", "shot": {"grow": 3}}
    settings = JobSpec.from_dict(data).settings
    paper = load_preset("paper")
    assert settings == replace(paper, shot=replace(paper.shot, grow=3))


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"schema_version": 99}, "schema version 99"),
        ({"colour": "red"}, "unknown keys: colour"),
        ({"plate": ""}, "names no plate"),
        ({"matte": 7}, "names no matte"),
        ({"overwrite": "yes"}, "'overwrite'"),
        ({"settings": []}, "'settings'"),
    ],
)
def test_a_wrong_job_file_is_refused(change: dict, text: str) -> None:
    data = {**make_spec().to_dict(), **change}
    with pytest.raises(JobError, match=text):
        JobSpec.from_dict(data)


def test_an_unknown_setting_in_a_job_file_is_refused() -> None:
    data = make_spec().to_dict()
    data["settings"]["shot"]["sparkle"] = 1
    with pytest.raises(SettingsError, match=r"shot\.sparkle"):
        JobSpec.from_dict(data)


def test_differences_name_what_changes_the_result_and_nothing_else() -> None:
    spec = make_spec()
    assert spec.differences(spec) == []
    elsewhere = RunSettings(device="cuda:1", threads=3, memory=8.0)
    moved = make_spec(settings=replace(Settings(), run=elsewhere), overwrite=True)
    assert spec.differences(moved) == []
    other = make_spec(plate="/z/plate.%04d.exr", settings=replace(Settings(), run=RunSettings(seed=5)))
    assert spec.differences(other) == [
        "plate: '/z/plate.%04d.exr', not '/a/plate.%04d.exr'",
        "run.seed: 5, not 0",
    ]

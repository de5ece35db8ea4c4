import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infusion_core.errors import SettingsError
from infusion_core.settings import (
    SECTIONS,
    Settings,
    StageSettings,
    apply_assignments,
    from_dict,
    load_preset,
    override,
    parse_assignment,
    resolve,
    schema,
)

ALL_FIELDS = [
    (name, field)
    for name, section in {**SECTIONS, "stages": StageSettings}.items()
    for field in dataclasses.fields(section)
]
IDS = [f"{name}.{field.name}" for name, field in ALL_FIELDS]


def with_value(section, name, value):
    return override(Settings(), {section: [{name: value}] if section == "stages" else {name: value}})


def value_of(settings, section, name):
    return getattr(settings.stages[0] if section == "stages" else getattr(settings, section), name)


@pytest.mark.parametrize(("section", "field"), ALL_FIELDS, ids=IDS)
def test_every_setting_has_a_label_a_help_and_a_default_within_its_range(section, field):
    assert field.metadata["label"]
    assert field.metadata["help"].endswith((".", ")"))
    settings = with_value(section, field.name, field.default)
    assert value_of(settings, section, field.name) == field.default


@pytest.mark.parametrize(("section", "field"), ALL_FIELDS, ids=IDS)
def test_every_limit_of_a_setting_is_kept(section, field):
    limits, refused = field.metadata, [object(), [1]]
    if limits["choices"]:
        refused.append("no such choice")
    for limit, sign in ((limits["minimum"], -1), (limits["maximum"], 1)):
        if limit is not None:
            kind = type(field.default)
            assert value_of(with_value(section, field.name, kind(limit)), section, field.name) == limit
            refused.append(kind(limit + sign) if kind is int else limit + sign * max(1e-3, abs(limit)))
    if isinstance(field.default, float):
        refused += [float("nan"), "1", True]
    if isinstance(field.default, int):
        refused += [0.5, "1"]
    for value in refused:
        with pytest.raises(SettingsError, match=rf"{section}(\[0\])?\.{field.name}"):
            with_value(section, field.name, value)


def test_settings_survive_json():
    settings = apply_assignments(load_preset("paper"), ["training.window=9", "run.seed=4"])
    assert from_dict(json.loads(json.dumps(settings.to_dict()))) == settings


@pytest.mark.parametrize(
    "data",
    [
        {"trainin": {}},
        {"training": {"windw": 3}},
        {"training": 3},
        {"stages": []},
        {"stages": 3},
        {"stages": [{"scal": 1.0}]},
        {"stages": {"scale": 1.0}},
        {"schema_version": 999},
        {"preset": 3},
    ],
)
def test_what_does_not_fit_the_schema_is_refused(data):
    with pytest.raises(SettingsError):
        override(Settings(), data)


@given(st.integers(1, 1000))
def test_an_override_changes_what_it_names_and_nothing_else(window):
    changed = override(Settings(), {"training": {"window": window}})
    assert changed.training == dataclasses.replace(Settings().training, window=window)
    assert dataclasses.replace(changed, training=Settings().training) == Settings()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("training.window=8", {"training": {"window": 8}}),
        (" run.device = cuda:1", {"run": {"device": "cuda:1"}}),
        ("training.learning_rate=1e-3", {"training": {"learning_rate": 1e-3}}),
        ("shot.invert=true", {"shot": {"invert": True}}),
        ('shot.frames="1-5,9"', {"shot": {"frames": "1-5,9"}}),
        ("shot.frames=1-5,9", {"shot": {"frames": "1-5,9"}}),
        ("shot.layer=", {"shot": {"layer": ""}}),
    ],
)
def test_an_assignment_is_read_as_toml_or_as_a_word(text, expected):
    assert parse_assignment(text) == expected


@pytest.mark.parametrize("text", ["window=8", "training.window", "training.=3", "", "=3"])
def test_an_assignment_without_a_name_is_refused(text):
    with pytest.raises(SettingsError, match="Cannot read"):
        parse_assignment(text)


def test_stages_are_assigned_one_by_one_or_all_together():
    settings = override(Settings(), {"stages": [{"scale": 0.5}, {"scale": 1.0}]})
    settings = apply_assignments(settings, ["stages.training_steps=7", "stages.1.intervals=2"])
    assert [stage.training_steps for stage in settings.stages] == [7, 7]
    assert [stage.intervals for stage in settings.stages] == [4, 2]
    for wrong in ("stages.2.intervals=2", "stages.x.intervals=2", "stages.0.none=2"):
        with pytest.raises(SettingsError):
            apply_assignments(settings, [wrong])


def test_later_sources_win(tmp_path):
    one, two = tmp_path / "one.toml", tmp_path / "two.toml"
    one.write_text('preset = "paper"\n[training]\nwindow = 3\nbatch = 2\n')
    two.write_text("[training]\nwindow = 4\n[run]\nseed = 1\n")
    settings = resolve(files=[one, two], tables={"run": {"seed": 2}}, assignments=["run.threads=3"])
    assert settings.preset == "paper"
    assert (settings.training.window, settings.training.batch) == (4, 2)
    assert (settings.run.seed, settings.run.threads) == (2, 3)
    assert resolve("paper", files=[two]).training.window == 4
    assert resolve().preset == "standard"


def test_a_settings_file_that_cannot_be_used_is_named(tmp_path):
    path = tmp_path / "my.toml"
    for text in ("[training]\nwindw = 3\n", "[training\n", None):
        if text is None:
            path.unlink()
        else:
            path.write_text(text)
        with pytest.raises(SettingsError, match=r"my\.toml"):
            resolve(files=[path])


def test_the_schema_is_plain_data():
    data = schema()
    assert json.loads(json.dumps(data)) == json.loads(json.dumps(data, default=repr))
    assert set(data["sections"]) == set(SECTIONS)
    window = next(item for item in data["sections"]["training"] if item["name"] == "window")
    assert (window["type"], window["default"], window["unit"]) == ("int", 12, "frames")

"""The options of the command line are those of the schema, and what is given last wins."""

from dataclasses import fields
from importlib import import_module

import click
import pytest

from infusion_core import settings as schema
from infusion_core.cli.commands.inpaint import command
from infusion_core.cli.options import GROUPS, given_tables
from infusion_core.cli.run_settings import job_from, settings_from
from infusion_core.errors import SettingsError

NOTHING = {"preset": None, "config": (), "assignments": (), "job": None, "resume": False, "overwrite": False}


def parse(*words: str) -> dict:
    """What click makes of the words after ``infusion inpaint``."""
    return {**NOTHING, **command.make_context("inpaint", ["p", "m", "o.%04d.exr", *words]).params}


def test_every_setting_of_shot_and_run_has_an_option_with_its_help() -> None:
    options = {option.name: option for option in command.params if isinstance(option, click.Option)}
    for section in ("shot", "run"):
        for item in fields(schema.SECTIONS[section]):
            option = options[item.name]
            assert f"--{item.name.replace('_', '-')}" in option.opts
            assert option.help.startswith(item.metadata["help"])
            assert option.default is None


@pytest.mark.parametrize(("name", "preset"), [("inpaint", "standard"), ("demo", "draft")])
def test_the_help_names_the_preset_that_is_taken_when_none_is_given(name, preset, monkeypatch) -> None:
    chosen = import_module(f"infusion_core.cli.commands.{name}").command
    help_text = next(option.help for option in chosen.params if option.name == "preset")
    assert help_text.endswith(f"[default: {preset}]")
    taken = []

    def resolve(wanted, **_):
        taken.append(wanted or "standard")
        raise SettingsError("Far enough.")

    monkeypatch.setattr(schema, "resolve", resolve)
    words = ["p", "m", "o.%04d.exr"] if name == "inpaint" else []
    with pytest.raises(SettingsError):
        chosen.main(words, standalone_mode=False)
    assert taken == [preset]


def test_the_warm_start_can_be_switched_on_and_off() -> None:
    assert settings_from(parse("--preset", "draft")).training.prior
    assert not settings_from(parse("--preset", "draft", "--no-prior")).training.prior
    assert not settings_from(parse("--no-prior")).training.prior
    assert settings_from(parse("--preset", "paper", "--prior")).training.prior


SCRIPTED = (
    "frames preset seed device job resume overwrite dry-run "
    "matte-channel invert threshold grow feather handles"
)


@pytest.mark.parametrize("name", SCRIPTED.split())
def test_names_that_scripts_rely_on(name: str) -> None:
    assert any(f"--{name}" in option.opts for option in command.params)


def test_every_group_of_the_help_names_options_that_exist() -> None:
    names = {parameter.name for parameter in command.params}
    assert {name for group in GROUPS.values() for name in group} <= names


def test_negative_frames_and_both_spellings_of_colour() -> None:
    given = parse("--frames", "-5-10x2", "--color", "display", "--no-invert")
    assert given["frames"] == "-5-10x2"
    assert given["colour"] == "display"
    assert given["invert"] is False


def test_only_what_was_given_is_in_the_tables() -> None:
    given = parse("--grow", "3", "--seed", "7", "--invert")
    assert given_tables(given, "shot", "run") == {"shot": {"grow": 3, "invert": True}, "run": {"seed": 7}}


def test_a_file_wins_over_the_preset_an_option_over_the_file_and_set_over_all(tmp_path) -> None:
    first, second = tmp_path / "a.toml", tmp_path / "b.toml"
    first.write_text('preset = "paper"\n[shot]\ngrow = 1\nfeather = 1.0\n[training]\nwindow = 5\n')
    second.write_text("[shot]\ngrow = 2\n")
    given = parse(
        "--config", str(first), "--config", str(second), "--feather", "3", "--set", "training.window=7"
    )
    settings = settings_from(given)
    assert settings.preset == "paper"
    assert (settings.shot.grow, settings.shot.feather, settings.training.window) == (2, 3.0, 7)


def test_one_stage_or_all_of_them_can_be_set(tmp_path) -> None:
    config = tmp_path / "two.toml"
    config.write_text("[[stages]]\nscale = 0.5\n[[stages]]\nscale = 1.0\nt_high = 300\n")
    words = ("--config", str(config), "--set", "stages.training_steps=9", "--set", "stages.1.intervals=2")
    stages = settings_from(parse(*words)).stages
    assert [stage.training_steps for stage in stages] == [9, 9]
    assert stages[1].intervals == 2
    with pytest.raises(SettingsError, match="no stage 5"):
        settings_from(parse(*words, "--set", "stages.5.intervals=2"))


def test_on_resume_what_is_not_said_is_as_it_was(tmp_path) -> None:
    job = str(tmp_path / "job")
    spec, folder = job_from("p", "m", "o.%04d.exr", parse("--job", job, "--preset", "paper", "--grow", "4"))
    folder.write_spec(spec)
    again, _ = job_from(None, None, None, parse("--job", job, "--resume", "--threads", "2"))
    assert spec.differences(again) == []
    assert again.settings.run.threads == 2
    other, _ = job_from(None, None, None, parse("--job", job, "--resume", "--grow", "5"))
    assert spec.differences(other) == ["shot.grow: 5, not 4"]

"""Reading shot lists: defaults, overrides, paths, and every mistake at once."""

from pathlib import Path

import pytest

from infusion_core.errors import InputError
from infusion_core.farm.shot_list import read_shot_list

TWO = """
[defaults]
preset = "draft"
grow = 2
set = ["training.window=8"]

[[shots]]
name = "a"
plate = "a/plate.%04d.exr"
matte = "a/matte.%04d.exr"
output = "a/clean.%04d.exr"
frames = "1001-1010"

[[shots]]
name = "b"
plate = "/elsewhere/plate.%04d.exr"
matte = "b/matte.%04d.exr"
output = "b/clean.%04d.exr"
job = "jobs/b"
grow = -1
matte-channel = "A"
seed = 7
overwrite = true
"""


def write(folder: Path, text: str, name: str = "shots.toml") -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def test_defaults_hold_unless_a_shot_says_otherwise(tmp_path: Path) -> None:
    first, second = read_shot_list(write(tmp_path, TWO))
    assert (first.name, second.name) == ("a", "b")
    assert first.spec.plate == str(tmp_path / "a/plate.%04d.exr")
    assert second.spec.plate == "/elsewhere/plate.%04d.exr"
    assert first.folder.path == tmp_path / "a/clean.infusion"
    assert second.folder.path == tmp_path / "jobs/b"
    assert (first.spec.settings.shot.grow, second.spec.settings.shot.grow) == (2, -1)
    assert first.spec.settings.shot.frames == "1001-1010"
    assert second.spec.settings.shot.matte_channel == "A"
    assert (first.spec.settings.run.seed, second.spec.settings.run.seed) == (0, 7)
    assert (first.spec.overwrite, second.spec.overwrite) == (False, True)
    for shot in (first, second):
        assert shot.spec.settings.preset == "draft"
        assert shot.spec.settings.training.window == 8


def test_a_spreadsheet_says_the_same_as_toml(tmp_path: Path) -> None:
    text = (
        "\ufeffname,plate,matte,output,frames,job,grow,preset,matte-channel,seed,overwrite,set\n"
        "a,a/plate.%04d.exr,a/matte.%04d.exr,a/clean.%04d.exr,1001-1010,,2,draft,,,,training.window=8\n"
        "b,/elsewhere/plate.%04d.exr,b/matte.%04d.exr,b/clean.%04d.exr,,jobs/b,-1,draft,A,7,yes,"
        "training.window = 8\n"
    )
    assert read_shot_list(write(tmp_path, text, "shots.csv")) == read_shot_list(write(tmp_path, TWO))


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    text = TWO + (
        '[[shots]]\nname = "c"\nplate = "p"\nmatte = "m"\noutput = "o"\ngrov = 3\n'
        '[[shots]]\nname = "d"\nplate = "p"\nmatte = "m"\noutput = "o"\ngrow = 9999\n'
        '[[shots]]\nname = "e"\nmatte = "m"\noutput = "o"\n'
        '[[shots]]\nname = "f"\nplate = "p"\nmatte = "m"\noutput = "a/clean.%04d.exr"\n'
    )
    with pytest.raises(InputError) as caught:
        read_shot_list(write(tmp_path, text))
    told = str(caught.value)
    assert "shots.toml" in told
    for part in ("4 shots", "c (number 3)", "grov", "d (number 4)", "9999", "'plate' is missing", "f: Its"):
        assert part in told
    assert "  a" not in told


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("[[shots]", "cannot be read"),
        ("", "no shots"),
        ("[shot]\nname = 1", "unknown tables: shot"),
        ('shots = ["a"]', r"\[\[shots\]\]"),
    ],
)
def test_a_file_that_is_no_list_is_refused(tmp_path: Path, text: str, part: str) -> None:
    with pytest.raises(InputError, match=part):
        read_shot_list(write(tmp_path, text))


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("name,plate,matte,output,grow\na,p,m,o,two\n", "'grow', 'two'"),
        ("name,plate,matte,output,invert\na,p,m,o,maybe\n", "'invert', 'maybe'"),
        ("name,plate,matte,output\na,p,m\n", "Line 2"),
        ("name,plate,matte,output\na,p,m,o,more\n", "Line 2"),
    ],
)
def test_a_spreadsheet_with_a_wrong_cell_is_refused(tmp_path: Path, text: str, part: str) -> None:
    with pytest.raises(InputError, match=part):
        read_shot_list(write(tmp_path, text, "shots.csv"))


def test_a_missing_list_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nothing\.toml"):
        read_shot_list(tmp_path / "nothing.toml")

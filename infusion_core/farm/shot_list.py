"""The shot list: which shots to fill and how, from TOML or from the CSV of a production tracker."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, get_type_hints

from infusion_core import settings as schema
from infusion_core.errors import InfusionError, InputError, SettingsError
from infusion_core.job.folder import JobFolder, default_job_folder
from infusion_core.job.spec import JobSpec

_OWN = ("name", "plate", "matte", "output", "job", "overwrite", "preset", "config", "set")
_SECTIONS = ("shot", "run")
_YES, _NO = ("true", "yes", "1"), ("false", "no", "0")


@dataclass(frozen=True)
class ListedShot:
    """One shot of the list: its name, what to do, and where its job lies."""

    name: str
    spec: JobSpec
    folder: JobFolder


def read_shot_list(path: str | Path) -> list[ListedShot]:
    """Read a shot list: ``[defaults]`` and ``[[shots]]`` of a TOML file, or one shot a line of a CSV file.

    Keys are ``name``, ``plate``, ``matte``, ``output``, ``job``, ``overwrite``, ``preset``, ``config``,
    ``set``, and any setting of ``infusion inpaint`` by its option's name. Relative paths are relative to
    the file's folder.

    Raises:
        InputError: the file cannot be read, or shots in it are wrong; the message names all of them.
    """
    path = Path(path)
    rows = _csv_rows(path) if path.suffix.lower() == ".csv" else _toml_rows(path)
    shots, problems = [], {}
    for number, row in enumerate(rows, start=1):
        name = str(row.get("name") or f"shot {number}")
        try:
            shots.append(_shot(row, path.absolute().parent))
        except InfusionError as error:
            problems[f"{name} (number {number})"] = error
    problems |= _repeated(shots)
    if problems:
        raise problems_error(problems, path)
    if not shots:
        raise InputError("The list has no shots.", path=path, remedy="Add a [[shots]] table for each.")
    return shots


def listed_job(path: Path) -> ListedShot:
    """The job in a folder as a list's only shot, by the name of its output.

    Raises:
        JobError, SettingsError: there is no job, or it cannot be read.
    """
    folder = JobFolder(path.absolute())
    spec = folder.read_spec()
    return ListedShot(default_job_folder(spec.output).stem, spec, folder)


def problems_error(problems: Mapping[str, InfusionError], path: Path | None = None) -> InputError:
    """One error that tells all that is wrong with a list, a shot a line."""
    count = "1 shot is" if len(problems) == 1 else f"{len(problems)} shots are"
    lines = [f"  {name}: {error}" for name, error in problems.items()]
    return InputError("\n".join([f"{count} not usable; nothing was started.", *lines]), path=path)


def _toml_rows(path: Path) -> list[dict[str, Any]]:
    data = _read(path, lambda text: tomllib.loads(text))
    unknown = sorted(set(data) - {"defaults", "shots"})
    if unknown:
        raise InputError(
            f"The shot list has unknown tables: {', '.join(unknown)}.",
            path=path,
            remedy="Known: [defaults] and [[shots]].",
        )
    defaults, shots = data.get("defaults", {}), data.get("shots", [])
    if not isinstance(defaults, dict) or not isinstance(shots, list):
        raise InputError("The shot list needs one [defaults] table and [[shots]] tables.", path=path)
    if not all(isinstance(shot, dict) for shot in shots):
        raise InputError("Every entry of 'shots' must be a table: write [[shots]].", path=path)
    return [{**_named(defaults), **_named(shot)} for shot in shots]


def _csv_rows(path: Path) -> list[dict[str, Any]]:
    rows = _read(path, lambda text: list(csv.DictReader(text.lstrip("\ufeff").splitlines())))
    kept: list[dict[str, Any]] = []
    for row in rows:
        if None in row or None in row.values():
            raise InputError(
                f"Line {len(kept) + 2} has another number of columns than the first line.", path=path
            )
        kept.append(_typed({key.strip(): text.strip() for key, text in row.items() if text.strip()}, path))
    return kept


def _read(path: Path, parse: Any) -> Any:
    try:
        return parse(path.read_text("utf-8"))
    except OSError as error:
        raise InputError(f"Cannot read the shot list: {error.strerror}.", path=path) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"The shot list cannot be read: {error}.", path=path) from error


def _named(row: Mapping[str, Any]) -> dict[str, Any]:
    """Options are written with dashes, settings with underscores: both will do. US spelling too."""
    named = {key.replace("-", "_"): value for key, value in row.items()}
    return {("colour" if key == "color" else key): value for key, value in named.items()}


def _typed(row: Mapping[str, str], path: Path) -> dict[str, Any]:
    """A CSV line with numbers and yes or no in place of their texts."""
    kinds = {"overwrite": bool}
    for section in _SECTIONS:
        kinds |= get_type_hints(schema.SECTIONS[section])
    typed: dict[str, Any] = {}
    for key, text in _named(row).items():
        kind = kinds.get(key, str)
        try:
            typed[key] = _boolean(text) if kind is bool else kind(text)
        except ValueError as error:
            raise InputError(
                f"In the column {key!r}, {text!r} is not of type {kind.__name__}.", path=path
            ) from error
    for key in ("set", "config"):
        if key in typed:
            typed[key] = [part.strip() for part in typed[key].split(";")]
    return typed


def _boolean(text: str) -> bool:
    if text.lower() not in (*_YES, *_NO):
        raise ValueError(text)
    return text.lower() in _YES


def _shot(row: Mapping[str, Any], base: Path) -> ListedShot:
    by_section = {section: {f.name for f in fields(schema.SECTIONS[section])} for section in _SECTIONS}
    known = {*_OWN, *(name for names in by_section.values() for name in names)}
    unknown = sorted(set(row) - known)
    if unknown:
        raise SettingsError(f"Unknown: {', '.join(unknown)}.", remedy=f"Known: {', '.join(sorted(known))}.")
    for key in ("name", "plate", "matte", "output", "job", "preset"):
        needed = key not in ("job", "preset")
        if (needed or key in row) and not (isinstance(row.get(key), str) and row[key]):
            raise InputError(f"'{key}' is missing or not a text.")
    if not isinstance(row.get("overwrite", False), bool):
        raise InputError("'overwrite' must be true or false.")
    settings = schema.resolve(
        row.get("preset"),
        files=[base / file for file in _texts(row, "config")],
        tables={
            section: {name: row[name] for name in names if name in row}
            for section, names in by_section.items()
        },
        assignments=_texts(row, "set"),
    )
    paths = {key: str(base / Path(row[key]).expanduser()) for key in ("plate", "matte", "output")}
    spec = JobSpec(**paths, settings=settings, overwrite=row.get("overwrite", False))
    job = base / Path(row["job"]).expanduser() if "job" in row else default_job_folder(spec.output)
    return ListedShot(row["name"], spec, JobFolder(job.absolute()))


def _texts(row: Mapping[str, Any], key: str) -> list[str]:
    value = row.get(key, [])
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise InputError(f"'{key}' must be a text or a list of texts.")
    return texts


def _repeated(shots: list[ListedShot]) -> dict[str, InfusionError]:
    """Shots that would get in each other's way."""
    problems: dict[str, InfusionError] = {}
    for what, key in (
        ("name", lambda shot: shot.name),
        ("output", lambda shot: shot.spec.output),
        ("job folder", lambda shot: str(shot.folder.path)),
    ):
        first: dict[str, str] = {}
        for shot in shots:
            if key(shot) in first and shot.name not in problems:
                problems[shot.name] = InputError(
                    f"Its {what} {key(shot)!r} is that of another shot, {first[key(shot)]!r}."
                )
            first.setdefault(key(shot), shot.name)
    return problems

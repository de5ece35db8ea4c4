"""Where Blender looks for add-ons, and the file that leads it to ours."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from infusion_plugin.errors import InstallError

OLDEST, TOO_NEW = (4, 5), (5, 0)


def addon_folders(env: Mapping[str, str], home: Path) -> list[Path]:
    """The user's add-on folders of every Blender that the add-on runs in and that was started before.

    Args:
        env: ``BLENDER_USER_SCRIPTS`` and ``BLENDER_USER_RESOURCES`` in it count as in Blender.
        home: The user's home folder.

    Raises:
        InstallError: there is none.
    """
    if env.get("BLENDER_USER_SCRIPTS"):
        return [Path(env["BLENDER_USER_SCRIPTS"]) / "addons"]
    if env.get("BLENDER_USER_RESOURCES"):
        return [Path(env["BLENDER_USER_RESOURCES"]) / "scripts" / "addons"]
    base = _settings_folder(env, home)
    found = [path / "scripts" / "addons" for path in sorted(base.glob("*")) if _is_supported(path)]
    if not found:
        raise InstallError(
            "No settings of Blender 4.5 are here.", path=base, remedy="Start Blender 4.5 once."
        )
    return found


def _settings_folder(env: Mapping[str, str], home: Path) -> Path:
    if sys.platform == "win32":
        appdata = Path(env.get("APPDATA") or home / "AppData" / "Roaming")
        return appdata / "Blender Foundation" / "Blender"
    if sys.platform == "darwin":
        return home / "Library" / "Application Support" / "Blender"
    return Path(env.get("XDG_CONFIG_HOME") or home / ".config") / "blender"


def _is_supported(path: Path) -> bool:
    match = re.fullmatch(r"(\d+)\.(\d+)", path.name)
    return match is not None and OLDEST <= (int(match[1]), int(match[2])) < TOO_NEW and path.is_dir()


def launcher(root: Path) -> str:
    """An add-on that runs ours where it lies, under ``root``; Blender reads ``bl_info`` from the text."""
    addon = root / "blender" / "addons" / "infusion_inpaint.py"
    tree = ast.parse(addon.read_text("utf-8"))
    info = next(
        ast.literal_eval(part.value)
        for part in tree.body
        if isinstance(part, ast.Assign) and ast.unparse(part.targets[0]) == "bl_info"
    )
    paths = [(root / name).as_posix() for name in ("blender", "plugin")]
    return (
        f"bl_info = {info!r}\n\nimport sys\n\n"
        f"sys.path += [path for path in {paths!r} if path not in sys.path]\n\n"
        "from infusion_blender.registration import register, unregister"
    )

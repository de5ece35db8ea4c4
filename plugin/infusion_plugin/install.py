"""Putting the adapters where their hosts look: ``python -m infusion_plugin.install nuke [--undo]``.

Nothing is copied: the host is pointed at the adapter's folder beside this layer. What was done is kept in
the install record, with the interpreter that holds the core, and can be undone.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from infusion_plugin import blender_folders
from infusion_plugin.errors import InstallError
from infusion_plugin.install_record import InstallRecord, read_record, write_record
from infusion_plugin.interpreter import PLUGIN_ROOT

Action = dict[str, str]

ROOT = PLUGIN_ROOT.parent
BEGIN, END = "# >>> infusion-inpaint >>>", "# <<< infusion-inpaint <<<"
_BLOCK = re.compile(rf"\n*{re.escape(BEGIN)}.*?{re.escape(END)}\n", re.DOTALL)


def install(host: str, python: str, environ: Mapping[str, str] | None = None) -> list[str]:
    """Install the adapter of ``host`` and record ``python`` as the core's; again is the same as once.

    Returns:
        What was done and what is left to do, one sentence each.

    Raises:
        InstallError: the host is unknown or a file cannot be written.
    """
    env = os.environ if environ is None else environ
    if host not in HOSTS:
        raise InstallError(f"There is no adapter for {host!r}.", remedy=f"Choose one of: {', '.join(HOSTS)}.")
    if not (ROOT / host).is_dir():
        raise InstallError("This copy of Infusion has no such adapter.", path=ROOT / host)
    record = read_record(env) or InstallRecord(python)
    try:
        actions, said = HOSTS[host](env)
        path = write_record(replace(record, python=python, hosts={**record.hosts, host: actions}), env)
    except OSError as error:
        raise InstallError(f"Cannot install: {error.strerror}.", path=error.filename) from error
    return [*said, f"{python} is recorded as Infusion's Python in {path}."]


def undo(host: str, environ: Mapping[str, str] | None = None) -> list[str]:
    """Take back what ``install`` did for ``host``; the user's own lines and files stay.

    Raises:
        InstallError: nothing was installed for ``host``, or a file cannot be written.
    """
    env = os.environ if environ is None else environ
    record = read_record(env)
    if record is None or host not in record.hosts:
        raise InstallError(f"Nothing was installed for {host}.")
    try:
        for action in record.hosts[host]:
            _undo_action(action)
        hosts = {name: actions for name, actions in record.hosts.items() if name != host}
        write_record(replace(record, hosts=hosts), env)
    except OSError as error:
        raise InstallError(f"Cannot undo: {error.strerror}.", path=error.filename) from error
    return [f"Infusion Inpaint was removed from {host}."]


def check(environ: Mapping[str, str] | None = None) -> list[str]:
    """What is wrong with the recorded install, one sentence each; empty where all is well."""
    record = read_record(os.environ if environ is None else environ)
    if record is None:
        return ["Nothing is installed in a host. Run 'infusion install nuke' (or resolve, blender)."]
    wrong = [] if Path(record.python).exists() else [f"The recorded Python {record.python} is gone."]
    for host, actions in record.hosts.items():
        for action in actions:
            path = Path(action["path"])
            if not path.exists() or BEGIN not in path.read_text("utf-8", "replace"):
                wrong.append(f"{path} lacks the lines for {host}. Run 'infusion install {host}' again.")
    return wrong


def put_block(path: Path, lines: str) -> Action:
    """Put ``lines`` into ``path`` between our marks, in place of an older block; the rest stays as it is."""
    before = path.read_text("utf-8") if path.exists() else ""
    block = f"{BEGIN}\n{lines.rstrip()}\n{END}\n"
    rest = _BLOCK.sub("\n" if before else "", before).lstrip("\n") if BEGIN in before else before
    path.parent.mkdir(parents=True, exist_ok=True)
    _write(path, f"{rest.rstrip()}\n\n{block}" if rest.strip() else block)
    return {"kind": "block", "path": str(path)}


def _undo_action(action: Action) -> None:
    path = Path(action["path"])
    if not path.exists():
        return
    rest = _BLOCK.sub("\n", path.read_text("utf-8")).strip("\n")
    if rest.strip():
        _write(path, rest + "\n")
    else:
        path.unlink()  # nothing but our lines was in it


def _write(path: Path, text: str) -> None:
    beside = path.with_name(f".{path.name}.infusion")
    beside.write_text(text, "utf-8")
    os.replace(str(beside), str(path))


def home(env: Mapping[str, str]) -> Path:
    """The user's home folder as hosts see it."""
    return Path(env.get("USERPROFILE" if sys.platform == "win32" else "HOME") or Path.home())


def _nuke(env: Mapping[str, str]) -> tuple[list[Action], list[str]]:
    folder = (ROOT / "nuke").as_posix()
    init = home(env) / ".nuke" / "init.py"
    action = put_block(init, f"import nuke\n\nnuke.pluginAddPath({folder!r})")
    return [action], [
        f"{init} now adds {folder}; start Nuke again.",
        "A studio can add that folder to NUKE_PATH instead and run 'infusion install nuke --undo'.",
    ]


def _resolve(env: Mapping[str, str]) -> tuple[list[Action], list[str]]:
    """A small script in Fusion's menu folders for each of ours, which runs it where it lies."""
    scripts = ROOT / "resolve" / "Scripts"
    actions = []
    for folder in _fusion_folders(env):
        for script in sorted(scripts.rglob("*.py")):
            target = folder / script.relative_to(scripts)
            actions.append(put_block(target, _launcher(script)))
    return actions, [f"{action['path']} was written." for action in actions]


def _launcher(script: Path) -> str:
    paths = [(ROOT / name).as_posix() for name in ("plugin", "resolve")]
    return (
        f"import sys\n\nsys.path[:0] = [path for path in {paths!r} if path not in sys.path]\n"
        f"with open({script.as_posix()!r}, encoding='utf-8') as file:\n"
        f"    exec(compile(file.read(), {script.as_posix()!r}, 'exec'))"
    )


def _fusion_folders(env: Mapping[str, str]) -> list[Path]:
    """Fusion's script folders of the user: Resolve's, and Fusion Studio's where that was run before."""
    if sys.platform == "win32":
        base = Path(env.get("APPDATA") or home(env) / "AppData" / "Roaming") / "Blackmagic Design"
        resolve, fusion = base / "DaVinci Resolve" / "Support" / "Fusion", base / "Fusion"
    elif sys.platform == "darwin":
        base = home(env) / "Library" / "Application Support" / "Blackmagic Design"
        resolve, fusion = base / "DaVinci Resolve" / "Fusion", base / "Fusion"
    else:
        resolve = home(env) / ".local" / "share" / "DaVinciResolve" / "Fusion"
        fusion = home(env) / ".fusion" / "BlackmagicDesign" / "Fusion"
    return [folder / "Scripts" for folder in (resolve, fusion) if folder == resolve or folder.is_dir()]


def _blender(env: Mapping[str, str]) -> tuple[list[Action], list[str]]:
    addons = blender_folders.addon_folders(env, home(env))
    actions = [put_block(folder / "infusion_inpaint.py", blender_folders.launcher(ROOT)) for folder in addons]
    return actions, [
        *(f"{action['path']} was written." for action in actions),
        "Start Blender again and switch Infusion Inpaint on in Preferences > Add-ons.",
    ]


HOSTS: dict[str, Callable[[Mapping[str, str]], tuple[list[Action], list[str]]]] = {
    "nuke": _nuke,
    "resolve": _resolve,
    "blender": _blender,
}


def main(arguments: list[str]) -> int:
    """Install, or with ``--undo`` remove, or with ``--check`` examine; say what was done."""
    try:
        if arguments == ["--check"]:
            wrong = check()
            sys.stdout.write("".join(f"{line}\n" for line in wrong))
            return 1 if wrong else 0
        host, undoing = arguments[0], "--undo" in arguments
        said = undo(host) if undoing else install(host, sys.executable)
    except InstallError as error:
        sys.stderr.write(f"Error: {error}\n")
        return 2
    sys.stdout.write("".join(f"{line}\n" for line in said))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

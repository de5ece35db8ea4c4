"""The ``nuke`` module itself, and handles for tests, such as ``pump``, which runs its main loop once."""

from __future__ import annotations

import queue
import sys
import threading
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

from fake_nuke import knobs as k
from fake_nuke import nodes as n
from fake_nuke.script import run_script, to_script


class Host(ModuleType):
    """One session of the stand-in; put it into ``sys.modules["nuke"]``."""

    NUKE_VERSION_STRING = "15.1v3 (stand-in)"
    STARTLINE, INVISIBLE = k.STARTLINE, k.INVISIBLE

    def __init__(self, folder: Path, gui: bool = True, views: tuple[str, ...] = ("main",)) -> None:
        super().__init__("nuke")
        self.GUI = gui
        self.env = {"ExecutablePath": str(folder / "Nuke15.1v3" / "Nuke15.1"), "gui": gui}
        self.messages: list[str] = []
        self.tasks: list[ProgressTask] = []
        self.plugin_paths: list[str] = []
        self.menus: dict[str, _Menu] = {}
        self.cancel_rendering = False
        self.rendered: list[tuple[int, str]] = []
        self.time = 1
        self._views, self._viewed = list(views), views[0]
        self._script = ""
        self._queue: queue.Queue[tuple[Any, tuple[Any, ...]]] = queue.Queue()
        self._executing = False
        self._this: list[n.Node] = []
        self._on_create: list[tuple[Any, str]] = []
        self.Undo = _make_undo(self)
        self.nodes = _Nodes(self)
        for name in dir(k):
            if name.endswith("_Knob"):
                setattr(self, name, getattr(k, name))
        self.Node, self.Group, self.FrameRange = n.Node, n.Group, n.FrameRange
        self.ProgressTask = lambda title: ProgressTask(self, title)
        self.scriptClear()

    # the script
    def scriptClear(self) -> None:  # noqa: N802
        self._root = n.Root(self, None)
        self._root["name"].setValue("Root")
        self.context = [self._root]

    def scriptSaveAs(self, filename: str) -> None:  # noqa: N802
        self._root["name"].setValue(filename)
        Path(filename).write_text(to_script(self._root.nodes()))

    def scriptSave(self, filename: str = "") -> bool:  # noqa: N802
        self.scriptSaveAs(filename or self._root.name())
        return True

    def scriptOpen(self, filename: str) -> None:  # noqa: N802
        self.scriptClear()
        self._root["name"].setValue(filename)
        run_script(self, Path(filename).read_text())

    def nodeCopy(self, filename: str) -> None:  # noqa: N802
        Path(filename).write_text(to_script(self.selectedNodes()))

    def nodePaste(self, filename: str) -> Any:  # noqa: N802
        made = run_script(self, Path(filename).read_text())
        return made[-1] if made else None

    loadToolset = nodePaste  # noqa: N815

    # nodes
    def root(self) -> n.Root:
        return self._root

    def make(self, kind: str) -> n.Node:
        group = self.context[-1]
        node = n.CLASSES[kind](self, group)
        group.children.append(node)
        node.setName(f"{kind}1")
        return node

    def created(self, node: n.Node) -> None:
        for call, kind in self._on_create:
            if kind in ("*", node.Class()):
                self._this.append(node)
                call()
                self._this.pop()

    def delete(self, node: n.Node) -> None:
        node._check()
        node.parent().children.remove(node)
        node._alive = False

    def allNodes(self, kind: str = "", group: Any = None, recurseGroups: bool = False) -> list[n.Node]:  # noqa: N802, N803
        found = []
        for node in (group or self.context[-1]).nodes():
            if not kind or node.Class() == kind:
                found.append(node)
            if recurseGroups and isinstance(node, n.Group):
                found += self.allNodes(kind, node, True)
        return found

    def selectedNodes(self) -> list[n.Node]:  # noqa: N802
        return [node for node in reversed(self.context[-1].nodes()) if node.selected]

    def toNode(self, name: str) -> Any:  # noqa: N802
        return self.context[-1].node(name)

    def thisNode(self) -> n.Node:  # noqa: N802
        return self._this[-1]

    def views(self) -> list[str]:
        return list(self._views)

    def thisView(self) -> str:  # noqa: N802
        return self._viewed

    def frame(self) -> int:
        return self.time

    # rendering
    def execute(self, node: n.Write, start: int, end: int, incr: int = 1, views: Any = None) -> None:
        if self._executing:
            raise RuntimeError("I'm already executing something else")
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError("execute belongs to the main thread")
        self._executing = True
        try:
            for frame in range(start, end + 1, incr):
                for view in views or self._views:
                    if self.cancel_rendering:
                        raise RuntimeError("Cancelled")
                    node.render(frame, view)
                    self.rendered.append((frame, view))
        finally:
            self._executing = False

    # callbacks, windows, threads
    def addOnCreate(self, call: Any, args: Any = (), kwargs: Any = None, nodeClass: str = "*") -> None:  # noqa: N802, N803
        self._on_create.append((call, nodeClass))

    def pluginAddPath(self, path: str, addToSysPath: bool = True) -> None:  # noqa: N802, N803
        self.plugin_paths.append(path)
        if addToSysPath and path not in sys.path:
            sys.path.append(path)

    def menu(self, name: str) -> _Menu:
        return self.menus.setdefault(name, _Menu())

    def run_script(self, node: n.Node, text: str) -> None:
        self._this.append(node)
        try:
            exec(text, {"nuke": self})
        finally:
            self._this.pop()

    def message(self, text: str) -> None:
        self.messages.append(text)

    def tprint(self, text: str) -> None:
        self.messages.append(text)

    def executeInMainThread(self, call: Any, args: tuple[Any, ...] = ()) -> None:  # noqa: N802
        self._queue.put((call, args))

    def pump(self) -> None:
        """Let the main thread do what other threads asked of it."""
        while not self._queue.empty():
            call, args = self._queue.get()
            call(*args)


class ProgressTask:
    def __init__(self, host: Host, title: str) -> None:
        self.title, self.progress, self.message, self.cancelled = title, -1, "", False
        host.tasks.append(self)

    def setProgress(self, progress: int) -> None:  # noqa: N802
        if not isinstance(progress, int):
            raise TypeError("setProgress takes an int")
        self.progress = progress

    def setMessage(self, message: str) -> None:  # noqa: N802
        self.message = message

    def isCancelled(self) -> bool:  # noqa: N802
        return self.cancelled


class _Menu:
    def __init__(self) -> None:
        self.commands: dict[str, Any] = {}

    def addCommand(self, name: str, command: Any) -> None:  # noqa: N802
        self.commands[name] = command


class _Nodes:
    def __init__(self, host: Host) -> None:
        self._host = host

    def __getattr__(self, kind: str) -> Any:
        def make(**knobs: Any) -> n.Node:
            node = self._host.make(kind)
            for name, value in knobs.items():
                node[name].setValue(value)
            self._host.created(node)
            return node

        return make


def _make_undo(host: Host) -> Any:
    class Undo:
        """Steps of the artist's history; ``undo`` takes back the last one."""

        steps: ClassVar[list[Any]] = []
        disabled_depth = 0

        def __enter__(self) -> Undo:
            self.before = _snapshot(host.root())
            return self

        def __exit__(self, *_: object) -> None:
            if not Undo.disabled_depth:
                Undo.steps.append(self.before)

        @classmethod
        def disable(cls) -> None:
            cls.disabled_depth += 1

        @classmethod
        def enable(cls) -> None:
            cls.disabled_depth -= 1

        @classmethod
        def undo(cls) -> None:
            _restore(cls.steps.pop())

    return Undo


def _snapshot(group: n.Group) -> list[Any]:
    nodes = []
    for node in group.children:
        values = {name: (knob._value, knob._expression) for name, knob in node.knobs().items()}
        inner = _snapshot(node) if isinstance(node, n.Group) else None
        nodes.append((node, dict(node._inputs), values, inner))
    return [group, nodes]


def _restore(snapshot: list[Any]) -> None:
    group, nodes = snapshot
    for node in group.children:
        node._alive = node in [kept[0] for kept in nodes]
    group.children = [node for node, *_ in nodes]
    for node, inputs, values, inner in nodes:
        node._alive, node._inputs = True, inputs
        for name, (value, expression) in values.items():
            node.knobs()[name]._value, node.knobs()[name]._expression = value, expression
        if inner is not None:
            _restore(inner)

"""Instruments the product while it is imported: every effect of ``effects`` is called through ``reach``.

``f(x)`` becomes ``reach("its id", f)(x)`` in the syntax tree, in memory only. Nothing is wrapped at run time unless a
plan was made, and the product on disk stays as it is. Not here: processes (``launcher``), what is expected (``world``).
"""

import ast
import builtins
import errno
import os
import signal
import sqlite3
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from threading import Lock
from types import CodeType, ModuleType, TracebackType
from typing import Any, Final, Literal

from tests.failpoints.effects import PRODUCT, sites_of

Kind = Literal["kill", "stop", "break", "full"]
"""What happens at a failpoint: SIGKILL, SIGTERM, an exception, or the disk is full from there on."""
NAME: Final = "__failpoint__"
CHANGING: Final = frozenset({"fetch", "push", "init", "update-ref", "hash-object", "mktree", "commit-tree"})
"""Git's commands that change something or reach another machine; the others only look at this disk."""


FULL: Final = ("sh", "-c", 'trap "" XFSZ; ulimit -f 0; exec "$@"', "sh")
"""Before a command: it may write no file, and is told so rather than ended, as on a disk that is full."""


class BrokenHereError(RuntimeError):
    """What is raised at a failpoint of kind ``break``: nothing that the product knows."""


class Plan:
    """At the ``nth`` passing of ``point`` ("" for any) do ``kind``; ``trace`` gets every point that was passed."""

    def __init__(self, kind: Kind | None, point: str, nth: int, trace: Path) -> None:
        self.kind = kind
        self.point = point
        self.left = nth
        self.is_full = False
        self._lock = Lock()
        self._trace = os.open(trace, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def passed(self, point: str) -> None:
        """Note it, and do what is to be done here."""
        with self._lock:
            os.write(self._trace, f"{point}\n".encode())
            if self.kind is None or (self.point and self.point != point):
                return
            self.left -= 1
            if self.left != 0:
                return
            os.write(self._trace, f"HERE\n{time.monotonic()}\n".encode())
        if self.kind == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        elif self.kind == "stop":
            os.kill(os.getpid(), signal.SIGTERM)
        elif self.kind == "full":
            self.is_full = True
        else:
            raise BrokenHereError(point)

    def refuse(self, kind: str, point: str) -> None:
        """Raise what a full disk gives to this kind of effect, once it is full."""
        if not self.is_full:
            return
        if kind == "file":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        if kind == "commit" and "postgresql" in point:
            from psycopg.errors import DiskFull  # noqa: PLC0415 - of an extra

            raise DiskFull("could not extend file: No space left on device")
        if kind == "commit":
            full = sqlite3.OperationalError("database or disk is full")
            full.sqlite_errorcode, full.sqlite_errorname = sqlite3.SQLITE_FULL, "SQLITE_FULL"
            raise full


_plans: list[Plan] = []


def arm(plan: Plan) -> None:
    """Let this plan hold in this process from now on."""
    _plans[:] = [plan]


def reach(site: str, kind: str, is_context: bool, function: Callable[..., Any]) -> Callable[..., Any]:
    """What is called in place of an effect."""
    if not _plans:
        return function
    plan = _plans[0]

    def reached(*arguments: Any, **more: Any) -> Any:
        detail = _detail(site, kind, arguments, more)
        if detail is None:
            return function(*arguments, **more)
        point = f"{site}{detail}"
        if is_context and kind in ("sql", "commit"):
            return _Transaction(plan, point, kind, function(*arguments, **more))
        plan.passed(f"before {point}")
        plan.refuse(kind, point)
        if kind == "git" and plan.is_full:
            return _on_a_full_disk(function, arguments, more)
        result = function(*arguments, **more)
        plan.passed(f"after {point}")
        return result

    return reached


class _Transaction:
    """A block whose end is the effect."""

    def __init__(self, plan: Plan, point: str, kind: str, inner: Any) -> None:
        self._plan, self._point, self._kind, self._inner = plan, point, kind, inner

    def __enter__(self) -> Any:
        return self._inner.__enter__()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> Any:
        if error is not None:
            return self._inner.__exit__(kind, error, at)
        try:
            self._plan.passed(f"before {self._point}")
            self._plan.refuse(self._kind, self._point)
        except BaseException as raised:
            if not self._inner.__exit__(type(raised), raised, raised.__traceback__):
                raise
            return True
        left = self._inner.__exit__(None, None, None)
        self._plan.passed(f"after {self._point}")
        return left


def _on_a_full_disk(function: Callable[..., Any], arguments: Sequence[Any], more: dict[str, Any]) -> Any:
    """Git as a program of its own can write nothing: the limit of a file's size is set where git begins.

    Only there: in this process it would also hit what another thread says on its standard output.
    """
    command, *others = arguments
    return function([*FULL, *command], *others, **more)


def _detail(site: str, kind: str, arguments: Sequence[Any], more: dict[str, Any]) -> str | None:
    """What tells calls of one place apart; None where this call is no effect."""
    if kind == "git" or site.startswith("git.local:"):
        words = [str(word) for word in arguments[0]] if arguments and isinstance(arguments[0], list | tuple) else []
        command = words[words.index("--no-pager") + 1] if "--no-pager" in words else ""
        return f" [{command}]" if command in CHANGING else None
    if kind == "http" and site.startswith("target."):
        (request,) = arguments
        path = request.url.target.decode().partition("?")[0].rstrip("/").rpartition("/")[2]
        word = path if path in ("token", "openid-configuration") else ""
        return f" [{' '.join(filter(None, [request.method.decode(), word]))}]"
    if kind == "port" and "record.append" in site and arguments:
        return f" [{_entries(arguments[0])}]"
    if kind == "port" and site.endswith("target.begin") and arguments:
        step = arguments[0]
        return f" [{step.action} {step.key.kind}]"
    return ""


def _entries(entries: Any) -> str:
    found = set()
    for entry in entries if isinstance(entries, list | tuple) else ():
        for name in ("run", "intent", "settled", "applied", "forgotten", "identity", "standing", "decision"):
            value = getattr(entry, name)
            if value is not None:
                found.add("named" if name == "intent" and value.operation else name)
    return "+".join(sorted(found))


class _Loader(SourceFileLoader):
    """Compiles a module of the product with every effect called through ``reach``."""

    def get_code(self, fullname: str) -> CodeType | None:
        path = Path(self.get_filename(fullname))
        tree = ast.parse(path.read_bytes(), filename=str(path))
        for call, site in list(sites_of(path, tree)):
            given = [ast.Constant(site.id), ast.Constant(site.kind), ast.Constant(site.is_context), call.func]
            call.func = ast.Call(ast.Name(NAME, ast.Load()), given, [])
        return compile(ast.fix_missing_locations(tree), str(path), "exec", dont_inherit=True)


class _Finder(MetaPathFinder):
    """Finds the product's modules before anybody else does."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != "stagemail" and not fullname.startswith("stagemail."):
            return None
        spec = PathFinder.find_spec(fullname, path or [str(PRODUCT.parent)], target)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = _Loader(fullname, spec.loader.path)
        return spec


def install() -> None:
    """Instrument what is imported from now on; nothing of the product may have been imported before."""
    assert not [name for name in sys.modules if name.partition(".")[0] == "stagemail"]
    setattr(builtins, NAME, reach)
    sys.meta_path.insert(0, _Finder())
    with suppress(AttributeError):
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

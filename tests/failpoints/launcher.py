"""A process that has imported everything once, instrumented, and forks a child for each command that it is asked for.

``python -m tests.failpoints.launcher`` speaks JSON lines: a start takes a fork instead of half a second of imports. A
child is a process like any other: its own memory, signals and end. Not here: what is started and why (``world``).
"""

import gc
import importlib
import json
import os
import pkgutil
import signal
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from tests.failpoints import instrument
from tests.tied import end_with_parent

ALSO = (
    "alembic.command",
    "alembic.runtime.migration",
    "sqlalchemy.dialects.sqlite.pysqlite",
    "sqlalchemy.dialects.postgresql.psycopg",
    "psycopg",
    "asyncio",
    "logging",
)
LEFT_OUT = (
    "stagemail.secret.",
    "stagemail.record.migrations",
    "stagemail.cli.demo",
    "stagemail.inbox",
    "stagemail.web.__main__",
    "stagemail.__main__",
)
"""Modules that are imported when they are used, if ever: each drags a library of its own behind it."""


def warm() -> None:
    """Import the product and what it loads late."""
    import stagemail  # noqa: PLC0415 - after it is instrumented

    for found in pkgutil.walk_packages(stagemail.__path__, "stagemail."):
        if not found.name.startswith(LEFT_OUT) or found.name in ("stagemail.secret.env", "stagemail.secret.file"):
            with suppress(ImportError):  # of an extra that is not installed
                importlib.import_module(found.name)
    for name in ALSO:
        with suppress(ImportError):
            importlib.import_module(name)
    _make_late_methods()
    gc.collect()
    gc.freeze()  # no child copies what it only looks through


def _make_late_methods() -> None:
    """What each child would make anew: the methods of dataclasses, the system's authorities, the schemas."""
    from stagemail.source import schema  # noqa: PLC0415 - after it is instrumented
    from stagemail.target.odc import transport  # noqa: PLC0415 - as above

    for module in [found for name, found in sys.modules.items() if name.startswith("stagemail.")]:
        for found in [each for each in vars(module).values() if isinstance(each, type)]:
            for name in [name for name, value in vars(found).items() if type(value).__name__ == "_Late"]:
                getattr(found, name)
    transport._context(None)
    schema._validator()


def serve() -> None:
    """Do what is asked on standard input until it ends; who asks decides when that is, whatever a terminal sends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    ended: dict[int, int] = {}
    parent = os.getpid()
    for line in sys.stdin:
        asked = json.loads(line)
        if asked["do"] == "start":
            pid = os.fork()
            if pid == 0:
                _child(asked, parent)
            ended.pop(pid, None)  # pids come round
            answer: Any = pid
        else:
            answer = _wait(asked["pid"], asked["seconds"], ended)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _wait(pid: int, seconds: float, known: dict[int, int]) -> int | None:
    """Its exit code (negative: the signal); None where it still runs."""
    end = time.monotonic() + seconds
    while pid not in known:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            known[pid] = os.waitstatus_to_exitcode(status)
            break
        if time.monotonic() > end:
            return None
        time.sleep(0.002)
    return known[pid]


def _child(asked: dict[str, Any], parent: int) -> NoReturn:
    code: Any = 1
    try:
        end_with_parent(signal.SIGKILL, parent)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        for descriptor, name in ((1, "out"), (2, "err")):
            os.dup2(os.open(asked[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), descriptor)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.chdir(asked["cwd"])
        os.environ.clear()
        os.environ.update(asked["environment"])
        plan = asked["plan"]
        if plan is not None:
            instrument.arm(instrument.Plan(plan["kind"], plan["point"], plan["nth"], Path(plan["trace"])))
        sys.argv = ["stagemail", *asked["arguments"]]
        from stagemail.cli.main import main  # noqa: PLC0415 - after it is instrumented

        main(list(asked["arguments"]))
    except SystemExit as left:
        code = left.code if isinstance(left.code, int) else int(left.code is not None)
    finally:
        with suppress(BaseException):
            threading._shutdown()
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 1)


if __name__ == "__main__":
    instrument.install()
    warm()
    serve()

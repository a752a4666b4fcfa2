"""The entry point: what was remembered is answered at once, everything else by its verb; errors become words and codes.

click takes longer to load than what was remembered to answer, so it is not loaded here.
Not here: the verbs (``group``), what they do.
"""

import gc
import importlib
import itertools
import os
import sys
from contextlib import suppress
from typing import Any, NoReturn

from stagemail.cli.interrupts import Interrupts, Terminated
from stagemail.cli.streams import Edge, guarded
from stagemail.errors import StagemailError, UsageError, UserMustFix


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and exit. 130 after Ctrl-C, 143 after SIGTERM, 2 for usage, 1 for anything that failed."""
    with guarded() as edge:
        _main(arguments, edge)


def _main(arguments: list[str] | None, edge: Edge) -> NoReturn:
    interrupts = Interrupts()
    interrupts.install()
    gc.set_threshold(500_000, 50, 50)  # commands are short and leave few cycles: looking for them early only costs
    asked = arguments if arguments is not None else sys.argv[1:]
    given = {"shield": interrupts.held_back, "note_begun": interrupts.note_begun, "edge": edge}
    debug = "--debug" in asked
    try:
        code = _code(arguments, asked, given)
        if arguments is None:  # the process ends: what goes with it anyway need not be looked through for cycles
            gc.freeze()
    except KeyboardInterrupt:
        _say(f"stopped; {_left(interrupts)}")
        _exit(130, arguments)
    except Terminated:
        _say(f"stopped by SIGTERM; {_left(interrupts)}")
        _exit(143, arguments)
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - the reader of our output is gone
        sys.exit(141)
    except (StagemailError, OSError) as error:
        _trace(error, debug=debug)
        failing = importlib.import_module("stagemail.cli.failing")  # only what failed needs a report
        told = error if isinstance(error, StagemailError) else _of_this_machine(error)
        failing.tell(told, edge.scrub, as_json=_wants_json(asked))
        _exit(2 if isinstance(error, UsageError) else 1, arguments)
    except Exception as error:  # noqa: BLE001 - the last net: no traceback unless asked for
        _trace(error, debug=debug)
        _say(f"this is a defect of stagemail: {type(error).__name__} (run again with --debug to see where)")
        sys.exit(1)
    sys.exit(code)


def _code(arguments: list[str] | None, asked: list[str], given: dict[str, Any]) -> int:
    """The exit code of a command line."""
    if asked[:1] == ["plan"]:
        recall = importlib.import_module("stagemail.cli.recall")
        told: int | None = recall.answered(asked[1:])
        if told is not None:
            if arguments is None:
                _leave(told)
            return told
    with importlib.import_module("stagemail.cli.ahead").begun(asked) as ahead:
        found: int = importlib.import_module("stagemail.cli.group").run(arguments, {**given, "ahead": ahead})
        return found


def _leave(code: int) -> NoReturn:
    """End at once: all is printed and nothing open, and taking the interpreter down takes as long as printing."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _exit(code: int, arguments: list[str] | None) -> NoReturn:
    """End without waiting for threads: they only read, and one may wait a minute for a place in a platform's limit."""
    if arguments is not None:  # called by Python, which goes on
        sys.exit(code)
    with suppress(OSError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


def _left(interrupts: Interrupts) -> str:
    if interrupts.begun:
        return "what was begun is recorded, the next run finds out what became of it"
    return "nothing was begun, and nothing written to a platform"


def _trace(error: BaseException, *, debug: bool) -> None:
    """Where it happened, with causes and without any local variable, through the net of the streams."""
    if debug:
        traceback = importlib.import_module("traceback")  # takes longer to load than it looks
        sys.stderr.write("".join(traceback.format_exception(error)).rstrip("\n") + "\n")


def _of_this_machine(error: OSError) -> UserMustFix:
    """A file or folder that cannot be used, or another refusal of the operating system."""
    where = f"{error.filename}: " if isinstance(error.filename, str) else ""
    reason = error.strerror or type(error).__name__
    return UserMustFix(
        f"{where}{reason}", hint="mend the path, its permissions or the space on its disk, then run again"
    )


def _wants_json(arguments: list[str]) -> bool:
    """Whether the command was asked for JSON; its reader gets JSON also where it failed."""
    return "--format=json" in arguments or ("--format", "json") in itertools.pairwise(arguments)


def _say(text: str) -> None:
    sys.stderr.write(f"stagemail: {text}\n")

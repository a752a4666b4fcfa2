"""Options that several verbs share, and the context that the group hands down."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import field
from pathlib import Path
from typing import Any, TypeVar

import click

from stagemail.dataclass import dataclass
from stagemail.reconcile.net import Net
from stagemail.wiring.beside import Telling

Function = TypeVar("Function", bound=Callable[..., Any])


def _nobody() -> None:
    """Tell nobody: no interrupts are raised."""


@dataclass(frozen=True, slots=True)
class Globals:
    """What stands before the verb."""

    config: str | None
    debug: bool
    shield: Callable[[], AbstractContextManager[None]] = nullcontext
    """The context in which no interrupt is raised."""
    note_begun: Callable[[], None] = _nobody
    """Told before the first run is recorded."""
    state: str | None = None
    """Another record than the operator file names."""
    net: Net = field(default_factory=Net)
    """What takes credentials out of text; the command's streams are behind it."""
    ahead: Telling | None = None
    """Who judges the operator file, and parses documents then, where that was begun ahead."""


def globals_of(ctx: click.Context) -> Globals:
    """The group's options."""
    found = ctx.find_object(dict) or {}
    if "net" not in found:
        found["net"] = Net()
        if "edge" in found:
            found["edge"].scrub = found["net"].scrub
    return Globals(
        found.get("config"),
        bool(found.get("debug")),
        found.get("shield") or nullcontext,
        found.get("note_begun") or _nobody,
        found.get("state"),
        found["net"],
        found.get("ahead"),
    )


def formats(*names: str) -> Callable[[Function], Function]:
    """``--format``, text first."""
    return click.option(
        "--format", "form", type=click.Choice(names), default=names[0], show_default=True, help="How to print it."
    )


def stages(function: Function) -> Function:
    """Stages by position and by ``--stage``; none means all."""
    function = click.argument("stages", nargs=-1, metavar="[STAGE]...")(function)
    return click.option("--stage", "more", multiple=True, metavar="STAGE", help="A stage; may be given again.")(
        function
    )


def revision(function: Function) -> Function:
    """``--revision``: a commit instead of the working tree."""
    return click.option(
        "--revision", metavar="REV", help="A branch, tag or commit instead of the working tree; never checked out."
    )(function)


def no_secrets(function: Function) -> Function:
    """``--no-secrets``: for whoever may look and has no credential of a secret store."""
    text = "Ask no secret store what the documents name: only references are compared."
    return click.option("--no-secrets", is_flag=True, help=text)(function)


def if_changed(function: Function) -> Function:
    """``--if-changed``: answered by ``if_changed`` before the verb is loaded, where nothing is new."""
    text = "Do nothing, with no call, where Git has nothing new since the stage's last finished run on this machine."
    return click.option("--if-changed", is_flag=True, expose_value=False, help=text)(function)


def root(function: Function) -> Function:
    """``--root``: the checkout to work in."""
    return click.option(
        "--root",
        type=click.Path(path_type=Path),
        default=Path(),
        help="The checkout with the documents [default: the one around this folder].",
    )(function)


def log_format(function: Function) -> Function:
    """``--log-format`` of processes that run on: lines for people, or JSON."""
    return click.option(
        "--log-format",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="A line for people, or a JSON object a line.",
    )(function)

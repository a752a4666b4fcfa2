"""``stagemail validate``: every document against its schema, the meaning across files, what the target refuses."""

from importlib import import_module
from pathlib import Path

import click

from stagemail.cli import options
from stagemail.cli.output import say
from stagemail.cli.terminal import color, width
from stagemail.errors import InvalidInput
from stagemail.model.problem import Problem
from stagemail.model.revision import Loaded
from stagemail.report.problems import problems_text
from stagemail.wiring.opening import begun, open_documents
from stagemail.wiring.places import root_of


@click.command(name="validate")
@click.argument("path", required=False, type=click.Path(path_type=Path), default=Path())
@options.revision
@options.formats("text", "json", "github", "gitlab", "sarif", "markdown")
@click.pass_context
def command(ctx: click.Context, *, path: Path, revision: str | None, form: str) -> int:
    """Check a repository, or an environments folder; default: the one around this folder. Needs no credential.

    Without an operator file the folder below environments/ is the stage, and what cannot be checked is named.

    Example: stagemail validate --format github
    """
    known = options.globals_of(ctx)
    ahead = begun(known.ahead, root_of(path)) if known.ahead is not None else None
    source = open_documents(known.config, path, revision, ahead)
    try:
        loaded: Loaded | None = source.load()
        problems = loaded.problems if loaded else ()
        stopped = None
    except InvalidInput as error:
        if not error.problems and form == "text":
            raise
        loaded, problems, stopped = None, error.problems, error
    rendered = _render(problems, form)
    if rendered:
        say(rendered)
    if stopped is not None:
        click.echo(f"stagemail: {stopped}", err=True)
        return 1
    if loaded is not None and form == "text":
        say(_summary(loaded))
    return 1 if any(problem.severity == "error" for problem in problems) else 0


_FORMS = {
    "json": ("problems_json", "problems_json"),
    "github": ("annotations", "annotations"),
    "gitlab": ("code_quality", "code_quality"),
    "sarif": ("sarif", "sarif"),
    "markdown": ("problems_markdown", "problems_markdown"),
}
"""The module and function of each form: only the one that is asked for is loaded."""


def _render(problems: tuple[Problem, ...], form: str) -> str:
    if form in _FORMS:
        module, name = _FORMS[form]
        rendered: str = getattr(import_module(f"stagemail.report.{module}"), name)(problems)
        return rendered
    return problems_text(problems, width=width(), color=color()) if problems else ""


def _summary(loaded: Loaded) -> str:
    stages = ", ".join(sorted(loaded.stages)) or "none"
    files = "1 file" if loaded.files == 1 else f"{loaded.files} files"
    documents = "1 document" if loaded.documents == 1 else f"{loaded.documents} documents"
    return f"{files}, {documents} usable; stages: {stages}"

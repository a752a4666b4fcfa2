"""The group of verbs: finds the one that was asked for, and loads only its module.

Not here: what verbs do, what becomes of their errors (``main``).
"""

import importlib
import os
from collections.abc import Mapping
from typing import Any

import click

VERBS: dict[str, str] = {
    "init": "Write a first operator file and environments/ folder.",
    "import": "Write a live organization down as it is: operator file, mapping, environments/.",
    "validate": "Check every document: schema, meaning across files, what the target refuses.",
    "plan": "Show what would be changed, why, and what is held.",
    "apply": "Do what plan shows: write, read back, make live.",
    "status": "Tell for each stage what is applied, live, pending and held.",
    "history": "List past runs: who, which commit, what became of each step.",
    "controller": "Follow Git and the platform, and keep every stage as Git wants it.",
    "worker": "Reconcile what a controller on PostgreSQL asks for; any number on any hosts.",
    "suspend": "Let automation of stages rest, for a while or until resumed.",
    "resume": "Let automation of stages go on.",
    "approve": "Agree, as a second person, to what a plan would write.",
    "drift": "Tell what was changed on the platform outside Git.",
    "explain": "Say of each effective value where it comes from and who changed it.",
    "compare": "Tell what differs between two stages, and what of it is meant to.",
    "target": "Look at a platform: which of its entries are our fields.",
    "secrets": "Check references to credentials without showing any.",
    "preflight": "Try a stage's mail server with its own settings; sends nothing.",
    "check-sender": "Ask DNS whether receivers would believe a stage's mail.",
    "send-test": "Send one marked message through a stage's real configuration.",
    "review": "Look at the text and format of one message before it is sent.",
    "inbox": "Take mail in and look at it; nothing is ever delivered.",
    "state": "Move the record to PostgreSQL, or go on without its key.",
    "schema": "Print or write the JSON Schemas of all kinds.",
    "doctor": "Check git, state, target, permissions, mapping, secrets and clock.",
    "demo": "Play the main story on a local platform.",
    "completion": "Print the completion script of a shell.",
}

MODULES: dict[str, str] = {"import": "import_", "send-test": "send_test", "check-sender": "check_sender"}
"""Modules of verbs whose names are words of Python."""


_STATE = "STAGEMAIL_STATE"


class VerbGroup(click.Group):
    """Loads a verb's module only when that verb runs."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """All verbs, in the order in which people meet them."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's
        """The verb's command, from the module of its name."""
        if cmd_name not in VERBS:
            return None
        module = importlib.import_module(f"stagemail.cli.{MODULES.get(cmd_name, cmd_name)}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's
        """The list in --help, without loading any verb."""
        with formatter.section("Commands"):
            formatter.write_dl(list(VERBS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """An unknown verb is answered with the nearest known one."""
        if args and not args[0].startswith("-") and args[0] not in VERBS:
            from difflib import get_close_matches  # noqa: PLC0415 - only a misspelt verb needs it

            near = get_close_matches(args[0], VERBS, n=1)
            hint = f" Did you mean {near[0]}?" if near else " See stagemail --help."
            raise click.UsageError(f"No such command {args[0]!r}.{hint}", ctx)
        is_redirected = ctx.params.get("state") or os.environ.get(_STATE)
        is_quick = "--if-changed" in args and args[0] in ("plan", "apply")
        if is_quick and not is_redirected:  # without the verb's own, dearer modules
            config = ctx.params.get("config") or os.environ.get("STAGEMAIL_CONFIG")
            module = importlib.import_module("stagemail.cli.if_changed")
            found: click.Command | None = module.shortcut(config, args[1:])
            if found is not None:
                return args[0], found, []
        return super().resolve_command(ctx, args)


@click.command(cls=VerbGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--config", metavar="FILE", help="The operator file [default: stagemail.yaml of this checkout; $STAGEMAIL_CONFIG]."
)
@click.option(
    "--state",
    metavar="URL",
    help="Another record than `state` of the operator file names, for this run; $STAGEMAIL_STATE.",
)
@click.option("--debug", is_flag=True, help="Show a traceback where a command fails.")
@click.version_option(package_name="stagemail", message="stagemail %(version)s")
@click.pass_context
def stagemail(ctx: click.Context, config: str | None, state: str | None, *, debug: bool) -> None:
    """GitOps for email configurations of multi-stage app platforms.

    Email configurations live as YAML per stage in Git; stagemail validates every commit, plans the difference to
    the platform, applies it, and proves that it is live.

    \b
    Exit codes: 0 done · 1 failed · 2 usage · 3 changes to make
    4 held by a guard · 5 partly failed · 130/143 stopped

    Example: stagemail validate && stagemail plan qa && stagemail apply qa
    """
    named = {"config": config or os.environ.get("STAGEMAIL_CONFIG"), "state": state or os.environ.get(_STATE) or None}
    ctx.obj = {**(ctx.obj or {}), **named, "debug": debug}


def run(arguments: list[str] | None, given: Mapping[str, Any]) -> int:
    """Run a command line; ``given`` is its context's object. Gives the exit code; raises what the verb raises.

    Usage errors are told here, in click's words. KeyboardInterrupt where a person ended a question.
    """
    try:
        code = stagemail.main(args=arguments, prog_name="stagemail", standalone_mode=False, obj={**given})
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:
        raise KeyboardInterrupt from None
    return code if isinstance(code, int) else 0

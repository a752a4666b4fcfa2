"""`odc-emulator portal …`: one command per action of `portal.ACTIONS`, its options made from the action's fields."""

import types
from typing import Any, get_args

import click

from odc_emulator.cli.reach import reached, url_option
from odc_emulator.portal import ACTIONS, Action


@click.group("portal")
def portal() -> None:
    """Do by hand what people do in ODC's portal."""


def _command(verb: str, action: type[Action]) -> click.Command:
    options: list[click.Parameter] = []
    for name, info in action.model_fields.items():
        kind = _kind(info.annotation)
        options.append(
            click.Option(
                [f"--{name.replace('_', '-')}", name],
                required=info.is_required(),
                default=None if info.is_required() else info.default,
                is_flag=kind is bool,
                multiple=kind is list,
                type=str if kind in (bool, list) else kind,
                help=info.description,
            )
            if kind is not bool
            else click.Option([f"--{name.replace('_', '-')}", name], is_flag=True, help=info.description)
        )

    @url_option
    def run(url: str, **arguments: Any) -> None:
        given = {k: list(v) if isinstance(v, tuple) else v for k, v in arguments.items() if v not in (None, ())}
        if verb == "set":
            given.setdefault("value", None)
        with reached(url) as control:
            done = control.portal(verb, **given)
        click.echo(f"{verb}: " + ", ".join(f"{name} {value}" for name, value in done.items() if value is not None))

    command = click.command(verb, help=action.__doc__)(run)
    command.params.extend(options)
    return command


def _kind(annotation: Any) -> type:
    if isinstance(annotation, types.UnionType):
        annotation = next(a for a in get_args(annotation) if a is not type(None))
    return list if getattr(annotation, "__origin__", None) is list else annotation


for _verb, _action in ACTIONS.items():
    portal.add_command(_command(_verb, _action))
# `--value` may be left out to clear the value; the API wants it said.
next(p for p in portal.commands["set"].params if p.name == "value").required = False

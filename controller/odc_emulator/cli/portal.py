"""`odc-emulator portal …`: one command per action of `portal.ACTIONS`, its options made from the action's fields."""

import types
from typing import Any, get_args

import click
from pydantic.fields import FieldInfo

from odc_emulator.cli.reach import reached, url_option
from odc_emulator.portal import ACTIONS, Action


@click.group("portal")
def portal() -> None:
    """Do by hand what people do in ODC's portal."""


def _option(name: str, info: FieldInfo) -> click.Option:
    flag, kind = f"--{name.replace('_', '-')}", _kind(info.annotation)
    if kind is bool:
        return click.Option([flag, name], is_flag=True, help=info.description)
    required = info.is_required() and name != "value"  # leaving a value out clears it
    several = kind is list
    return click.Option(
        [flag, name], required=required, multiple=several, type=str if several else kind, help=info.description
    )


def _command(verb: str, action: type[Action]) -> click.Command:
    @url_option
    def run(url: str, **arguments: Any) -> None:
        given = {k: list(v) if isinstance(v, tuple) else v for k, v in arguments.items() if v not in (None, ())}
        if verb == "set":
            given.setdefault("value", None)
        with reached(url) as control:
            done = control.portal(verb, **given)
        click.echo(f"{verb}: " + ", ".join(f"{name} {value}" for name, value in done.items() if value is not None))

    command = click.command(verb, help=action.__doc__)(run)
    command.params.extend(_option(name, info) for name, info in action.model_fields.items())
    return command


def _kind(annotation: Any) -> type:
    if isinstance(annotation, types.UnionType):
        annotation = next(a for a in get_args(annotation) if a is not type(None))
    return list if getattr(annotation, "__origin__", None) is list else annotation


for _verb, _action in ACTIONS.items():
    portal.add_command(_command(_verb, _action))

COMMANDS = (portal,)

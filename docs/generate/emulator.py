"""The emulator's profiles and the actions of its portal.

Not here: its commands (``commands``), what a switch means in ODC (the page says it).
"""

from dataclasses import fields

import click

from docs.generate.table import code, table
from odc_emulator.cli.portal import portal
from odc_emulator.portal import ACTIONS
from odc_emulator.profiles import PROFILES, Profile


def profile_table() -> str:
    """A row for each switch, a column for each profile."""
    names = [field.name for field in fields(Profile) if field.name != "name"]
    rows = [[code(name), *(_cell(getattr(profile, name)) for profile in PROFILES.values())] for name in names]
    return table(["switch", *(code(name) for name in PROFILES)], rows)


def portal_actions() -> str:
    """What can be done by hand, with the options of each action; required ones are marked."""
    rows = []
    for verb, action in ACTIONS.items():
        options = [
            f"{code(option.opts[0])}{' (required)' if option.required else ''}: {option.help}"
            for option in portal.commands[verb].params
            if isinstance(option, click.Option)
        ]
        rows.append([code(verb), " ".join((action.__doc__ or "").split()), "; ".join(options)])
    return table(["action", "what", "options"], rows)


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "newline" if value == "\n" else code(str(value))

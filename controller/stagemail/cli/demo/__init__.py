"""``stagemail demo``: the story that stagemail exists for, on a local platform, through the commands of an admin."""

import tempfile
from pathlib import Path

import click

from stagemail.cli.demo.place import Place
from stagemail.cli.demo.story import STORY
from stagemail.cli.demo.telling import Teller

__all__ = ["command"]


@click.command(name="demo")
@click.option("--keep", type=click.Path(path_type=Path, file_okay=False), help="Work there and keep it for a look.")
@click.option("--quiet", is_flag=True, help="Tell the steps without the commands' output.")
@click.option("--speed", type=click.FloatRange(1, 200), default=60.0, show_default=True, help="Emulated s per second.")
def command(*, keep: Path | None, quiet: bool, speed: float) -> int:
    """Play the main story on a local platform: a platform, a Git repository, real mail. Ends in under a minute.

    Exits with 1 if any step does not do what it says. Needs `pip install 'stagemail[emulator]'`.

    Example: stagemail demo --keep /tmp/stagemail-demo
    """
    with tempfile.TemporaryDirectory(prefix="stagemail-demo-") as folder:
        teller = Teller(quiet=quiet)
        with Place.prepare(keep or Path(folder), speed, teller) as place:
            for step in STORY:
                step(place)
        teller.end()
    return 0

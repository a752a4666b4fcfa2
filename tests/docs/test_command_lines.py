"""Every command line of the README and of docs/ does what the page says, against the local ODC."""

from pathlib import Path

import pytest
from docs.generate.blocks import ROOT, pages
from tests.docs.conftest import Place
from tests.docs.pages import Command, NotRun, blocks
from tests.docs.session import follow
from tests.ports import free_port

MANY_WORKERS = ROOT / "docs" / "how-to" / "run-many-workers.md"
HOW_TO = sorted(page for page in (ROOT / "docs" / "how-to").glob("*.md") if page != MANY_WORKERS)
FOLLOWED = {ROOT / "README.md", ROOT / "docs" / "tutorial.md", MANY_WORKERS, *HOW_TO}

NOT_RUN = {
    ("docs/how-to/run-many-workers.md", "needs a PostgreSQL and services of the whole machine"),
    ("docs/how-to/run-the-controller.md", "it runs until it is told to stop"),
    ("docs/how-to/operate-the-controller.md", "installs a service of the whole machine"),
    ("README.md", "installs the package and plays the whole demo; CI runs both"),
    ("README.md", "the tests have the commands on their path already"),
    ("CONTRIBUTING.md", "the tests that run this would run themselves"),
}
"""Blocks that no test can run, each with its reason: a new one has to be written here, too."""

DATABASE = "postgresql://stagemail@db.example.com/stagemail?sslmode=verify-full"
"""The database of pages that have one."""


def commands(page: Path) -> int:
    return sum(isinstance(block, Command) for block in blocks(page))


def test_every_page_with_a_command_line_is_followed() -> None:
    assert {page for page in pages() if commands(page)} <= FOLLOWED


def test_what_is_not_run_is_known_and_says_why() -> None:
    found = {
        (page.relative_to(ROOT).as_posix(), block.why)
        for page in pages()
        for block in blocks(page)
        if isinstance(block, NotRun)
    }
    assert found == NOT_RUN


def test_readme_can_be_followed(empty: Place) -> None:
    ours = {
        "acme.outsystems.dev": empty.url,
        "your-client-id": "stagemail-ci",
        "your-client-secret": "emulator-secret",
        "mkdir ../": "mkdir ",
        "cd ../": "cd ",
    }
    page = [block for block in blocks(ROOT / "README.md") if not _is_sample(block)]
    assert follow(page, empty.folder, empty.env, ours) >= 8


def test_tutorial_can_be_followed(empty: Place) -> None:
    page = blocks(ROOT / "docs" / "tutorial.md")
    assert follow(page, empty.folder, empty.env, {"8471": str(free_port())}) >= 20


@pytest.mark.parametrize("page", HOW_TO, ids=lambda page: page.stem)
def test_how_to_can_be_followed(page: Path, applied: Place, request: pytest.FixtureRequest) -> None:
    ours = {"acme.outsystems.dev": applied.url, "47525": str(free_port())}
    if DATABASE in page.read_text(encoding="utf-8"):
        ours[DATABASE] = request.getfixturevalue("database")
    assert follow(blocks(page), applied.folder, applied.env, ours) >= 3


def test_a_page_that_promises_too_much_is_caught(empty: Place) -> None:
    with pytest.raises(AssertionError, match="does not print"):
        follow([Command("echo one", shows=["two"])], empty.folder, empty.env, {})
    with pytest.raises(AssertionError, match="exits with 1"):
        follow([Command("false")], empty.folder, empty.env, {})


def _is_sample(block: object) -> bool:
    """The plan of the sample, which is made and compared by test_generated."""
    return isinstance(block, Command) and block.line == "stagemail plan qa" and len(block.shows) > 10

"""Generated blocks of Markdown pages: where they are, what belongs into them, whether a page is stale.

A block stands between two HTML comments, ``<!-- generated: NAME -->`` and ``<!-- end: NAME -->``.
Not here: the text of a block (the other modules).
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from docs.generate import commands, emulator, kinds, problems, readme_plan, review

ROOT: Final = Path(__file__).parents[2]
BLOCKS: Final[Mapping[str, Callable[[], str]]] = {
    "commands": commands.stagemail_commands,
    "emulator-commands": commands.emulator_commands,
    "emulator-portal": emulator.portal_actions,
    "emulator-profiles": emulator.profile_table,
    "kinds": kinds.stage_kinds,
    "mapping": kinds.mapping,
    "operator": kinds.operator,
    "problems": problems.tables,
    "review-clients": review.clients,
    "review-findings": review.findings,
    "readme-plan": readme_plan.plan,
}
"""Every block by its name."""

_BLOCK: Final = re.compile(r"(<!-- generated: (?P<name>[a-z-]+) -->\n).*?(<!-- end: (?P=name) -->)", re.DOTALL)


def pages() -> list[Path]:
    """Every Markdown page that people read."""
    return sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def with_blocks(text: str) -> str:
    """The page with every block as the code makes it now. Raises KeyError for a block that nobody makes."""
    return _BLOCK.sub(lambda found: f"{found[1]}{BLOCKS[found['name']]().rstrip()}\n{found[3]}", text)


def blocks_of(text: str) -> list[str]:
    """The names of a page's blocks."""
    return [found["name"] for found in _BLOCK.finditer(text)]


def stale_pages() -> list[str]:
    """The pages with a block that is not what the code makes."""
    return [path.relative_to(ROOT).as_posix() for path in pages() if with_blocks(_text(path)) != _text(path)]


def write_pages() -> list[str]:
    """Write them; gives the pages that changed."""
    found = stale_pages()
    for name in found:
        path = ROOT / name
        path.write_text(with_blocks(_text(path)), encoding="utf-8")
    return found


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")

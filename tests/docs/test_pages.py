"""The pages as pages: links lead somewhere, lines are short, decisions are numbered, every page can be found."""

import re
from pathlib import Path

from docs.generate.blocks import ROOT, pages

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
LONG_BY_OTHERS = {"docs/adr/0002-order-of-recipients.md", "docs/reference/hazards.md"}


def prose(page: Path) -> str:
    """A page without its fenced blocks."""
    return re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)


def anchors(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title).strip().lower().replace(" ", "-") for title in titles}


def test_every_link_leads_to_a_file_and_a_heading_that_are_there() -> None:
    broken = []
    for page in pages():
        for link in LINK.findall(prose(page)):
            path, _, anchor = link.partition("#")
            if re.match(r"https?:", link):
                continue
            there = (page.parent / path).resolve() if path else page
            if not there.exists() or (anchor and anchor not in anchors(there)):
                broken.append(f"{page.relative_to(ROOT)}: {link}")
    assert broken == []


def test_every_page_can_be_reached_from_the_readme() -> None:
    seen: set[Path] = set()
    todo = [ROOT / "README.md"]
    while todo:
        page = todo.pop()
        if page in seen:
            continue
        seen.add(page)
        for link in LINK.findall(prose(page)):
            there = (page.parent / link.partition("#")[0]).resolve()
            todo += sorted(there.glob("*.md")) if there.is_dir() else [there] if there.suffix == ".md" else []
    assert set(pages()) <= seen


def test_lines_are_short_but_for_tables_and_usage() -> None:
    long = [
        f"{page.relative_to(ROOT)}:{number}"
        for page in pages()
        for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1)
        if len(line) > 120 and not line.startswith(("|", "odc-emulator ", "stagemail "))
        if page.relative_to(ROOT).as_posix() not in LONG_BY_OTHERS
    ]
    assert long == []


def test_decisions_are_numbered_without_gaps_and_have_the_same_parts() -> None:
    decisions = sorted((ROOT / "docs" / "adr").glob("*.md"))
    assert [int(path.name[:4]) for path in decisions] == list(range(1, len(decisions) + 1))
    for path in decisions:
        text = path.read_text(encoding="utf-8")
        assert text.startswith(f"# {int(path.name[:4])}. "), path.name
        assert all(part in text for part in ("Status: ", "## Context", "## Decision", "## Consequences")), path.name


def test_the_readme_is_the_first_thing_and_names_two_commands_to_set_up() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"^\$ make (\w+)$", text, re.MULTILINE) == ["demo", "test"]


def test_the_changelog_has_an_entry_for_this_version() -> None:
    version = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    assert version is not None
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert "## [Unreleased]" in text and f"## [{version[1]}]" in text

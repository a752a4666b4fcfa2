"""What of the pages is made from the code is what the code makes now."""

from pathlib import Path

import pytest
from docs.__main__ import main
from docs.generate import blocks
from docs.generate.blocks import BLOCKS, blocks_of, pages, stale_pages, with_blocks


def test_no_generated_block_is_stale() -> None:
    assert stale_pages() == [], "run `python -m docs`"


def test_every_block_that_is_made_stands_on_exactly_one_page() -> None:
    found = [name for page in pages() for name in blocks_of(page.read_text(encoding="utf-8"))]
    assert sorted(found) == sorted(BLOCKS)


def test_a_block_that_differs_is_written_anew() -> None:
    old = "before\n<!-- generated: problems -->\nold\n<!-- end: problems -->\nafter\n"
    new = with_blocks(old)
    assert new != old
    assert new.startswith("before\n") and new.endswith("after\n")
    assert with_blocks(new) == new


def test_the_command_names_what_is_stale_and_writes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(blocks, "ROOT", tmp_path)
    page = tmp_path / "page.md"
    page.write_text("<!-- generated: problems -->\n<!-- end: problems -->\n", encoding="utf-8")
    assert main(["--check"]) == 1
    assert "stale page.md" in capsys.readouterr().out
    assert main([]) == 0
    assert main(["--check"]) == 0
    assert main(["--wrong"]) == 2

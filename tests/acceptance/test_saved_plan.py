"""A plan that was saved and reviewed is applied as it is, or not at all."""

from pathlib import Path

from tests.acceptance.bench import Bench

PORT = ("environments/qa/email.yaml", "port: 587", "port: 2587")


def test_a_saved_plan_does_what_it_says_and_only_once(applied: Bench, tmp_path: Path) -> None:
    applied.change(*PORT)
    file = str(tmp_path / "qa.json")
    applied.run("plan", "qa", "--out", file)
    before = applied.mark()
    applied.run("apply", file).shows("qa: read back equal")
    assert applied.writes(before)["PATCH", "QA"] == 1
    before = applied.mark()
    applied.run("apply", file, expect=1).shows("since the plan was made", "make the plan again")
    assert applied.ledger(before) == []


def test_a_saved_plan_of_all_stages_is_applied_in_their_order(bench: Bench, tmp_path: Path) -> None:
    file = str(tmp_path / "all.json")
    bench.run("plan", "--out", file)
    bench.run("apply", file).shows("qa: read back equal", "production: read back equal")
    assert list(dict.fromkeys(row["stage"] for row in bench.ledger())) == ["Development", "QA", "Production"]


def test_a_plan_of_another_commit_is_refused(applied: Bench, tmp_path: Path) -> None:
    applied.change(*PORT)
    file = str(tmp_path / "qa.json")
    applied.run("plan", "qa", "--out", file)
    applied.change("environments/qa/email.yaml", "name: Example QA", "name: Example")
    before = applied.mark()
    applied.run("apply", file, expect=1).shows("the plan was made at", "make the plan again")
    assert applied.ledger(before) == []


def test_a_plan_is_refused_after_somebody_changed_the_platform(applied: Bench, tmp_path: Path) -> None:
    applied.change(*PORT)
    file = str(tmp_path / "qa.json")
    applied.run("plan", "qa", "--out", file)
    applied.platform.set("QA", "host", "other.example.com")
    before = applied.mark()
    applied.run("apply", file, expect=1).shows("has changed since the plan was made; nothing was written")
    assert applied.ledger(before) == []


def test_a_plan_that_was_edited_is_refused(applied: Bench, tmp_path: Path) -> None:
    applied.change(*PORT)
    file = tmp_path / "qa.json"
    applied.run("plan", "qa", "--out", str(file))
    file.write_text(file.read_text(encoding="utf-8").replace("2587", "2588"), encoding="utf-8")
    before = applied.mark()
    applied.run("apply", str(file), expect=1)
    assert applied.ledger(before) == []


def test_a_file_that_is_no_plan_is_refused(bench: Bench, tmp_path: Path) -> None:
    for name, text in (("a.json", "{"), ("b.json", "[]"), ("c.json", '{"version": 9}'), ("d.json", "\x00\xff")):
        (tmp_path / name).write_text(text, encoding="latin-1")
        bench.run("apply", str(tmp_path / name), expect=1).shows("plan")
    bench.run("apply", str(tmp_path / "none.json"), expect=1).shows("none.json", "plan --out")
    assert bench.platform.ledger() == []


def test_a_plan_that_cannot_be_saved_says_why(bench: Bench, tmp_path: Path) -> None:
    bench.run("plan", "qa", "--out", str(tmp_path / "no" / "such" / "plan.json"), expect=1).shows("plan.json")

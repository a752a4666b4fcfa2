"""Every error that the code can make is made here with canaries in it, and shown in every way that errors are shown.

The errors are derived from the source (``raising``): a new one is driven as soon as it is written. Not here: whether
a credential gets into an error at all (``test_driving``, ``test_rogues``).
"""

import io
import itertools
import logging
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest

from stagemail import errors
from stagemail.cli.group import stagemail
from stagemail.cli.logs import guard
from stagemail.cli.main import main
from stagemail.errors import InvalidInput, StagemailError
from stagemail.model.key import Key
from stagemail.model.location import Location
from stagemail.model.problem import Problem
from stagemail.model.run import Outcome, Run
from stagemail.model.secret import Secret
from stagemail.ports import Entry
from stagemail.reconcile.net import Net
from stagemail.reconcile.scrubbed import scrubbed
from stagemail.report.annotations import annotations
from stagemail.report.failure import failure_of, failures_json, failures_markdown, failures_text
from stagemail.report.problems import problems_text
from stagemail.report.problems_json import problems_json
from stagemail.report.problems_markdown import problems_markdown
from stagemail.report.sarif import sarif
from tests.leaks.canaries import CANARIES, encoded, found
from tests.leaks.raising import Site, classes, made, sites
from tests.leaks.sinks import SOURCE
from tests.leaks.test_driving import COUNTED

SITES = sites(SOURCE)
TEXTS = [text for value in CANARIES for text in encoded(value).values()]
EACH = 4
"""Canaries in every blank of one error."""

NEW = """\
{site}: no test could make this error with canaries in its blanks:

    {call}

    {why}

Make its arguments texts that stand in its message as they are (or names that stand for such texts); an error that
needs more than texts to be made is to be taught to tests/leaks/raising.py (`Anything` stands for every value).
"""


@pytest.fixture(scope="module")
def net() -> Net:
    made_net = Net()
    for value in CANARIES:
        made_net.learn(Secret(value))
    return made_net


def chosen(number: int) -> list[str]:
    """The next forms: over all sites every form of every canary has its turn, several times."""
    start = number * EACH % len(TEXTS)
    return list(itertools.islice(itertools.cycle(TEXTS), start, start + EACH))


def of(number: int, site: Site) -> BaseException:
    """The error of a site, with other errors behind it and a note."""
    texts = chosen(number)
    try:
        error, _ = made(site, texts)
    except Exception as why:  # noqa: BLE001 - whatever it is, the message says what to do
        pytest.fail(NEW.format(site=site, call=site.call, why=repr(why)), pytrace=False)
    if isinstance(error, click.UsageError):
        error.ctx = None  # the stand-in is no context
    error.__cause__ = ValueError(" ".join(texts))
    error.__cause__.__context__ = KeyError(texts[0])
    error.add_note(" ".join(texts))
    if isinstance(error, InvalidInput) and not all(isinstance(p, Problem) for p in error.problems):
        error.problems = problems(" ".join(texts))
    return error


def problems(text: str) -> tuple[Problem, ...]:
    """Problems with the text wherever one has text."""
    place = Location(f"environments/{text}.yaml", 3, 7)
    return (
        Problem(place, "bad-text", text, text, related=(place,)),
        Problem(Location("stagemail.yaml", 1, 1), "bad-host", f"`{text}` is no host:", text, "warning"),
    )


ERRORS: dict[str, Callable[[StagemailError], str]] = {
    "sentence": lambda error: error.sentence,
    "text": lambda error: failures_text([failure_of(error, "qa")], color=True),
    "markdown": lambda error: failures_markdown([failure_of(error, "qa")]),
    "JSON": lambda error: failures_json([failure_of(error)], _problems(error)),
    "repr": repr,
}
PROBLEMS: dict[str, Callable[[tuple[Problem, ...]], str]] = {
    "text": problems_text, "JSON": problems_json, "SARIF": sarif, "annotations": annotations,
    "Markdown": problems_markdown, "str": lambda all_: "\n".join(map(str, all_)),
}  # fmt: skip


def _problems(error: StagemailError) -> tuple[Problem, ...]:
    return error.problems if isinstance(error, InvalidInput) else ()


def test_every_error_class_is_made_somewhere_or_only_a_kind_of_others() -> None:
    kinds = {"UserMustFix", "TryLater", "NeverAgain", "StagemailError"}
    defined = {n for n, v in vars(errors).items() if isinstance(v, type) and issubclass(v, StagemailError)}
    missing = sorted(defined - {site.error for site in SITES} - kinds)
    by_name = {name for name in missing if not _is_named(name)}
    assert not by_name, f"no code makes {sorted(by_name)}: take them out of errors.py, or call them by their name"
    assert defined <= classes(SOURCE)


def _is_named(name: str) -> bool:
    """Whether code hands the class on (as in a table of statuses) instead of calling it."""
    mentions = [p for p in (SOURCE / "stagemail").rglob("*.py") if name in p.read_text("utf-8")]
    return any(path.name != "errors.py" for path in mentions)


def test_every_error_shown_in_every_way_has_no_canary(net: Net) -> None:
    own = 0
    for number, site in enumerate(SITES):
        error = of(number, site)
        own += made(site, chosen(number))[1]
        if isinstance(error, StagemailError):
            for name, render in ERRORS.items():
                shown = net.scrub(render(error))
                assert found(shown) == [], f"{site} as {name}: {shown}"
    assert own > 0.9 * len(SITES), "most errors are made by their own code"
    kinds = Counter(site.error for site in SITES)
    COUNTED.append(
        f"errors: {len(SITES)} sites in {len({site.module for site in SITES})} modules, {len(kinds)} classes, "
        f"{own} by their own code, × {EACH} of {len(TEXTS)} forms × "
        f"{len(ERRORS)} renderings, each also as what stops a command, in a log and in an outcome: none found"
    )


@pytest.mark.parametrize("name", PROBLEMS)
def test_every_problem_shown_in_every_way_has_no_canary(net: Net, name: str) -> None:
    for number in range(len(TEXTS) // EACH):
        shown = net.scrub(PROBLEMS[name](problems(" ".join(chosen(number)))))
        assert found(shown) == [], shown


def test_every_error_that_stops_a_command_has_no_canary(
    net: Net, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    raised: list[BaseException] = []

    @click.command()
    @click.option("--format", "form")
    @click.pass_context
    def fails(ctx: click.Context, form: str | None) -> None:
        ctx.obj["edge"].scrub = net.scrub
        raise raised[-1]

    monkeypatch.setattr(type(stagemail), "get_command", lambda *_: fails)
    for number, site in enumerate(SITES):
        raised.append(of(number, site))
        form = ["--format", "json"] if number % 2 else []
        with pytest.raises(SystemExit) as left:
            main(["--debug", "plan", *form])
        said = capsys.readouterr()
        assert left.value.code in (1, 2, 130, 143), site
        assert "Traceback" in said.err or left.value.code in (2, 130, 143), f"{site}: {said.err}"
        assert found(said.out + said.err) == [], f"{site}: {said.out}{said.err}"


@pytest.fixture
def logged(net: Net) -> Iterator[io.StringIO]:
    """What a handler writes while the records of this process go through the net."""
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    log = logging.getLogger("stagemail.leaks")
    log.addHandler(handler)
    log.propagate = False
    undo = guard(net.scrub)
    yield out
    undo()
    log.removeHandler(handler)


def test_every_error_that_is_logged_has_no_canary(logged: io.StringIO) -> None:
    log = logging.getLogger("stagemail.leaks")
    for number, site in enumerate(SITES):
        error = of(number, site)
        log.error("it failed: %s", error, exc_info=error)
    assert logged.getvalue().count("it failed:") == len(SITES)
    assert found(logged.getvalue()) == []


def test_every_error_that_becomes_an_outcome_has_no_canary(net: Net) -> None:
    def entry(number: int, error: StagemailError) -> Entry:
        told = Outcome(f"s{number}", Key("qa", "configuration", "1"), "QA", "write", "failed", error.sentence)
        return Entry(run=Run("r", "qa", "c0ffee", "ada", datetime(2026, 1, 1, tzinfo=UTC), outcomes=(told,)))

    all_ = [of(number, site) for number, site in enumerate(SITES)]
    entries = [entry(number, error) for number, error in enumerate(all_) if isinstance(error, StagemailError)]
    kept = list(scrubbed(entries, net.scrub))
    assert len(kept) > 200
    assert found("\n".join(map(repr, kept))) == []


@pytest.mark.parametrize(
    "source",
    [
        "raise NotFound(f'{name}: no {x.y[:9]!r} among {\", \".join(z)}', hint='a')",
        "return NotFound('a' + name)",
        "raise library.SomeError(name)",
        "error = Ended(str(name))",
    ],
)
def test_a_new_error_is_seen(source: str, tmp_path: Path) -> None:
    _write(tmp_path, f"class NotFound(Exception): ...\nclass Ended(NotFound): ...\ndef f(name, x, z):\n    {source}\n")
    (site,) = sites.__wrapped__(tmp_path)
    assert site.local >= {"name", "x", "z"}


def _write(folder: Path, text: str) -> None:
    (folder / "stagemail").mkdir()
    (folder / "stagemail" / "new.py").write_text(text, encoding="utf-8")

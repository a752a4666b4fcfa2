"""The reference is complete: every command, option, kind, field, hazard, problem, exit code and variable is there."""

import ast
import re
from collections.abc import Iterator
from typing import Any, get_args

import click
import pytest
from docs.generate.blocks import ROOT
from docs.generate.commands import walk
from docs.generate.problems import GROUPS

from odc_emulator.cli import main as odc_emulator
from odc_emulator.profiles import PROFILES
from stagemail.cli import exits
from stagemail.cli.group import VERBS, stagemail
from stagemail.model import email
from stagemail.model.step import HazardKind
from stagemail.resources import schemas
from stagemail.review.rules import RULES
from stagemail.target.odc.mapping import OdcMapping

REFERENCE = ROOT / "docs" / "reference"
SOURCES = sorted((ROOT / "controller").rglob("*.py"))


def page(name: str) -> str:
    return (REFERENCE / f"{name}.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("group", "name", "where"), [(stagemail, "stagemail", "commands"), (odc_emulator, "odc-emulator", "emulator")]
)
def test_every_command_and_option_is_in_the_reference(group: click.Command, name: str, where: str) -> None:
    text = page(where)
    for path, command in walk(group, name):
        portal = path.startswith("odc-emulator portal ")
        assert portal or f"\n## {path}\n" in text
        section = text if portal else text.split(f"\n## {path}\n", 1)[1].split("\n## ", 1)[0]
        for option in command.params:
            if isinstance(option, click.Option):
                assert f"`{option.opts[0]}`" in section, f"{path} {option.opts[0]}"
                assert option.help or option.name in ("form", "style"), f"{path} {option.opts[0]} says nothing"


def test_every_verb_of_the_command_line_has_an_example() -> None:
    for path, command in walk(stagemail, "stagemail"):
        assert "Example: " in (command.help or ""), path
    assert {path.split()[1] for path, _ in walk(stagemail, "stagemail") if " " in path} == set(VERBS)


def names_of(schema: Any) -> Iterator[str]:
    """Every property that a schema has, anywhere."""
    if isinstance(schema, dict):
        for key, value in schema.items():
            if key == "properties":
                yield from value
            yield from names_of(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from names_of(value)


@pytest.mark.parametrize("kind", sorted(schemas.KINDS))
def test_every_kind_and_field_is_in_the_reference(kind: str) -> None:
    text = page("operator" if kind == "Operator" else "resources")
    section = text.split(f"\n## {kind}\n", 1)[1].split("\n## ", 1)[0]
    fields = {found.rpartition(".")[2] for found in re.findall(r"^\| `([^`]+)`", section, re.MULTILINE)}
    assert fields == set(names_of(schemas.generate()[f"{kind}.schema.json"]))


def test_every_field_of_a_kind_says_what_it_is_for_with_an_example_and_its_source() -> None:
    rows = [row for name in ("resources", "operator") for row in page(name).splitlines() if row.startswith("| `")]
    bare = [row for row in rows if any(not cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1])]
    tags = [row for row in bare if re.match(r"\| `[a-zA-Z]+\.<name>\.type` ", row)]
    assert bare == tags, "only the tag of a plugin has neither example nor source"


def test_every_field_of_the_mapping_is_in_the_reference() -> None:
    text = page("odc-mapping")
    assert all(f"{name}`" in text for name in set(names_of(OdcMapping.model_json_schema())))
    assert all(f"`{name}`" in text for name in email.SPECS)


def test_every_hazard_is_in_the_reference_and_no_other() -> None:
    listed = re.findall(r"^\| `([a-z-]+)` \|", page("hazards"), re.MULTILINE)
    assert sorted(listed) == sorted(get_args(HazardKind))


def test_every_finding_of_a_review_is_in_the_reference_and_no_other() -> None:
    listed = re.findall(r"^\| `([a-z0-9-]+)` \| (error|warning|hint) \|", page("review"), re.MULTILINE)
    assert sorted(listed) == sorted((code, rule.severity) for code, rule in RULES.items())
    source = "".join(path.read_text(encoding="utf-8") for path in SOURCES if "/review/" in path.as_posix())
    noted = set(re.findall(r'notes\.add\(\s*"([a-z0-9-]+)"', source))
    assert noted <= set(RULES)


def test_every_exit_code_is_in_the_reference() -> None:
    listed = {int(code) for code in re.findall(r"^\| (\d+) \|", page("exit-codes"), re.MULTILINE)}
    ours = {exits.DONE, exits.FAILED, exits.USAGE, exits.CHANGES, exits.HELD, exits.PARTLY}
    assert listed == ours | {130, 143}
    assert "141" in page("exit-codes")


CODE = re.compile(r"[a-z][a-z0-9.]*(-[a-z0-9.]+)+")
ONE_WORD = {"alias", "anchor", "syntax", "timestamp"}
PARTS = {"symlink-not-followed", "submodule-not-followed"}
"""Codes that the source puts together from parts."""
NO_CODES = {"utf-8", "working-tree", "index-tree", "first-parent"}
"""Texts of these modules that look like codes."""


def test_every_code_of_a_problem_is_in_the_reference_and_no_other() -> None:
    places = ("stagemail/document/", "stagemail/source/", "stagemail/resources/operator_checks", "target/odc/check.py")
    found = {
        node.value
        for path in SOURCES
        if any(place in path.as_posix() for place in places)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if CODE.fullmatch(node.value) or node.value in ONE_WORD
    }
    explained = {code for codes in GROUPS.values() for code in codes}
    assert explained - found == PARTS
    assert found - explained - NO_CODES == set()
    assert all(f"| `{code}` |" in page("problems") for code in explained)


VARIABLE = re.compile(r"_?(STAGEMAIL|GITHUB|GITLAB|XDG|NO|ODC_EMULATOR|ODC_OPENAPI)_[A-Z_]*[A-Z]")
READERS = {
    "tracing.py",
    "ahead.py",
    "edge.py",
    "trust.py",
    "cache_folder.py",
    "group.py",
    "identity.py",
    "opening.py",
    "recall.py",
    "stores.py",
    "inbox_serve.py",
    "main.py",
    "terminal.py",
    "place.py",
    "by_gitpython.py",  # takes Git's own out
    "command.py",
    "logs.py",
    "running.py",
    "shape.py",  # sets one of pydantic's, and reads none
}
"""Modules that look at the process's environment; a new one has to be written here, and its variables in the page."""


def test_every_environment_variable_is_in_the_reference() -> None:
    listed = set(re.findall(r"`([A-Z_]+)`", page("environment-variables")))
    found = {
        node.value
        for path in [*SOURCES, *sorted((ROOT / "tests").rglob("*.py"))]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and VARIABLE.fullmatch(node.value)
    }
    assert found - listed - SECRETS - GITHUBS == set()
    assert {"STAGEMAIL_CONFIG", "STAGEMAIL_CLOCK_SPEED", "ODC_EMULATOR_URL"} <= found


GITHUBS = {"STAGEMAIL_VIEW_CLIENT_ID", "GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT", "GITHUB_REPOSITORY"}
"""Variables of GitHub's own that only a workflow reads."""
SECRETS = {
    "STAGEMAIL_API_TOKEN",
    "STAGEMAIL_HOOK_GIT",
    "STAGEMAIL_NOTIFY_OPS",
    "STAGEMAIL_STATUS_TOKEN",
    "STAGEMAIL_SMTP_QA",
    "STAGEMAIL_SMTP_PRODUCTION",
    "STAGEMAIL_SMTP_SHARED",
    "STAGEMAIL_RECORD_KEY",
    "STAGEMAIL_JOURNAL_KEY",
    "STAGEMAIL_RECORD_PASSWORD",
}
"""Secrets of the store `env` that samples and tests use: the page explains them by the prefix."""


def test_the_modules_that_read_the_environment_are_known() -> None:
    found = {path.name for path in SOURCES if re.search(r"\b(os\.environ|getenv)\b", path.read_text(encoding="utf-8"))}
    assert found <= READERS


def test_every_profile_and_switch_of_the_emulator_is_in_the_reference() -> None:
    text = page("emulator")
    assert all(f"`{name}`" in text for name in PROFILES)

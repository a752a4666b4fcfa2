"""The floors of the house hold: who may import whom, what is pure, how large things get.

Each rule is a function from the modules of a source root to its breaches, in words. It runs over our own tree, and
over a small wrong one, which shows that it can fail.
"""

import ast
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from statistics import median

import pytest

CONTROLLER = Path(__file__).parents[1] / "controller"

FLOORS: Mapping[str, int] = {
    "": 0, "errors": 0, "dataclass": 0,
    "model": 1,
    "ports": 2, "journal_ports": 2, "git": 2, "net": 2, "document": 2, "resources": 2, "planning": 2, "report": 2,
    "review": 2,
    "source": 3, "target": 3, "secret": 3, "mail": 3, "inbox": 3, "record": 3, "dispatch": 3, "notify": 3, "host": 3,
    "reconcile": 4,
    "wiring": 5,
    "web": 6,
    "cli": 7, "__main__": 8,
}  # fmt: skip
PURE = ("model", "planning", "report", "review")
EFFECTS = frozenset(
    """asyncio atexit concurrent ftplib getpass http io logging multiprocessing os pathlib random sched secrets select
    selectors shutil signal smtplib socket socketserver sqlite3 ssl structlog subprocess sys syslog tempfile threading
    time urllib uuid""".split()  # noqa: SIM905 - thirty quoted words are not easier to read
)
"""Modules with which a pure one would read a clock, write a log, touch the world or roll dice."""

ONLY_IMPORTERS: Mapping[str, tuple[str, ...]] = {
    "git": ("stagemail.git",),
    "gitdb": ("stagemail.git",),
    "yaml": ("stagemail.document",),
    "jsonschema": ("stagemail.source.schema", "stagemail.source.explain"),
    "jsonschema_rs": ("stagemail.source.schema",),
    "referencing": ("stagemail.source.schema", "stagemail.source.explain"),
    "sqlalchemy": ("stagemail.record",),
    "alembic": ("stagemail.record",),
    "psycopg": ("stagemail.record", "stagemail.dispatch"),
    "procrastinate": ("stagemail.dispatch",),
    "aiosmtpd": ("stagemail.inbox",),
    "turbohtml": ("stagemail.review",),
    "tinycss2": ("stagemail.review",),
    "httpcore2": ("stagemail.mail", "stagemail.net", "stagemail.target"),
    "httpx2": ("stagemail.target", "stagemail.host", "stagemail.net"),
    "apprise": ("stagemail.notify",),
    "fastapi": ("stagemail.web", "stagemail.inbox"),
    "starlette": ("stagemail.web", "stagemail.inbox"),
    "uvicorn": ("stagemail.web", "stagemail.inbox"),
    "prometheus_client": ("stagemail.web",),
    "jinja2": ("stagemail.web",),
    "structlog": ("stagemail.cli.controller_log",),
    "stagemail.secret": ("stagemail.secret", "stagemail.wiring"),
    "stagemail.ports.SecretStore": ("stagemail.secret", "stagemail.wiring", "stagemail.reconcile.credentials"),
}
"""What only these may import. Who does not know SecretStore cannot read a secret past its grants."""

LAZY: Mapping[str, tuple[str, ...]] = {
    "stagemail.record.schema": ("stagemail.record.upgrade",),  # Alembic: once per release
    "stagemail.record.state": (
        "stagemail.record.sql_opening",
        "stagemail.record.postgresql_opening",
        "stagemail.record.git_branch_opening",
    ),
    # SQLAlchemy: only where a record is written or made, and for PostgreSQL, whose driver is an extra
    "stagemail.source.assemble": ("stagemail.source.explain",),  # jsonschema: only where a document is wrong
    "stagemail.source.operator_file": ("stagemail.source.explain",),
    "stagemail.resources.plugins": ("stagemail.resources.built_in",),  # a command names two or three of eleven models
    "stagemail.resources.formats": ("email_validator",),  # only for addresses that are not plainly good
    "stagemail.model.email": ("email.utils",),  # only for mailboxes that are not plainly written
    "stagemail.target.canonical": ("email",),  # only for names that are encoded
    "stagemail.document.parser": ("yaml.cyaml",),  # PyYAML may be built without its C parser
    "stagemail.git.command": ("stagemail.git.by_gitpython",),  # GitPython: only what writes or speaks to others
    "stagemail.cli.group": ("difflib",),  # only where a command is misspelt
}
"""The pinned exceptions from "imports stand at the top", each explained where it is written."""

LOADERS = (
    "stagemail.cli.", "stagemail.wiring.", "stagemail.git", "stagemail.document", "stagemail.dataclass",
    "odc_emulator.cli.",
)  # fmt: skip
"""Who may load modules by name: the command lines their verbs, wiring its plugins, the others what few need."""


@dataclass(frozen=True)
class Import:
    """One imported name. ``module``: the module of ours it is in, or the whole dotted name; ``lazy``: in a function."""

    name: str
    module: str
    line: int
    lazy: bool


@dataclass(frozen=True)
class Module:
    """One file of a source root."""

    name: str
    path: Path
    lines: int
    imports: tuple[Import, ...]
    functions: tuple[tuple[str, int], ...]
    calls: tuple[tuple[str, int], ...]
    """The last part of every called name, with its line."""

    @property
    def unit(self) -> str:
        """The folder or module right below the product."""
        return [*self.name.split("."), ""][1]


Modules = Mapping[str, Module]
Rule = Callable[[Modules], Iterator[str]]


def read(root: Path) -> Modules:
    """Every module below a source root, by dotted name."""
    paths = {_name(path.relative_to(root)): path for path in sorted(root.rglob("*.py"))}
    return {name: _module(name, path, frozenset(paths)) for name, path in paths.items()}


def _name(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _module(name: str, path: Path, known: frozenset[str]) -> Module:
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    inside = {id(node) for function in functions for node in ast.walk(function)}
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    imports = [
        Import(full, _owner(full, known), node.lineno, id(node) in inside)
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for full in _names(node, package, tree)
    ]
    sizes = tuple((f.name, (f.end_lineno or f.lineno) - f.lineno + 1) for f in functions)
    calls = tuple((_called(node), node.lineno) for node in ast.walk(tree) if isinstance(node, ast.Call))
    return Module(name, path, len(text.splitlines()), tuple(imports), sizes, calls)


def _names(node: ast.Import | ast.ImportFrom, package: str, tree: ast.Module) -> list[str]:
    """What an import brings in: names with their module; of a plain ``import x`` what is used of it, ``x.y``."""
    if isinstance(node, ast.Import):
        used = {ast.unparse(part) for part in ast.walk(tree) if isinstance(part, ast.Attribute)}
        return [
            name
            for alias in node.names
            for name in sorted(u for u in used if u.startswith(f"{alias.name}.")) or [alias.name]
        ]
    above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
    base = ".".join([*above, *([node.module] if node.module else [])])
    return [f"{base}.{alias.name}" for alias in node.names]


def _owner(full: str, known: frozenset[str]) -> str:
    """The module of ours that defines a name, else the name itself."""
    return full if full in known or full.rpartition(".")[0] not in known else full.rpartition(".")[0]


def _called(call: ast.Call) -> str:
    return getattr(call.func, "attr", getattr(call.func, "id", ""))


def _within(name: str, prefixes: tuple[str, ...]) -> bool:
    return any(name == prefix or name.startswith(f"{prefix}.") for prefix in prefixes)


def _all(modules: Modules) -> Iterator[tuple[Module, Import]]:
    return ((module, used) for module in modules.values() for used in module.imports)


def every_unit_has_a_floor(modules: Modules) -> Iterator[str]:
    """A new folder is put on a floor before anything stands on it."""
    for unit in sorted({m.unit for m in modules.values() if m.name.startswith("stagemail")} - set(FLOORS)):
        yield f"stagemail/{unit}: on no floor"


def imports_point_to_a_strictly_lower_floor(modules: Modules) -> Iterator[str]:
    """Down, never up; siblings on a floor never meet."""
    for module, used in _all(modules):
        if module.name.startswith("stagemail") and used.module in modules and used.module.startswith("stagemail"):
            there = modules[used.module].unit
            if there != module.unit and FLOORS.get(there, 99) >= FLOORS.get(module.unit, -1):
                yield f"{module.name}:{used.line} imports {used.module}"


def use_cases_never_see_an_adapter(modules: Modules) -> Iterator[str]:
    """reconcile speaks to ports only."""
    for module, used in _all(modules):
        if module.unit == "reconcile" and used.module in modules and FLOORS.get(modules[used.module].unit) == 3:
            yield f"{module.name}:{used.line} imports {used.module}"


def the_emulator_and_stagemail_know_nothing_of_each_other(modules: Modules) -> Iterator[str]:
    """Two products."""
    for module, used in _all(modules):
        mine, other = module.name.partition(".")[0], used.name.partition(".")[0]
        if {mine, other} == {"stagemail", "odc_emulator"}:
            yield f"{module.name}:{used.line} imports {used.name}"


def some_libraries_have_one_home(modules: Modules) -> Iterator[str]:
    """The "only importer of" lines of the layout."""
    for module, used in _all(modules):
        for name, homes in ONLY_IMPORTERS.items():
            if module.name.startswith("stagemail") and _within(used.name, (name,)) and not _within(module.name, homes):
                yield f"{module.name}:{used.line} imports {used.name}; only {', '.join(homes)} may"


def planning_knows_mail_in_hazards_only(modules: Modules) -> Iterator[str]:
    """Everything else in planning would do for another kind of settings."""
    for module, used in _all(modules):
        if (
            module.unit == "planning"
            and used.module == "stagemail.model.email"
            and not module.name.endswith(".hazards")
        ):
            yield f"{module.name}:{used.line} imports {used.name}"


def the_model_needs_the_standard_library_only(modules: Modules) -> Iterator[str]:
    """So that everything may stand on it."""
    for module, used in _all(modules):
        top = used.name.partition(".")[0]
        if module.unit == "model" and top != "stagemail" and top not in sys.stdlib_module_names:
            yield f"{module.name}:{used.line} imports {used.name}"


def what_is_pure_has_no_effect(modules: Modules) -> Iterator[str]:
    """No clock, no log, no input or output, no dice."""
    for module, used in _all(modules):
        harmless = _within(used.name, ("urllib.parse", "io.StringIO"))
        if module.unit in PURE and used.name.partition(".")[0] in EFFECTS and not harmless:
            yield f"{module.name}:{used.line} imports {used.name}"


def what_is_pure_calls_nothing_with_an_effect(modules: Modules) -> Iterator[str]:
    """The ones that need no import, or hide on a type."""
    for module in modules.values():
        for name, line in module.calls:
            if module.unit in PURE and name in ("now", "utcnow", "today", "open", "print", "input", "exec", "eval"):
                yield f"{module.name}:{line} calls {name}"


def there_are_no_cycles(modules: Modules) -> Iterator[str]:
    """Imports in functions count too."""
    graph = {m.name: {u.module for u in m.imports if u.module in modules} - {m.name} for m in modules.values()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        yield " → ".join(error.args[1])


def imports_stand_at_the_top(modules: Modules) -> Iterator[str]:
    """But for the pinned ones; modules are loaded by name where verbs and plugins are."""
    for module, used in _all(modules):
        if used.lazy and not _within(used.name, LAZY.get(module.name, ())):
            yield f"{module.name}:{used.line} imports {used.name} in a function"
    for module in modules.values():
        for name, line in module.calls:
            if name in ("import_module", "__import__") and not module.name.startswith(LOADERS):
                yield f"{module.name}:{line} loads a module by name"


def modules_stay_small(modules: Modules) -> Iterator[str]:
    """Median at most 120 lines, nine in ten at most 300, none over 400; two folders deep below a product."""
    sizes = [module.lines for module in modules.values() if module.lines > 5]
    for module in modules.values():
        if module.lines > 400:
            yield f"{module.name}: {module.lines} lines"
        if module.name.count(".") > (2 if module.path.name == "__init__.py" else 3):
            yield f"{module.name}: more than two folders deep"
    if sum(size > 300 for size in sizes) > len(sizes) / 10:
        yield "more than one module in ten has over 300 lines"
    if sizes and median(sizes) > 120:
        yield f"the median module has {median(sizes)} lines"


def functions_stay_small(modules: Modules) -> Iterator[str]:
    """Nine in ten at most 30 lines, none over 60."""
    sizes = [size for module in modules.values() for _, size in module.functions]
    for module in modules.values():
        yield from (f"{module.name}.{name}: {size} lines" for name, size in module.functions if size > 60)
    if sum(size > 30 for size in sizes) > len(sizes) / 10:
        yield "more than one function in ten has over 30 lines"


RULES: tuple[Rule, ...] = (
    every_unit_has_a_floor,
    imports_point_to_a_strictly_lower_floor,
    use_cases_never_see_an_adapter,
    the_emulator_and_stagemail_know_nothing_of_each_other,
    some_libraries_have_one_home,
    planning_knows_mail_in_hazards_only,
    the_model_needs_the_standard_library_only,
    what_is_pure_has_no_effect,
    what_is_pure_calls_nothing_with_an_effect,
    there_are_no_cycles,
    imports_stand_at_the_top,
    modules_stay_small,
    functions_stay_small,
)


@cache
def house() -> Modules:
    return read(CONTROLLER)


def name_of(rule: Rule) -> str:
    return getattr(rule, "__name__", "rule")


@pytest.mark.parametrize("rule", RULES, ids=name_of)
def test_the_house_keeps_the_rule(rule: Rule) -> None:
    assert list(rule(house())) == []


def test_the_house_was_looked_at() -> None:
    assert {"stagemail.errors", "stagemail.ports", "stagemail.reconcile.credentials", "odc_emulator"} <= set(house())
    assert len(house()["stagemail.ports"].imports) > 5


def test_no_pinned_exception_has_outlived_its_reason() -> None:
    lazy = {module.name: [used.name for used in module.imports if used.lazy] for module in house().values()}
    stale = [
        (name, target)
        for name, targets in LAZY.items()
        for target in targets
        if not any(_within(used, (target,)) for used in lazy[name])
    ]
    assert stale == []


LONG = "def long():\n" + "    x = 1\n" * 60
WRONG: Mapping[Rule, Mapping[str, str]] = {
    every_unit_has_a_floor: {"stagemail/attic/x.py": ""},
    imports_point_to_a_strictly_lower_floor: {
        "stagemail/secret/x.py": "from stagemail.record import y",
        "stagemail/record/y.py": "",
        "stagemail/model/z.py": "from ..secret.x import Thing",
    },
    use_cases_never_see_an_adapter: {
        "stagemail/reconcile/x.py": "import stagemail.record.y",
        "stagemail/record/y.py": "",
    },
    the_emulator_and_stagemail_know_nothing_of_each_other: {
        "odc_emulator/x.py": "from stagemail.model import key",
        "stagemail/target/x.py": "import odc_emulator",
    },
    some_libraries_have_one_home: {
        "stagemail/source/x.py": "import yaml.cyaml",
        "stagemail/cli/x.py": "from stagemail.ports import SecretStore",
        "stagemail/ports.py": "class SecretStore: ...",
        "stagemail/source/schema_cache.py": "from jsonschema import validate",
    },
    planning_knows_mail_in_hazards_only: {
        "stagemail/planning/x.py": "from stagemail.model.email import HOST",
        "stagemail/planning/hazards.py": "from stagemail.model import email",
        "stagemail/model/email.py": "HOST = 1",
    },
    the_model_needs_the_standard_library_only: {"stagemail/model/x.py": "import json, rich"},
    what_is_pure_has_no_effect: {
        "stagemail/planning/x.py": "import time",
        "stagemail/report/y.py": "import io, os\nio.StringIO(os.sep)",
    },
    what_is_pure_calls_nothing_with_an_effect: {
        "stagemail/report/x.py": "from datetime import datetime\nprint(datetime.now())",
    },
    there_are_no_cycles: {
        "stagemail/model/x.py": "from stagemail.model.y import a",
        "stagemail/model/y.py": "def f():\n    from stagemail.model import x",
    },
    imports_stand_at_the_top: {
        "stagemail/secret/x.py": "def f():\n    import json",
        "stagemail/source/y.py": "import importlib\nimportlib.import_module('json')",
        "stagemail/cli/z.py": "import importlib\nimportlib.import_module('json')",
    },
    modules_stay_small: {"stagemail/model/x.py": "x = 1\n" * 401, "stagemail/a/b/c/x.py": ""},
    functions_stay_small: {"stagemail/model/x.py": LONG, "odc_emulator/y.py": "def short(): ..."},
}
BREACHES: Mapping[Rule, int] = {
    every_unit_has_a_floor: 1,
    use_cases_never_see_an_adapter: 1,
    some_libraries_have_one_home: 3,
    planning_knows_mail_in_hazards_only: 1,
    the_model_needs_the_standard_library_only: 1,
    there_are_no_cycles: 1,
    modules_stay_small: 4,
}
"""How often each wrong house breaks its rule, where it is not twice."""


@pytest.mark.parametrize("rule", RULES, ids=name_of)
def test_a_house_that_breaks_the_rule_is_caught(rule: Rule, tmp_path: Path) -> None:
    for path, text in WRONG[rule].items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    assert len(list(rule(read(tmp_path)))) == BREACHES.get(rule, 2)

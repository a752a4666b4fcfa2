"""What commands load before they do anything: the dear libraries only where they are needed. Counted, never timed."""

import subprocess
import sys

import pytest

DEAR = ("sqlalchemy", "alembic", "jsonschema", "httpx2", "email_validator", "tenacity", "jinja2", "git")
MODELS = ("vault", "aws", "azure", "google", "kubernetes", "age", "keyring")


def loaded(*modules: str) -> set[str]:
    program = f"import sys, {', '.join(modules)}; print('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    return set(done.stdout.split())


@pytest.mark.parametrize("verb", ["plan", "validate", "status", "history", "drift"])
def test_a_verb_that_writes_nothing_loads_no_dear_library(verb: str) -> None:
    assert loaded(f"stagemail.cli.{verb}").isdisjoint(DEAR)


def test_stores_that_nobody_named_cost_no_model() -> None:
    found = loaded("stagemail.cli.plan", "stagemail.wiring.stores")
    assert found.isdisjoint(f"stagemail.resources.stores.{name}" for name in MODELS)


def test_help_and_if_changed_load_neither_pydantic_nor_a_validator() -> None:
    found = loaded("stagemail.cli.main", "stagemail.cli.if_changed")
    assert found.isdisjoint({*DEAR, "pydantic", "jsonschema_rs"})


def test_no_plugin_of_pydantic_is_looked_for() -> None:
    program = "import pydantic.plugin._loader as found, stagemail.resources.operator; print(tuple(found.get_plugins()))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "()\n"

"""Installed as a wheel and in place, stagemail finds its files and runs from outside the repository."""

import json
import shutil
import zipfile
from pathlib import Path

import pytest
from tests.packaging.conftest import ROOT, Environment

pytestmark = pytest.mark.slow
SCHEMAS = sorted(path.name for path in (ROOT / "schemas").glob("*.json"))
FOLDERS = "from stagemail.resources.location import {name}; print({name}())"


@pytest.fixture(params=["installed", "editable"])
def environment(request: pytest.FixtureRequest) -> Environment:
    """Both ways."""
    found: Environment = request.getfixturevalue(request.param)
    return found


def test_the_wheel_holds_schemas_sample_and_types_and_no_tests(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    sample = {path.relative_to(ROOT).as_posix() for path in (ROOT / "environments").rglob("*.yaml")}
    assert {f"stagemail/schemas/{name}" for name in SCHEMAS} <= names
    assert {f"stagemail/sample/{name}" for name in {*sample, "stagemail.yaml"}} <= names
    assert {"stagemail/py.typed", "odc_emulator/py.typed"} <= names
    tops = {name.split("/")[0] for name in names}
    assert tops == {"stagemail", "odc_emulator", next(top for top in tops if top.endswith(".dist-info"))}
    assert not [name for name in names if "test" in Path(name).name.split("_") or "/tests/" in name]


def test_the_wheel_says_what_it_is(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    metadata = archive.read(next(n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))).decode()
    assert "License-Expression: Apache-2.0" in metadata
    assert "Requires-Python: >=3.11" in metadata
    assert "Provides-Extra: emulator" in metadata
    assert "# stagemail" in metadata, "the README is its description"


def test_it_runs_outside_the_repository(environment: Environment) -> None:
    assert environment.run("stagemail", "--version").strip() == "stagemail 0.1.0"
    assert environment.run("python", "-m", "stagemail", "--version").strip() == "stagemail 0.1.0"
    assert "Commands:" in environment.run("stagemail", "--help")
    assert "guid-pending" in environment.run("odc-emulator", "profiles")


def test_it_finds_its_schemas(environment: Environment) -> None:
    folder = Path(environment.python(FOLDERS.format(name="schema_folder")))
    assert sorted(path.name for path in folder.glob("*.json")) == SCHEMAS
    assert not folder.is_relative_to(ROOT)
    printed = json.loads(environment.run("stagemail", "schema", "Waiver"))
    assert printed == json.loads((folder / "Waiver.schema.json").read_text(encoding="utf-8"))


def test_it_finds_its_sample_and_validates_it(environment: Environment) -> None:
    folder = Path(environment.python(FOLDERS.format(name="sample_folder")))
    assert not folder.is_relative_to(ROOT)
    here = environment.outside / "sample"
    shutil.rmtree(here, ignore_errors=True)
    shutil.copytree(folder / "environments", here / "environments")
    shutil.copy(folder / "stagemail.yaml", here)
    assert "stages: development, production, qa" in environment.run("stagemail", "validate", "sample")
    broken = here / "environments" / "qa" / "email.yaml"
    broken.write_text(broken.read_text(encoding="utf-8").replace("port: 587", "port: x"), encoding="utf-8")
    assert "environments/qa/email.yaml:7" in environment.run("stagemail", "validate", "sample", code=1)


def test_only_the_installed_code_runs(installed: Environment, editable: Environment, checkout: Path) -> None:
    where = "import stagemail; print(stagemail.__file__)"
    assert Path(installed.python(where)).is_relative_to(installed.folder)
    assert Path(editable.python(where)).is_relative_to(checkout)


def test_every_module_of_the_wheel_can_be_imported(installed: Environment, wheel: Path) -> None:
    names = [name for name in zipfile.ZipFile(wheel).namelist() if name.endswith(".py")]
    modules = sorted(name.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for name in names)
    runs = {"stagemail.__main__", "stagemail.record.migrations.env"}  # these do something when they are imported
    wanted = [name for name in modules if name not in runs]
    installed.python(f"import importlib\nfor name in {wanted!r}: importlib.import_module(name)")

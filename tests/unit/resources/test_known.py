"""What stands in for an operator file that was judged before is as the file itself."""

import json
from pathlib import Path
from typing import Any, NoReturn

import pytest

from stagemail.resources.known import NotPlainError, frozen, is_kind, thawed
from stagemail.resources.operator import Operator
from stagemail.resources.policy import grants_of, policy_of, secret_ref
from stagemail.resources.references import all_sources, secret_references
from stagemail.resources.targets import OdcTarget
from stagemail.source.operator_file import load_operator

EXAMPLES = Path(__file__).parents[2] / "examples"
FILES = [EXAMPLES / "operator.yaml", EXAMPLES / "valid" / "operator.yaml", EXAMPLES / "valid" / "operator-full.yaml"]
ODC = f"{OdcTarget.__module__}.{OdcTarget.__qualname__}"


def _never() -> NoReturn:
    raise AssertionError("the models were loaded")


@pytest.fixture(params=FILES, ids=lambda path: path.stem)
def written(request: pytest.FixtureRequest) -> Operator:
    path: Path = request.param
    return load_operator(path.read_bytes(), path.name)


def known(operator: Operator) -> Operator:
    """As it comes back from a file."""
    return thawed(json.loads(json.dumps(frozen(operator))), _never)


def test_what_commands_ask_is_answered_alike_and_without_models(written: Operator) -> None:
    stands_in = known(written)
    assert stands_in.folders() == written.folders()
    assert grants_of(stands_in) == grants_of(written)
    for stage in written.stages:
        assert stands_in.folders_of(stage) == written.folders_of(stage)
        for automatic in (False, True):
            assert policy_of(stands_in, stage, automatic=automatic) == policy_of(written, stage, automatic=automatic)
    references = [(where, secret_ref(found)) for where, found in secret_references(written)]
    assert [(where, secret_ref(found)) for where, found in secret_references(stands_in)] == references
    assert [where for where, _ in all_sources(stands_in)] == [where for where, _ in all_sources(written)]
    for by_alias in (False, True):
        assert stands_in.model_dump(by_alias=by_alias) == written.model_dump(by_alias=by_alias)
    for name, target in written.targets.items():
        assert is_kind(stands_in.targets[name], ODC) is is_kind(target, ODC) is isinstance(target, OdcTarget)
        assert getattr(stands_in.targets[name], "portfolio_names", None) == getattr(target, "portfolio_names", None)


def test_what_it_cannot_answer_the_models_do(written: Operator) -> None:
    stands_in = thawed(frozen(written), lambda: written)
    for name, stage in written.stages.items():
        assert stands_in.stages[name].model_copy() == stage
    assert stands_in.within(None).stages == written.within(None).stages
    with pytest.raises(AttributeError):
        stands_in.no_such_field  # type: ignore[attr-defined] # noqa: B018 - asking is the test


def test_what_is_no_plain_data_is_not_frozen(written: Operator) -> None:
    odd: Any = written.model_copy(update={"own_domains": {"example.com"}})
    with pytest.raises(NotPlainError):
        frozen(odd)

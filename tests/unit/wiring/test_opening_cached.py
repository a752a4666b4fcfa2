"""What was remembered of operator file and documents never changes what a command sees: warm is as cold."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stagemail.errors import StagemailError
from stagemail.resources.policy import grants_of, policy_of
from stagemail.wiring.opening import open_installation, open_source

OPERATOR = """apiVersion: stagemail/v1
kind: Operator
targets:
  odc:
    type: odc
    domain: example.outsystems.dev
    credentials: {{clientId: ci, clientSecret: {{secretRef: {{store: env, key: ODC}}}}}}
stages:
  qa: {{target: odc, environment: QA, purpose: non-production}}
secretStores: {{env: {{type: env}}}}
guards: {{non-production: {{hold: [takeover], massChange: {{absolute: {number}, relative: 30%}}}}}}
"""
BINDING = """apiVersion: stagemail/v1
kind: AppBinding
metadata: {{name: app-{number}}}
spec:
  apps: ["App{number}"]
  recipients: {{mode: test-list, testList: [{{name: Team, address: {address}}}]}}
"""
WAIVER = """apiVersion: stagemail/v1
kind: Waiver
metadata: {{name: waiver-{number}}}
spec: {{allow: takeover, to: any, reason: for the pilot, expires: 2027-01-0{number}}}
"""
CONTENTS = st.one_of(
    st.builds(BINDING.format, number=st.integers(1, 3), address=st.sampled_from(["qa@example.com", "b@example.com"])),
    st.builds(WAIVER.format, number=st.integers(1, 9)),
    st.sampled_from(["", "a: 1\n", BINDING.format(number=1, address="no-address"), "kind: [\n"]),
    st.just(BINDING.format(number=2, address='"ghp_abcdefghij@example.com"')),
    st.just(BINDING.format(number=3, address='"аdmin@example.com"')),
)
CHANGES = st.lists(st.tuples(st.integers(0, 4), CONTENTS, st.integers(9, 12)), min_size=1, max_size=6)


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """A new folder each time."""
    return lambda: tmp_path_factory.mktemp("new")


def seen(root: Path) -> object:
    """All that a plan or a validation stands on, without a platform."""
    try:
        installation = open_installation(None, root)
        loaded = open_source(root, None, installation).load()
    except StagemailError as error:
        return str(error), getattr(error, "problems", ())
    return loaded, policy_of(installation.operator, "qa", automatic=True), grants_of(installation.operator)


@given(changes=CHANGES)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_warm_is_as_cold(changes: list[tuple[int, str, int]], fresh: Callable[[], Path]) -> None:
    root, warm = fresh(), fresh()
    folder = root / "environments" / "qa"
    folder.mkdir(parents=True)
    for file, content, number in changes:
        (folder / f"file-{file}.yaml").write_text(content, encoding="utf-8")
        (root / "stagemail.yaml").write_text(OPERATOR.format(number=number), encoding="utf-8")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("XDG_CACHE_HOME", str(warm))
            again = [seen(root), seen(root)]
            patch.setenv("XDG_CACHE_HOME", str(fresh()))
            assert again == [seen(root)] * 2

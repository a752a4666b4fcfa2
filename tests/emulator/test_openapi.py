"""Schemathesis against the official documents: no answer that they do not describe, but for a listed allowance."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from tests.emulator import openapi
from tests.emulator.conftest import Api

from odc_emulator.profiles import PROFILES
from odc_emulator.server import EmulatorServer
from odc_emulator.world import derived_key

if openapi.directory() is None:
    pytest.skip("ODC_OPENAPI_DIR is not set", allow_module_level=True)

# In the documents, not in the emulator: nothing about email needs them.
NOT_EMULATED = {
    ("get", "/publish-operations"),
    ("post", "/publish-operations"),
    ("get", "/publish-operations/{operationKey}"),
    ("get", "/publish-operations/{operationKey}/messages"),
    ("get", "/libraries"),
    ("patch", "/portfolios/{portfolioKey}"),
    ("patch", "/environments"),
    ("patch", "/environments/{environmentKey}"),
}
REAL = {
    "environmentKey": derived_key("stage", "QA"),
    "applicationKey": derived_key("app", "CRM"),
    "agentKey": derived_key("app", "Assistant"),
    "assetKey": derived_key("app", "CRM"),
    "baselineRevision": "11",
}


@pytest.mark.parametrize("name", openapi.FILES)
@pytest.mark.parametrize("profile", ["guid-pending", "symbol-live"])
def test_no_answer_is_undocumented(
    start: Callable[..., EmulatorServer], connect: Callable[..., Api], name: str, profile: str
) -> None:
    api = connect(start(profile))
    statuses: Counter[int] = Counter()
    raw = openapi.raw(name)
    for operation in schemathesis.openapi.from_dict(raw).get_all_operations():
        _exercise(operation.ok(), name, api, statuses)
    assert 200 in statuses
    assert statuses[500] == 0
    assert set(statuses) <= {200, 201, 204} | set(openapi.ALLOWED)


def _exercise(operation: Any, name: str, api: Api, statuses: Counter[int]) -> None:
    prefix = openapi.PREFIXES[name]

    @seed(1)
    @settings(
        max_examples=12,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(), real=st.booleans())
    def run(case: Any, real: bool) -> None:
        if real:
            _substitute(case)
        answer = case.call(
            base_url=f"{api.emulator.url}{prefix}", headers={"Authorization": api.http.headers["Authorization"]}
        )
        path = answer.request.url.removeprefix(api.emulator.url).partition("?")[0]
        if (operation.method.lower(), operation.path) in NOT_EMULATED:
            assert answer.status_code in (404, 405)
        else:
            openapi.check(answer.request.method, path, answer.status_code, answer.content)
        statuses[answer.status_code] += 1

    run()


def _substitute(case: Any) -> None:
    """Real keys instead of invented ones, so that more than the refusals is reached."""
    for name, value in REAL.items():
        if name in (case.path_parameters or {}):
            case.path_parameters[name] = value
        if isinstance(case.body, dict) and name in case.body:
            case.body[name] = value


def test_only_profiles_that_refuse_unknown_keys_need_the_allowance_for_the_stage_patch() -> None:
    declared = openapi.document("asset-configurations")["paths"]
    stage = declared["/environments/{environmentKey}/default-system-configurations"]["patch"]["responses"]
    assert sorted(stage) == ["204", "401", "403", "404"]
    refusing = {p.name for p in PROFILES.values() if p.unknown_key == "400"}
    assert refusing == {"symbol-pending", "symbol-live", "no-test-list-live"}

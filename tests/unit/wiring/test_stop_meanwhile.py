"""A `stop` that is written while a run is under way: the run sees it before it sends anything more."""

from pathlib import Path
from threading import Event

import pytest
from tests.unit.wiring.memory_platform import PLUGIN

from stagemail.reconcile.net import Net
from stagemail.target.memory import MemoryTarget
from stagemail.wiring import plugins
from stagemail.wiring.clock import SystemClock
from stagemail.wiring.current import Current
from stagemail.wiring.stopping import StoppingClock
from stagemail.wiring.tracing import no_spans

OPERATOR = """\
apiVersion: stagemail/v1
kind: Operator
source: {path: environments}
targets:
  odc: {type: memory}
stages:
  qa: {target: odc, environment: QA, purpose: non-production}
secretStores:
  env: {type: env}
"""
STOP = "stop: {reason: the provider is down}\n"


def test_a_run_that_began_before_asks_the_operator_file_that_is_in_force_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "stagemail.yaml"
    path.write_text(OPERATOR)
    monkeypatch.setitem(plugins.TARGETS, "memory", "tests.unit.wiring.memory_platform:PLUGIN")
    monkeypatch.setattr(PLUGIN, "target", MemoryTarget(SystemClock()), raising=False)
    current = Current(path, tmp_path, StoppingClock(SystemClock(), Event()), Net(), no_spans, state=None)
    stop = current.built.running.world("qa").stop
    assert stop() == ""
    path.write_text(OPERATOR + STOP)
    current.renew()
    assert stop() == "the provider is down"
    path.write_text(OPERATOR)
    current.renew()
    assert stop() == ""

"""Some apps of many fail, and one goes in the middle: the others are finished, and the next run does only the rest.

Others on the platform: ``tests/acceptance/test_outside.py``, ``test_refusals.py``, ``test_permissions.py``.
"""

import re

from tests.acceptance.bench import PATIENCE, Bench
from tests.acceptance.conftest import MakeBench
from tests.acceptance.test_controller import APPS, EMAIL, port

from odc_emulator.seed import AppSeed, default_seed

MORE = [f"Shop{number}" for number in range(1, 6)]
OPERATIONS = "deployment-operations"


def test_three_of_ten_apps_fail_and_the_next_run_does_only_those(make_bench: MakeBench) -> None:
    seed = default_seed()
    seed.apps.extend(AppSeed(name=name, stages=["QA"]) for name in MORE)
    bench = make_bench(seed=seed)
    bench.change("environments/shared/apps.yaml", "[Billing, PortalAdmin]", '[Billing, PortalAdmin, "Shop*"]')
    bench.run("apply", "qa").shows("live on 10 of 10 apps")
    bench.change(EMAIL, "port: 587", "port: 2587")
    bench.platform.fault("apply-error", method="POST", path=OPERATIONS, after=5, times=3, message="No capacity left.")
    said = bench.run("apply", "qa", expect=5).shows("No capacity left.")
    found = re.search(r"live on (\d+) of 10 apps", said.text)
    assert found, said.text
    failed = 10 - int(found[1])
    assert 1 <= failed <= 3, "one that the limits refused counts among the three, and is sent again"
    before = bench.mark()
    bench.platform.clear_faults()
    bench.run("apply", "qa").shows("live on 10 of 10 apps")
    writes = bench.writes(before)
    assert sum(count for (method, _), count in writes.items() if method == "POST") == failed, writes
    assert ("PATCH", "QA") not in writes
    bench.run("plan", "qa", "--detailed-exitcode")


def test_an_app_that_is_undeployed_between_write_and_activation_holds_up_no_other(applied: Bench) -> None:
    applied.change(EMAIL, "port: 587", "port: 2587")
    applied.platform.fault("delay", method="PATCH", path="/api/", seconds=2.0)
    process = applied.start("apply", "qa")
    applied.until(lambda: bool(applied.platform.faults()[0]["hits"]), "the PATCH")
    applied.platform.undeploy("QA", "Billing")
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode in (0, 5), (out, err)
    assert "Traceback" not in err
    applied.run("apply", "qa").shows("live on 4 of 4 apps")
    assert {port(applied, app) for app in APPS if app != "Billing"} == {"2587"}

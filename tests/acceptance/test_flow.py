"""The main job from the first look at a platform to nothing left to do, under every profile."""

import json

import pytest
from tests.acceptance.conftest import MakeBench

from odc_emulator.profiles import PROFILES

WITHOUT = tuple(name for name, profile in PROFILES.items() if not profile.test_list_in_api)
WITH = tuple(name for name in PROFILES if name not in WITHOUT)


@pytest.mark.parametrize("profile", WITH)
def test_the_main_job_runs_from_discovery_to_an_empty_plan(make_bench: MakeBench, profile: str) -> None:
    bench = make_bench(profile, discovered=False)
    bench.run("target", "discover", "--write").shows("server.host", "recipients.testList")
    bench.commit("Map our fields to the platform's")
    bench.run("validate").shows("stages: development, production, qa")
    bench.run("plan", "--detailed-exitcode", expect=3).shows("smtp.example.com")
    bench.run("apply").shows("qa: read back equal, live on 5 of 5 apps", "production: read back equal, live on 4 of 4")
    bench.run("status").shows("qa", "Ready")
    empty = json.loads(bench.run("plan", "--detailed-exitcode", "--format", "json").out)
    assert [plan["steps"] for plan in empty["plans"]] == [[], [], []]

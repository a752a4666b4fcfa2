"""A plan says what an automatic apply of the same stages will do: commands take stages in the order of `dependsOn`."""

from tests.acceptance.bench import Bench


def test_a_plan_waits_for_no_stage_that_the_same_command_takes_first(bench: Bench) -> None:
    bench.run("plan", "--automatic").shows("qa at")
    bench.run("apply", "--automatic", expect=None)
    said = bench.run("status", expect=None)
    assert "is not Ready with these documents" not in said.out

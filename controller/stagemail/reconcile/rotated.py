"""Whether a secret got another value in its store between a saved plan and its apply.

A saved plan holds no value: whoever applies it reads the stores again, and fingerprints tell. Not here: refusing it
(``once``).
"""

from collections.abc import Iterator

from stagemail.model.plan import Plan
from stagemail.model.secret import SecretState
from stagemail.model.step import Change


def rotated_since(expected: Plan, now: Plan) -> Iterator[str]:
    """Secrets that have another value in their store than when the plan was made, in words."""
    before = dict(_states(expected))
    for ref, (change, state) in sorted(dict(_sent(now)).items()):
        was = before.get(ref) or (change.before if change.case == "rotated" else None)
        if isinstance(was, SecretState) and not was.same(state):
            versions = f" (version {was.version} → {state.version})" if was.version != state.version else ""
            yield f"the secret {ref} was rotated in its store{versions}"


def _states(plan: Plan) -> Iterator[tuple[str, SecretState]]:
    return ((ref, state) for ref, (_, state) in _sent(plan))


def _sent(plan: Plan) -> Iterator[tuple[str, tuple[Change, SecretState]]]:
    """The secrets that a plan would send and whose value was read, by reference."""
    for step in plan.steps:
        for change in step.changes:
            if isinstance(change.after, SecretState) and change.after.fingerprint:
                yield change.after.ref, (change, change.after)

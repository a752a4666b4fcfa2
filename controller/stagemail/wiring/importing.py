"""Import: what was found of an organization becomes files, and the law is proven before any of them is written.

The law: ``validate`` finds no error in the files, and a plan of them writes nothing. Both are done here as the commands
do them, over the files in memory and what was just read. Not here: reading ODC (``odc_import``), writing (``cli``).
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date

from stagemail.errors import InvalidInput, NeverAgain
from stagemail.model import email
from stagemail.model.snapshot import Applied, Desired
from stagemail.planning import keys_to_observe, plan_stage
from stagemail.planning.situation import Situation
from stagemail.reconcile.adopt_settings import Found
from stagemail.resources.operator import Operator
from stagemail.resources.plugins import Registries
from stagemail.resources.policy import policy_of
from stagemail.source.memory import MemorySource
from stagemail.source.operator_file import load_operator
from stagemail.wiring.places import OPERATOR_FILE
from stagemail.wiring.plugins import CheckDesired, Settings, stores, targets


def prove(files: Mapping[str, str], stages: Iterable[Found], check: CheckDesired, today: date) -> None:
    """Raises InvalidInput or NeverAgain where the files would not leave everything as it is."""
    operator = _operator(files[OPERATOR_FILE])
    data = {path: text.encode() for path, text in files.items() if path != OPERATOR_FILE}
    source = MemorySource(data, operator, today=today, checks=dict.fromkeys(operator.stages, check))
    loaded = source.load()
    errors = tuple(problem for problem in loaded.problems if problem.severity == "error")
    if errors:
        raise InvalidInput("what was imported does not validate; nothing was written", problems=errors, hint=_HINT)
    for found in stages:
        if found.stage in operator.stages:
            _prove_plan(found, loaded.stages[found.stage], operator, check)


_HINT = "this is a defect of stagemail: please report it; `stagemail init` writes files to start from meanwhile"


def _operator(text: str) -> Operator:
    registries = Registries(targets=Settings(targets()), stores=Settings(stores()))
    return load_operator(text.encode(), OPERATOR_FILE, registries)


def _prove_plan(found: Found, desired: Desired, operator: Operator, check: CheckDesired) -> None:
    """Plan with what ``plan`` would read."""
    checked = check(desired)
    keys = set(keys_to_observe(desired, found.inventory, every_app=False))
    read = tuple(resource for resource in found.observed.resources if resource.key in keys)
    made, resolved = plan_stage(
        Situation(
            desired=desired,
            inventory=found.inventory,
            observed=replace(found.observed, resources=read),
            applied=Applied(found.stage),
            capabilities=checked.capabilities,
            policy=policy_of(operator, found.stage, automatic=False),
            specs=email.SPECS,
            same=checked.same,
            revision="import",
            target="odc",
        )
    )
    wrong = [f"{step.label}: {step.action} {', '.join(change.field for change in step.changes)}" for step in made.steps]
    wrong += [conflict.message for conflict in resolved.conflicts]
    if wrong:
        listed = "; ".join(wrong)
        raise NeverAgain(f"{found.stage}: a plan would not be empty: {listed}; nothing was written", hint=_HINT)

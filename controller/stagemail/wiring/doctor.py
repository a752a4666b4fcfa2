"""The checks behind ``stagemail doctor``: each looks at one thing and says its remedy; none changes anything remote.

Not here: printing them (``report.findings``).
"""

import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from functools import partial

from stagemail.errors import StagemailError
from stagemail.model.key import CONFIGURATION, Key
from stagemail.model.revision import Loaded, Revision
from stagemail.model.run import Run
from stagemail.ports import Source
from stagemail.reconcile.uses import uses_of
from stagemail.report.findings import Finding
from stagemail.resources.postgresql_address import SCHEME, is_exposed, shown
from stagemail.wiring.running import Running

OLDEST_GIT = (2, 31)
SKEW = timedelta(minutes=5)
"""How far behind the newest thing that we recorded this machine's clock may be."""


LoadedOf = Callable[[str], Loaded]
"""By stage, what Git says of it and of those beside it, wherever its documents are. Raises what reading them raises."""


def examine(
    running: Running, checkout: Source | None, loaded_of: LoadedOf, stages: tuple[str, ...]
) -> tuple[Finding, ...]:
    """All checks in their order. One that fails does not keep the others from being made.

    ``checkout``: None where the documents of none of these stages are in it.
    """
    checks: list[tuple[str, Callable[[], Iterable[Finding]]]] = [
        ("git", lambda: [_git(), _repository(_revision(checkout, loaded_of, stages))]),
        ("state", lambda: _state(running)),
        ("documents", lambda: _documents(loaded_of, stages)),
        ("secrets", lambda: _secrets(running, loaded_of, stages)),
        ("clock", lambda: [_clock(running)]),
    ]
    checks += [(f"target {stage}", partial(_target, running, loaded_of, stage)) for stage in stages]
    return tuple(finding for name, check in checks for finding in _safely(name, check))


def _safely(name: str, check: Callable[[], Iterable[Finding]]) -> Iterator[Finding]:
    try:
        yield from check()
    except StagemailError as error:
        yield Finding(name, "fail", error.message, error.hint)


def _git() -> Finding:
    found = shutil.which("git")
    if found is None:
        return Finding("git", "fail", "git is not on the PATH", "install git 2.31 or newer")
    said = subprocess.run([found, "--version"], capture_output=True, text=True, timeout=10, check=False).stdout.strip()
    numbers = tuple(int(part) for part in said.split()[-1].split(".")[:2] if part.isdigit())
    if len(numbers) == 2 and numbers < OLDEST_GIT:
        return Finding("git", "fail", said, "install git 2.31 or newer")
    return Finding("git", "ok", said)


def _revision(checkout: Source | None, loaded_of: LoadedOf, stages: tuple[str, ...]) -> Revision:
    return checkout.revision() if checkout is not None else loaded_of(stages[0]).revision


def _repository(revision: Revision) -> Finding:
    if revision.dirty:
        return Finding("repository", "warn", f"not committed: {', '.join(revision.dirty)}", "commit before you apply")
    return Finding("repository", "ok", f"at {revision.short} {revision.subject}".rstrip())


def _state(running: Running) -> Iterator[Finding]:
    url = running.installation.state
    runs = running.record.runs(None, 1)
    last = f"last run {runs[0].started:%Y-%m-%d %H:%M}Z on {runs[0].stage}" if runs else "no run yet"
    yield Finding("state", "ok", f"{shown(url)}: {last}")
    if url.startswith(SCHEME) and is_exposed(url):
        remedy = "add sslmode=verify-full to `state:` (and sslrootcert, for an authority of your own)"
        yield Finding("state", "warn", "others on the way to the database could read and change what is said", remedy)


def _documents(loaded_of: LoadedOf, stages: tuple[str, ...]) -> Iterator[Finding]:
    for stage in stages:
        loaded = loaded_of(stage)
        if stage not in loaded.stages:
            continue
        if stage in loaded.blocked:
            yield Finding(f"documents {stage}", "fail", loaded.blocked[stage], "run `stagemail validate`")
        else:
            count = len(loaded.stages[stage].bindings)
            yield Finding(f"documents {stage}", "ok", f"{count} binding{'' if count == 1 else 's'}")


def _secrets(running: Running, loaded_of: LoadedOf, stages: tuple[str, ...]) -> Iterator[Finding]:
    uses = [use for stage in stages for use in uses_of(loaded_of(stage).stages.get(stage)).values()]
    for checked in running.credentials.check(uses):
        name = f"secret {checked.use.stage}"
        if checked.error is not None:
            yield Finding(name, "fail", checked.error.message, checked.error.hint)
        else:
            yield Finding(name, "ok", f"{checked.use.ref} from {checked.origin}")


def _target(running: Running, loaded_of: LoadedOf, stage: str) -> Iterator[Finding]:
    """Reaches the platform with our credential, sees the stage, may read its settings, and knows its entries."""
    name = f"target {stage}"
    target = running.target(running.installation.target_of(stage))
    inventory = target.inventory(stage)
    seen = inventory.stage
    yield Finding(name, "ok", f"{seen.name} ({seen.purpose or 'no purpose'}), {len(inventory.apps)} assets deployed")
    desired = loaded_of(stage).stages.get(stage)
    if desired is not None:
        notes = target.check(desired).problems
        for _, problem in notes:
            yield Finding(f"mapping {stage}", "warn", problem.message, problem.remedy)
    observed = target.observe(stage, (Key(stage, CONFIGURATION, seen.key),))
    fields = sum(len(resource.fields) for resource in observed.resources)
    yield Finding(f"mapping {stage}", "ok", f"{fields} settings read, as the mapping says")
    yield _permission(running, stage)


def _permission(running: Running, stage: str) -> Finding:
    """Viewing was just seen to work. No platform call tells whether writing would, so our record is asked."""
    name = f"permission {stage}"
    target = running.installation.operator.targets[running.installation.target_of(stage)]
    if getattr(target, "read_only", False):
        return Finding(name, "ok", "may view; the target is read-only, so nothing more is needed")
    for run in running.record.runs(stage, 50):
        written = [outcome for outcome in run.outcomes if outcome.action == "write"]
        refused = next((outcome.message for outcome in written if "permission" in outcome.message), "")
        if refused:
            return Finding(name, "fail", refused, "give the API client this permission in the platform's portal")
        if any(outcome.status == "done" for outcome in written):
            return Finding(name, "ok", f"may view; wrote here {run.started:%Y-%m-%d %H:%M}Z")
    remedy = "README (First steps) lists what writing needs; the first apply shows whether it is there"
    return Finding(name, "warn", "may view; whether it may write is not told by the platform", remedy)


def _clock(running: Running) -> Finding:
    now = running.clock.now()
    newest = max((_ended(run) for run in running.record.runs(None, 20)), default=now)
    if now < newest - SKEW:
        remedy = "set this machine's clock (NTP): leases and expiry dates rest on it"
        detail = f"it is {now:%Y-%m-%d %H:%M}Z here, and a run ended {newest:%Y-%m-%d %H:%M}Z"
        return Finding("clock", "fail", detail, remedy)
    return Finding("clock", "ok", f"{now:%Y-%m-%d %H:%M}Z")


def _ended(run: Run) -> datetime:
    return run.finished or run.started

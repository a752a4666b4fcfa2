"""Preflight: a stage's own settings and credentials, tried with its mail server; nothing is sent.

Credentials come from ``credentials`` only, so a file that names another host is refused before a store is asked. Many
stages are tried at the same time: what takes long is waiting for servers.
Not here: the conversation (``ports.MailProbe``), make before break (``trial``).
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import replace

from stagemail.errors import NotFound, StagemailError
from stagemail.model import email
from stagemail.model.key import CONFIGURATION
from stagemail.model.plan import NOTE_ORDER, Note, Plan
from stagemail.model.policy import Policy
from stagemail.model.probe import Extent, Probed, Server, server_of
from stagemail.model.run import Outcome
from stagemail.model.secret import Secret, SecretRef
from stagemail.model.snapshot import Configuration, Desired
from stagemail.model.step import Step
from stagemail.ports import MailProbe
from stagemail.reconcile.credentials import Credentials
from stagemail.reconcile.granting import Use
from stagemail.reconcile.stages import StageResult
from stagemail.reconcile.uses import destinations

PREFLIGHT = "preflight"
"""The action of the outcome that tells of a preflight."""


def configuration_of(desired: Desired) -> Configuration:
    """The stage's configuration. Raises NotFound."""
    if desired.configuration is None:
        raise NotFound(
            f"{desired.stage}: no email configuration claims this stage", hint="add one, or leave the stage out"
        )
    return desired.configuration


def server_with(desired: Desired, credentials: Credentials) -> Server:
    """The stage's mail server with its credential. Raises NotFound, GrantRefused, and what the store raises."""
    configuration = configuration_of(desired)
    uses = {
        name: Use(desired.stage, ref, destinations(configuration, name))
        for name, ref in sorted(configuration.fields.items())
        if isinstance(ref, SecretRef)
    }
    answers = credentials.resolve_many(uses.values())
    secrets: dict[str, Secret] = {}
    for name, use in uses.items():
        answer = answers[use]
        if isinstance(answer, StagemailError):
            raise answer
        secrets[name] = answer[0]
    return server_of(configuration.fields, secrets)


def extent_of(desired: Desired, asked: Extent) -> Extent:
    """How far to go: with the stage's sender where none is asked for."""
    return replace(asked, sender=asked.sender or str(configuration_of(desired).fields.get(email.SENDER_ADDRESS) or ""))


def preflight(desired: Desired, asked: Extent, credentials: Credentials, probe: MailProbe) -> Probed:
    """Try one stage. Raises what keeps it from being tried; what the server does is data."""
    return probe.probe(server_with(desired, credentials), extent_of(desired, asked))


def preflights(
    stages: Sequence[Desired], asked: Extent, credentials: Credentials, probe: MailProbe, executor: Executor
) -> tuple[StageResult[Probed], ...]:
    """Try every stage at the same time; what stops one is kept as its result. In the order that was given."""

    def work(desired: Desired) -> StageResult[Probed]:
        try:
            return StageResult(desired.stage, preflight(desired, asked, credentials, probe))
        except StagemailError as error:
            return StageResult(desired.stage, error=error)

    return tuple(executor.map(work, stages))


def noted(plan: Plan, result: StageResult[Probed]) -> Plan:
    """The plan with a note on what preflight found; such a plan is for reading, never for saving."""
    probed, error = result.value, result.error
    if probed is None:
        note = Note("preflight-failed", plan.stage, f"not tried: {error.sentence}" if error else "not tried")
    elif probed.failure is None:
        warned = "".join(f"; {step.cause}" for step in probed.warnings)
        told = f"every step up to the sender passed, seen from {probed.vantage}{warned}"
        note = Note("preflight-passed", probed.destination, told)
    else:
        told = f"{probed.failure.name}: {probed.failure.cause} (from {probed.vantage}); {probed.failure.next_step}"
        note = Note("preflight-failed", probed.destination, told)
    return replace(plan, notes=tuple(sorted((*plan.notes, note), key=NOTE_ORDER)))


def before_push(
    plan: Plan, desired: Desired, secrets: Mapping[str, Secret], policy: Policy, probe: MailProbe | None
) -> tuple[Plan, tuple[Outcome, ...]]:
    """``sync.preflight``: try the settings that an automatic run is about to push, and tell what it gave.

    A failure blocks the connection's settings only where the operator says ``preflightFailure: block``: this machine
    is not the platform. Recipients are never blocked by it.
    """
    pushing = tuple(step for step in plan.runnable if _connects(step))
    if not (policy.automatic and policy.preflight and pushing) or probe is None or desired.configuration is None:
        return plan, ()
    try:
        server = server_of(desired.configuration.fields, secrets)
    except KeyError:
        return plan, ()  # its secret could not be read, which blocks the step by itself
    failure = (probed := probe.probe(server, extent_of(desired, Extent()))).failure
    if failure is None:
        told = f"preflight: {probed.destination} takes these settings (seen from {probed.vantage})"
        return plan, (_outcome(pushing[0], told, retry=False),)
    told = f"preflight failed at {failure.name}: {failure.cause} (seen from {probed.vantage}, not from the platform)"
    if policy.preflight_blocks:
        blocked = f"{told}; {failure.next_step}"
        steps = tuple(replace(step, blocked=blocked) if step in pushing else step for step in plan.steps)
        plan = replace(plan, steps=steps)
    return plan, (_outcome(pushing[0], f"{told}; {failure.next_step}", retry=failure.retry),)


def _connects(step: Step) -> bool:
    return step.key.kind == CONFIGURATION and step.action == "write"


def _outcome(step: Step, message: str, *, retry: bool) -> Outcome:
    return Outcome(f"{step.id}:{PREFLIGHT}", step.key, step.label, PREFLIGHT, "reported", message, retry)

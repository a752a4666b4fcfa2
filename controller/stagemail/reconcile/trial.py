"""Make before break: a new credential is tried with the mail server before it replaces the one that works.

The trial logs in (connect, TLS, AUTH; with OAuth 2.0 a token first) and sends nothing. A refused credential is not
pushed: what is live stays live. This machine is not the platform: a server that only the platform reaches cannot be
tried from here, and what then happens is the operator's choice (``rotation.ifUnreachable``).
Not here: the conversation (``ports.MailProbe``), grants (asked before the secret was read).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from stagemail.errors import UserMustFix
from stagemail.model import email
from stagemail.model.field import Value
from stagemail.model.key import CONFIGURATION
from stagemail.model.plan import Plan
from stagemail.model.policy import Policy
from stagemail.model.probe import Extent, Probed, Server, server_of
from stagemail.model.run import Outcome
from stagemail.model.secret import Secret, SecretState
from stagemail.model.snapshot import Desired
from stagemail.model.step import Step
from stagemail.ports import MailProbe

VERIFY = "verify"
"""The action of the outcome that tells of a trial."""
LOGIN = frozenset({"token", "auth"})
"""Steps in which a server refuses a credential; one that fails before was never shown it."""


def tried(
    plan: Plan, desired: Desired, secrets: Mapping[str, Secret], policy: Policy, probe: MailProbe | None
) -> tuple[Plan, tuple[Outcome, ...]]:
    """The plan without the credential that its server did not accept, and what the trial gave.

    Nothing is tried unless ``policy.verify`` asks for it and the plan would send a credential.
    """
    sending = tuple(step for step in plan.runnable if _sends(step, secrets))
    if policy.verify != "smtp" or not sending or desired.configuration is None:
        return plan, ()
    if probe is None:
        raise UserMustFix(
            f"{plan.stage}: `rotation: {{verify: smtp}}` needs a way to speak with mail servers, and there is none here"
        )
    server = server_of(_soon(plan, desired.configuration.fields), secrets)
    if server.authentication is None:
        return plan, ()
    probed = probe.probe(server, Extent(until="auth"))
    blocked, message = _judged(server, probed, policy)
    if blocked:
        parts = (part for step in plan.steps for part in (_parted(step, blocked) if step in sending else (step,)))
        plan = replace(plan, steps=tuple(parts))
    return plan, tuple(_outcome(step, message, retry=bool(blocked) and not _is_refusal(probed)) for step in sending[:1])


def _sends(step: Step, secrets: Mapping[str, Secret]) -> bool:
    """Whether the step sends a credential to the platform, for the stage's mail server."""
    is_write = step.key.kind == CONFIGURATION and step.action == "write"
    return is_write and any(isinstance(c.after, SecretState) and c.field in secrets for c in step.changes)


def _soon(plan: Plan, wanted: Mapping[str, Value]) -> dict[str, Value]:
    """The stage's settings after this run: what Git wants, but for what is held, reported or blocked."""
    left = (step.changes for step in plan.steps if step.key.kind == CONFIGURATION and not step.runnable)
    kept = {change.field: change.before for changes in left for change in changes}
    return {**wanted, **{name: value for name, value in kept.items() if not email.SPECS[name].secret}}


def _judged(server: Server, probed: Probed, policy: Policy) -> tuple[str, str]:
    """Why the credential must not be sent ("" where it may), and the sentence about the trial."""
    failure = probed.failure
    seen = f"tried from {probed.vantage or 'this machine'}, nothing was sent"
    if failure is None:
        return "", f"{server.destination} accepts the login ({seen})"
    why = f"{failure.cause or failure.code or failure.name}{f' ({failure.reply})' if failure.reply else ''}"
    if _is_refusal(probed):
        told = f"{server.destination} refuses the login: {why} ({seen})"
        return f"not sent: {told}; the credential that is live stays. {failure.next_step}".rstrip(), told
    told = f"{server.destination} could not be asked: {failure.name}: {why} ({seen}); the platform may reach it"
    if policy.verify_unreachable == "push":
        return "", f"{told}: sent without a trial, as rotation.ifUnreachable says"
    advice = f"{failure.next_step}; or write `rotation: {{verify: smtp, ifUnreachable: push}}` for stage {policy.stage}"
    return f"not sent: {told}; the credential that is live stays. {advice.lstrip('; ')}", told


def _is_refusal(probed: Probed) -> bool:
    """Whether the server, or the token endpoint, was shown the credential and said no for good."""
    failure = probed.failure
    return failure is not None and failure.name in LOGIN and not failure.retry


def _parted(step: Step, blocked: str) -> Iterable[Step]:
    """The connection, which must wait, and what is written beside it and need not."""
    waits = tuple(change for change in step.changes if email.SPECS[change.field].unit == email.CONNECTION)
    goes = tuple(change for change in step.changes if change not in waits)
    yield replace(step, unit=email.CONNECTION, changes=waits, blocked=blocked)
    if goes:
        yield replace(step, unit="+".join(sorted({email.SPECS[change.field].unit for change in goes})), changes=goes)


def _outcome(step: Step, message: str, *, retry: bool) -> Outcome:
    fields: Sequence[str] = [c.field for c in step.changes if isinstance(c.after, SecretState)]
    return Outcome(f"{step.id}:{VERIFY}", step.key, step.label, VERIFY, "done", message, retry, tuple(fields))

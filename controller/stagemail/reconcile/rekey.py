"""A new key for the fingerprints of secrets: each is made again from the value that its store has.

What cannot be read is not lost: its version stays known, it counts as unverified, and it is said. Nothing is written to
a platform. Not here: how a record takes key and fingerprints as one (``ports.Rekeying``).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from stagemail.errors import StagemailError
from stagemail.model.secret import REPLACED, UNKNOWN, SecretState
from stagemail.model.snapshot import AppliedField, AppliedResource, Desired
from stagemail.ports import Clock, Leases, Record, Rekeying
from stagemail.reconcile.credentials import Checked, Credentials
from stagemail.reconcile.holding import held
from stagemail.reconcile.uses import uses_of
from stagemail.report.rekeyed import Rekeyed


class RekeyableRecord(Record, Leases, Rekeying, Protocol):
    """A record whose key can be changed, with its leases."""


@dataclass(frozen=True, slots=True)
class Keeper:
    """What changing the key works with. ``scopes``: every organization, so that no run is under way meanwhile."""

    record: RekeyableRecord
    credentials: Credentials
    clock: Clock
    owner: str
    scopes: tuple[str, ...]


def rekey(stages: Iterable[str], desired: Mapping[str, Desired], key: bytes, keeper: Keeper) -> tuple[Rekeyed, ...]:
    """Change the key. Gives every secret that is on record, sorted. Raises Busy while any run is under way.

    ``stages``: all that the operator file knows, whether or not Git wants anything of them.
    """
    with held(keeper.record, keeper.clock, keeper.owner, keeper.scopes) as lease:
        told: list[Rekeyed] = []
        resources: list[AppliedResource] = []
        for stage in sorted(stages):
            checked = {each.use.ref: each for each in keeper.credentials.check(uses_of(desired.get(stage)).values())}
            by_ref = {str(ref): each for ref, each in checked.items()}
            for resource in keeper.record.applied(stage).resources:
                fields = dict(resource.fields)
                for name, field, said in _again(resource, by_ref, key, keeper.credentials):
                    fields[name] = field
                    told.append(said)
                if fields != dict(resource.fields):
                    resources.append(replace(resource, fields=fields))
        keeper.record.rekey(key, resources, lease)
    return tuple(sorted(told))


def _again(
    resource: AppliedResource, checked: Mapping[str, Checked], key: bytes, credentials: Credentials
) -> Iterator[tuple[str, AppliedField, Rekeyed]]:
    for name, field in sorted(resource.fields.items()):
        if isinstance(field.value, SecretState) and field.value.fingerprint:
            state, why = _state(field.value, checked.get(field.value.ref), key, credentials)
            verified = field.verified and state.fingerprint != UNKNOWN
            said = Rekeyed(resource.key.stage, name, state.ref, state.version, why)
            yield name, replace(field, value=state, verified=verified), said


def _state(
    known: SecretState, checked: Checked | None, key: bytes, credentials: Credentials
) -> tuple[SecretState, str]:
    """The state with its fingerprint by the new key, and why it is known by version only ("" where it is not)."""
    if known.fingerprint in (UNKNOWN, REPLACED):
        return known, "" if known.fingerprint == REPLACED else "its fingerprint was not known before"
    if checked is None:
        return replace(known, fingerprint=UNKNOWN), "Git, as it is now, does not name it"
    if checked.error is not None or checked.state is None:
        return replace(known, fingerprint=UNKNOWN), _why(checked.error)
    if not known.same(checked.state):
        return replace(known, fingerprint=REPLACED), ""
    return replace(known, fingerprint=credentials.fingerprint(checked.use.ref, key)), ""


def _why(error: StagemailError | None) -> str:
    return error.sentence if error is not None else "it could not be read"

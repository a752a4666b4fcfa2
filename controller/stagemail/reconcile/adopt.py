"""Adopt what exists: from what was found of every stage to the documents that describe it, so that nothing changes.

Pure: the law (validate finds no error, a plan writes nothing) is proven by ``wiring.importing`` before any file is
written, and by Hypothesis. Not here: reading a platform (``wiring``), YAML text (``adopt_documents``).
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from stagemail.model import email
from stagemail.reconcile.adopt_recipients import Bound, bound_of
from stagemail.reconcile.adopt_settings import Found, Settings, settings_of
from stagemail.reconcile.adopt_shape import Plain
from stagemail.report.adoption import NeededSecret, Remark


@dataclass(frozen=True, slots=True)
class Credential:
    """One secret that documents refer to: its key in the store ``env``, and where it may be sent."""

    key: str
    stages: tuple[str, ...]
    destinations: tuple[str, ...]
    what: str


@dataclass(frozen=True, slots=True)
class Adopted:
    """One configuration with the stages that share it, and what each of them binds."""

    name: str
    settings: Settings
    recipients: Plain
    stages: tuple[tuple[Found, Bound], ...]
    credential: Credential | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Its stages."""
        return tuple(found.stage for found, _ in self.stages)


@dataclass(frozen=True, slots=True)
class Adoption:
    """Everything that is taken over, and what a person should know of it."""

    configurations: tuple[Adopted, ...]
    remarks: tuple[Remark, ...]

    @property
    def credentials(self) -> tuple[Credential, ...]:
        """Every secret, once."""
        return tuple(each.credential for each in self.configurations if each.credential)

    @property
    def unsupported(self) -> dict[str, tuple[str, ...]]:
        """By stage, the fields that its mapping must declare unsupported."""
        return {
            stage: each.settings.unsupported
            for each in self.configurations
            for stage in each.names
            if each.settings.unsupported
        }


def adopt(stages: Iterable[Found]) -> Adoption:
    """Describe every stage; equal configurations once. The order of the stages decides nothing."""
    groups: dict[str, Adopted] = {}
    remarks: list[Remark] = []
    for found in sorted(stages, key=lambda each: each.stage):
        settings = settings_of(found)
        if settings.why_not:
            remarks.append(Remark("not-imported", found.stage, "", settings.why_not))
            continue
        bound = bound_of(found, settings)
        remarks += [*settings.remarks, *bound.remarks]
        same = groups.setdefault(_likeness(settings, bound), Adopted("", settings, bound.recipients, ()))
        groups[_likeness(settings, bound)] = replace(same, stages=(*same.stages, (found, bound)))
    named = tuple(_named(sorted(groups.values(), key=lambda each: each.names)))
    return Adoption(named, tuple(sorted(remarks)))


def _likeness(settings: Settings, bound: Bound) -> str:
    parts = (settings.server, settings.authentication, settings.sender, bound.recipients, settings.unsupported)
    return json.dumps(parts, sort_keys=True)


def _named(groups: Sequence[Adopted]) -> Iterable[Adopted]:
    """Names of configurations and of their secrets: the stage's, or a common one where stages share them."""
    taken: set[str] = {each.names[0] for each in groups if len(each.names) == 1}
    for each in groups:
        name = each.names[0] if len(each.names) == 1 else _free("shared", taken)
        taken.add(name)
        yield replace(each, name=f"{name[:57]}-relay", credential=_credential(each, name))


def _free(name: str, taken: set[str]) -> str:
    number = 2
    free = name
    while free in taken:
        free, number = f"{name}-{number}", number + 1
    return free


def _credential(each: Adopted, name: str) -> Credential | None:
    settings = each.settings
    if not settings.secret:
        return None
    key = f"SMTP_{name.upper().replace('-', '_')}"
    written = settings.authentication
    if written["type"] == "basic":
        what = f"password of {written['username']} at {settings.destinations[0]}"
    else:
        what = f"client secret of {written['clientId']} at {written['tokenUrl']}"
    return Credential(key, each.names, settings.destinations, what)


def needed(adoption: Adoption, own: NeededSecret, prefix: str) -> tuple[NeededSecret, ...]:
    """Every variable to set: the platform's credential ``own`` first."""
    return (own, *(NeededSecret(prefix + each.key, each.what, each.stages) for each in adoption.credentials))


def own_domains(adoption: Adoption) -> tuple[str, ...]:
    """The mail domains of all senders."""
    senders = (each.settings.sender.get("address", "") for each in adoption.configurations)
    return tuple(sorted({email.domain_of(sender) for sender in senders if sender}))

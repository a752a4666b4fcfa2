"""What was adopted as the text of files: the operator file, configurations, bindings. Pure.

Not here: the mapping (the target's discovery writes it), writing files (``cli``).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from stagemail.document.writing import write
from stagemail.reconcile.adopt import Adopted, Adoption, own_domains
from stagemail.reconcile.adopt_recipients import Bound
from stagemail.reconcile.adopt_settings import Found
from stagemail.resources.formats import host_fault

OPERATOR: Final = "stagemail.yaml"
MAPPING: Final = "odc-mapping.yaml"
FOLDER: Final = "environments"
STORE: Final = "env"
PREFIX: Final = "STAGEMAIL_"
OWN_KEY: Final = "ODC_CLIENT_SECRET"
_OPERATOR_HEAD: Final = """\
# The operator file: identity, trust and policy. No secret is in it. Written by `stagemail import`.
# readOnly: nothing can be written until you set it to false.
"""
_SHARED_HEAD: Final = "# Several stages have this configuration; in a shared folder a document names its stages.\n"
_BINDINGS_HEAD: Final = "# Whose mail goes where, as the platform had it when this was imported.\n"
_API: Final = {"apiVersion": "stagemail/v1"}


@dataclass(frozen=True, slots=True)
class Organization:
    """How the operator file names the platform. ``portfolios`` as given, by name or key."""

    domain: str
    client_id: str
    portfolios: tuple[str, ...] = ()


def documents(adoption: Adoption, organization: Organization) -> Mapping[str, str]:
    """Path → text of every file but the mapping."""
    shared = _shared_folder(adoption)
    files = {OPERATOR: _OPERATOR_HEAD + write(_operator(adoption, organization, shared))}
    together = [write(_configuration(each)) for each in adoption.configurations if len(each.names) > 1]
    if together:
        files[f"{shared}/email.yaml"] = _SHARED_HEAD + "---\n".join(together)
    for each in adoption.configurations:
        for found, bound in each.stages:
            if len(each.names) == 1:
                files[f"{FOLDER}/{found.stage}/email.yaml"] = write(_configuration(each))
            texts = [write(binding) for binding in _bindings(each, bound)]
            if texts:
                files[f"{FOLDER}/{found.stage}/apps.yaml"] = _BINDINGS_HEAD + "---\n".join(texts)
    return files


def _shared_folder(adoption: Adoption) -> str:
    """A folder that is no stage's."""
    names = {stage for each in adoption.configurations for stage in each.names}
    return next(f"{FOLDER}/{name}" for name in ("shared", "shared-by-stages") if name not in names)


def _configuration(each: Adopted) -> dict[str, Any]:
    spec: dict[str, Any] = {"stages": list(each.names)} if len(each.names) > 1 else {}
    spec["server"] = each.settings.server
    if each.settings.authentication:
        written = dict(each.settings.authentication)
        if each.credential:
            written[each.settings.secret] = {"secretRef": {"store": STORE, "key": each.credential.key}}
        spec["authentication"] = written
    if each.settings.sender:
        spec["sender"] = each.settings.sender
    spec["recipients"] = each.recipients
    return {**_API, "kind": "EmailConfiguration", "metadata": {"name": each.name}, "spec": spec}


def _bindings(each: Adopted, bound: Bound) -> Iterator[dict[str, Any]]:
    taken: dict[str, int] = {}
    for recipients, apps in bound.groups:
        word = "apps" if recipients is None else str(recipients["mode"])
        taken[word] = taken.get(word, 0) + 1
        name = word if taken[word] == 1 else f"{word}-{taken[word]}"
        spec: dict[str, Any] = {"configuration": each.name, "apps": list(apps)}
        if recipients is not None:
            spec["recipients"] = recipients
        yield {**_API, "kind": "AppBinding", "metadata": {"name": name}, "spec": spec}


def _operator(adoption: Adoption, organization: Organization, shared: str) -> dict[str, Any]:
    grants = [
        {"stages": list(c.stages), "store": STORE, "keys": c.key, "destinations": list(c.destinations)}
        for c in adoption.credentials
    ]
    document: dict[str, Any] = {
        **_API,
        "kind": "Operator",
        "source": {"path": FOLDER},
        "state": "sqlite:///stagemail.db",
        "targets": {"odc": _target(organization)},
        "stages": dict(sorted(_stages(adoption, shared))),
        "secretStores": {STORE: {"type": "env", "prefix": PREFIX}},
        "grants": grants,
        "ownDomains": [domain for domain in own_domains(adoption) if not host_fault(domain)],
    }
    return {name: value for name, value in document.items() if value != []}


def _target(organization: Organization) -> dict[str, Any]:
    target: dict[str, Any] = {"type": "odc", "domain": organization.domain}
    portfolios = list(organization.portfolios)
    if portfolios:
        target |= {"portfolio": portfolios[0]} if len(portfolios) == 1 else {"portfolios": portfolios}
    secret = {"secretRef": {"store": STORE, "key": OWN_KEY}}
    credentials = {"clientId": organization.client_id, "clientSecret": secret}
    return {**target, "mapping": MAPPING, "readOnly": True, "credentials": credentials}


def _stages(adoption: Adoption, shared: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for each in adoption.configurations:
        for found, _ in each.stages:
            yield found.stage, _stage(found, [shared] if len(each.names) > 1 else [])


def _stage(found: Found, more: Sequence[str]) -> dict[str, Any]:
    stage: dict[str, Any] = {"target": "odc", "environment": found.environment, "purpose": found.purpose}
    if more:
        stage["folders"] = [f"{FOLDER}/{found.stage}", *more]
    return {**stage, "sync": {"automated": False, "selfHeal": "recipients"}}

"""Rules across the parts of the operator file: names that must exist, stages that must not meet, folders.

Pure: gives findings with the pointer of what is wrong. Not here: shapes (``operator``), lines (``source``).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from stagemail.model import grant as grants
from stagemail.model.meant import COMPARABLE
from stagemail.resources import dns, formats, mail, postgresql_address
from stagemail.resources.nearest import nearest
from stagemail.resources.operator import Operator
from stagemail.resources.references import all_sources, secret_references

Pointer = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Breach:
    """One rule that is broken: where in the file, a stable code, what, and what to write instead."""

    pointer: Pointer
    code: str
    message: str
    remedy: str = ""
    related: tuple[Pointer, ...] = ()


def breaches(operator: Operator) -> list[Breach]:
    """Everything that is wrong across the parts of the file, in the order of the file."""
    return [
        *_stages(operator),
        *_sources(operator),
        *_twins(operator),
        *_cycles(operator),
        *_folders(operator),
        *_secrets(operator),
        *_grants(operator),
        *_guards(operator),
        *_domains(operator),
        *_compared(operator),
        *_mail(operator),
        *_dns(operator),
        *_state(operator),
        *_addresses(operator),
        *_told_stages(operator),
        *_hooked_sources(operator),
    ]


def _stages(operator: Operator) -> Iterator[Breach]:
    for name, stage in operator.stages.items():
        if stage.target not in operator.targets:
            meant = nearest(stage.target, operator.targets, "target")
            yield Breach(("stages", name, "target"), "unknown-target", f"no target is called `{stage.target}`:", meant)
        for index, other in enumerate(stage.depends_on):
            if other not in operator.stages:
                where = ("stages", name, "dependsOn", str(index))
                meant = nearest(other, operator.stages, "stage")
                yield Breach(where, "unknown-stage", f"no stage is called `{other}`:", meant)
        if stage.soak and not stage.depends_on:
            yield Breach(
                ("stages", name, "soak"),
                "soak-of-nothing",
                "`soak` is how long the stages of `dependsOn` must have been Ready, and none is named:",
                "name them, or take `soak` out.",
            )


def _sources(operator: Operator) -> Iterator[Breach]:
    for name, stage in operator.stages.items():
        if stage.source is not None and stage.source not in operator.sources:
            meant = nearest(stage.source, operator.sources, "source")
            yield Breach(("stages", name, "source"), "unknown-source", f"no source is called `{stage.source}`:", meant)
    for where, source in all_sources(operator):
        if source.login is not None and not (source.url or "").startswith("https://"):
            yield Breach(
                (*where, "login"),
                "login-without-https",
                "a login is only sent over https:",
                "write an https `url`, or take the login out.",
            )


def _twins(operator: Operator) -> Iterator[Breach]:
    seen: dict[tuple[str, str], str] = {}
    for name, stage in operator.stages.items():
        first = seen.setdefault((stage.target, stage.environment.casefold()), name)
        if first != name:
            yield Breach(
                ("stages", name, "environment"),
                "duplicate-environment",
                f"stages `{first}` and `{name}` are both `{stage.environment}` of target `{stage.target}`:",
                "give each stage an environment of its own.",
                (("stages", first, "environment"),),
            )


def _cycles(operator: Operator) -> Iterator[Breach]:
    waits = {name: [s for s in stage.depends_on if s in operator.stages] for name, stage in operator.stages.items()}
    try:
        TopologicalSorter(waits).prepare()
    except CycleError as error:
        ring: list[str] = error.args[1]
        yield Breach(
            ("stages", ring[-1], "dependsOn"),
            "dependency-cycle",
            f"stages wait for each other: {' → '.join(reversed(ring))}:",
            "take one of them out of `dependsOn`.",
        )


def _folders(operator: Operator) -> Iterator[Breach]:
    written: list[tuple[Pointer, str]] = []
    written += [((*at, "path"), source.path) for at, source in all_sources(operator) if source.path != "."]
    for name, stage in operator.stages.items():
        written += [(("stages", name, "folders", str(i)), folder) for i, folder in enumerate(stage.folders or ())]
    for where, folder in written:
        if {"..", ".", ".git"} & set(folder.split("/")):
            yield Breach(
                where,
                "folder-outside",
                f"`{folder}` does not stay inside the repository:",
                "write a folder below the repository's root, as in `environments/qa`.",
            )


def _told_stages(operator: Operator) -> Iterator[Breach]:
    for name, told in operator.notifications.items():
        written: list[tuple[Pointer, str]] = [(("stages", str(n)), stage) for n, stage in enumerate(told.stages)]
        written += [(("mail", "stage"), told.mail.stage)] if told.mail is not None else []
        for where, stage in written:
            if stage not in operator.stages:
                meant = nearest(stage, operator.stages, "stage")
                there = ("notifications", name, *where)
                yield Breach(there, "unknown-stage", f"no stage is called `{stage}`:", meant)


def _hooked_sources(operator: Operator) -> Iterator[Breach]:
    for name, hook in (operator.web.hooks if operator.web is not None else {}).items():
        for index, source in enumerate(hook.sources):
            if source not in operator.sources and source != "source":
                meant = nearest(source, operator.sources, "source")
                where = ("web", "hooks", name, "sources", str(index))
                yield Breach(where, "unknown-source", f"no source is called `{source}`:", meant)


def _secrets(operator: Operator) -> Iterator[Breach]:
    for where, reference in secret_references(operator):
        store = reference.secret_ref.store
        if store not in operator.secret_stores:
            meant = nearest(store, operator.secret_stores, "secret store")
            yield Breach(
                (*where, "secretRef", "store"), "unknown-store", f"no secret store is called `{store}`:", meant
            )


def _grants(operator: Operator) -> Iterator[Breach]:
    for index, grant in enumerate(operator.grants):
        where = ("grants", str(index))
        if grant.store not in operator.secret_stores:
            meant = nearest(grant.store, operator.secret_stores, "secret store")
            yield Breach((*where, "store"), "unknown-store", f"no secret store is called `{grant.store}`:", meant)
        for number, stage in enumerate(grant.stages):
            if stage not in operator.stages:
                meant = nearest(stage, operator.stages, "stage")
                yield Breach((*where, "stages", str(number)), "unknown-stage", f"no stage is called `{stage}`:", meant)
        for number, destination in enumerate(grant.destinations):
            fault = _destination_fault(destination)
            if fault:
                yield Breach(
                    (*where, "destinations", str(number)),
                    "bad-destination",
                    f"`{destination}` is no destination: {fault}:",
                    "write host:port, as in `smtp.example.com:587`, or a token URL.",
                )


def _destination_fault(text: str) -> str:
    try:
        known = grants.destination(text)
    except ValueError:
        return "it is neither host:port nor a URL"
    if "://" in known:
        return formats.token_url_fault(known)
    return formats.host_fault(known.rpartition(":")[0].removeprefix("[").removesuffix("]"))


def _guards(operator: Operator) -> Iterator[Breach]:
    for purpose, guards in operator.guards.items():
        for index, hazard in enumerate(guards.warn):
            if hazard in guards.hold:
                yield Breach(
                    ("guards", purpose, "warn", str(index)),
                    "hold-and-warn",
                    f"`{hazard}` stands in both `hold` and `warn`:",
                    "keep it in one of them.",
                    (("guards", purpose, "hold"),),
                )


def _domains(operator: Operator) -> Iterator[Breach]:
    for index, domain in enumerate(operator.own_domains):
        fault = formats.host_fault(domain)
        if fault:
            yield Breach(
                ("ownDomains", str(index)),
                "bad-host",
                f"`{domain}` is no mail domain: {fault}:",
                "write only the domain, as in `example.com`.",
            )


def _compared(operator: Operator) -> Iterator[Breach]:
    written = [("meantToDiffer", name, name) for name in operator.compare.meant_to_differ]
    written += [("meantToBeEqual", str(i), name) for i, name in enumerate(operator.compare.meant_to_be_equal)]
    for part, at, name in written:
        if name not in COMPARABLE:
            meant = nearest(name, COMPARABLE, "field")
            yield Breach(("compare", part, at), "unknown-field", f"no stage has a field `{name}`:", meant)


def _mail(operator: Operator) -> Iterator[Breach]:
    checks = operator.mail
    servers = [(("destinations", str(i)), text) for i, text in enumerate(checks.destinations)]
    faults = [
        *((where, text, mail.server_fault(text), "write host:port") for where, text in servers),
        *((("networks", str(i)), text, mail.network_fault(text), "write it as in `10.20.0.0/16`")
          for i, text in enumerate(checks.networks)),
        *((("routes", known), known, mail.server_fault(known), "write host:port") for known in checks.routes),
        *((("routes", known), to, mail.route_fault(to), "write it as in `10.20.0.5:2587`")
          for known, to in checks.routes.items()),
    ]  # fmt: skip
    for where, text, fault, remedy in faults:
        if fault:
            yield Breach(("mail", *where), "bad-destination", f"`{text}` cannot be used here: {fault}:", f"{remedy}.")
    for index, text in enumerate(checks.test_recipients):
        fault = mail.recipient_fault(text)
        if fault:
            remedy = "write user@example.com, or @example.com for its whole domain."
            yield Breach(("mail", "testRecipients", str(index)), "bad-address", f"`{text}`: {fault}:", remedy)


def _dns(operator: Operator) -> Iterator[Breach]:
    checks = operator.dns
    servers = [(("nameservers", str(i)), text, dns.nameserver_fault(text)) for i, text in enumerate(checks.nameservers)]
    relays = [
        (("relays", relay, str(i)), text, dns.address_fault(text))
        for relay, addresses in checks.relays.items()
        for i, text in enumerate(addresses)
    ]
    for where, text, fault in (*servers, *relays):
        if fault:
            remedy = "write an IP address, as in `192.0.2.53`."
            yield Breach(("dns", *where), "bad-address", f"`{text}` cannot be used here: {fault}:", remedy)


def _state(operator: Operator) -> Iterator[Breach]:
    in_postgresql = operator.state.startswith(postgresql_address.SCHEME)
    if in_postgresql and postgresql_address.has_secret(operator.state):
        yield Breach(
            ("state",),
            "literal-secret",
            "`state` holds a password, and no secret may be in this file:",
            "leave it out and change it; write `statePassword: {secretRef: …}`, or set PGPASSFILE for the process.",
        )
    if operator.state_password is not None and not in_postgresql:
        yield Breach(
            ("statePassword",),
            "wrong-settings",
            "`statePassword` is for a record in PostgreSQL, and `state` names another kind:",
            "leave it out, or write `state: postgresql://…`.",
        )
    on_branch = operator.state.startswith("git-branch:")
    if on_branch and operator.journal is not None:
        yield Breach(
            ("journal",),
            "wrong-settings",
            "`journal` copies a database, and `state` keeps the record on a branch already:",
            "leave it out, or keep the record in a database.",
        )
    if on_branch and operator.state_key is None:
        yield Breach(
            ("state",),
            "missing-field",
            "`stateKey` is missing: a record on a branch is sealed with a secret:",
            "add `stateKey: {secretRef: {store: env, key: RECORD_KEY}}`, and make it with `openssl rand -hex 32`.",
        )
    if operator.state_key is not None and not on_branch and not in_postgresql:
        yield Breach(
            ("stateKey",),
            "wrong-settings",
            "`stateKey` is for a record that several machines share, and `state` names a file:",
            "leave it out, or write `state: postgresql://…` or `state: git-branch:stagemail-record`.",
        )


def _addresses(operator: Operator) -> Iterator[Breach]:
    """A Git source's address with a password or token in it would be in every clone."""
    named: list[tuple[Pointer, str | None]] = [(where, source.url) for where, source in all_sources(operator)]
    named += [(("journal",), operator.journal.url)] if operator.journal is not None else []
    for where, url in named:
        user = (url or "").partition("://")[2].partition("/")[0].rpartition("@")[0]
        if ":" in user:
            yield Breach(
                (*where, "url"),
                "literal-secret",
                "`url` holds a password, and no secret may be in this file:",
                "leave user and password out and write `login: {username: …, password: {secretRef: …}}`.",
            )

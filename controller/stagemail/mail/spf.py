"""What an SPF policy says: the whole tree of a domain's policy, and whether one address is permitted (RFC 7208).

It asks through a function, so it is pure where that is. Not here: the grammar (``spf_record``), findings
(``spf_findings``).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Final, Literal

from stagemail.mail.spf_record import LOOKING_UP, SpfSyntaxError, Term, expanded, is_spf, terms_of
from stagemail.model.dns import Answer, RecordKind

Ask = Callable[[str, RecordKind], Answer]
Verdict = Literal["pass", "fail", "softfail", "neutral", "none", "permerror", "temperror"]

LOOKUPS: Final = 10
"""Terms that look something up, at most (section 4.6.4)."""
VOIDS: Final = 2
"""Look-ups that find nothing, at most (section 4.6.4)."""
NAMES: Final = 10
"""Names of mail servers that one ``mx`` may bring (section 4.6.4)."""
_SIGNS: Final[dict[str, Verdict]] = {"+": "pass", "-": "fail", "~": "softfail", "?": "neutral"}


class SpfError(Exception):
    """The evaluation ends with permerror or temperror. ``code`` is a finding's."""

    def __init__(self, verdict: Verdict, code: str, text: str) -> None:
        super().__init__(text)
        self.verdict, self.code = verdict, code


@dataclass(slots=True)
class Policy:
    """The tree of a domain's policy. ``end`` is the sign of its ``all``, "" without one. ``uses``: every domain whose
    pass is a pass here: included by + before ``all``, or redirected to, at any depth. ``named``: every one at all."""

    record: str = ""
    lookups: int = 0
    voids: int = 0
    end: str = ""
    uses: set[str] = field(default_factory=set)
    named: set[str] = field(default_factory=set)
    ptr: bool = False
    depends: bool = False
    """Whether a term depends on the message (a macro), so that nothing can be said of it beforehand."""


def record_of(ask: Ask, domain: str) -> tuple[str, bool]:
    """The one SPF record of a domain, "" where there is none; and whether the look-up was void. Raises SpfError."""
    answer = ask(domain, "TXT")
    if answer.status == "failed":
        raise SpfError("temperror", "spf-no-answer", f"{domain}: {answer.reason}")
    found = [text for text in answer.records if is_spf(text)]
    if len(found) > 1:
        raise SpfError("permerror", "spf-several", f"{domain} has {len(found)} SPF records, and may have one")
    return (found[0] if found else ""), answer.is_void


def parsed(record: str, domain: str) -> tuple[Term, ...]:
    """The terms of a domain's record. Raises SpfError."""
    try:
        return terms_of(record)
    except SpfSyntaxError as error:
        text = str(error)
    raise SpfError("permerror", "spf-syntax", f"{domain}: {text}")


def policy_of(ask: Ask, domain: str) -> Policy | None:
    """Walk the whole tree; None where the domain has no record. Raises SpfError with the first fault."""
    record, _ = record_of(ask, domain)
    if not record:
        return None
    policy = Policy(record)
    policy.end = _walk(_Place(ask, policy, (domain,)), record)
    return policy


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in the tree a record stands: the way to it, and whether its pass is a pass of the whole policy."""

    ask: Ask
    policy: Policy
    path: tuple[str, ...]
    permits: bool = True

    @property
    def domain(self) -> str:
        return self.path[-1]


def _walk(place: _Place, record: str) -> str:
    """Counts and follows every term; gives the sign of ``all``, or of where it is redirected to.

    Nobody looks at a mechanism behind ``all``, nor at ``redirect`` beside it (sections 5.1 and 6.1).
    """
    terms = parsed(record, place.domain)
    at = next((number for number, term in enumerate(terms) if term.name == "all" and term.sign), len(terms))
    end = terms[at].sign if at < len(terms) else ""
    place.policy.named.update(term.value.lower().rstrip(".") for term in terms[at:] if term.name == "include")
    for number, term in enumerate(terms):
        counts = not end if term.name == "redirect" else number < at
        if term.name in LOOKING_UP and counts:
            _count(place.policy)
            there = _follow(term, place)
            end = there if term.name == "redirect" else end
    return end


def _count(policy: Policy) -> None:
    policy.lookups += 1
    if policy.lookups > LOOKUPS:
        raise SpfError("permerror", "spf-too-many-lookups", f"the policy needs more than {LOOKUPS} DNS look-ups")


def _void(policy: Policy, name: str) -> None:
    policy.voids += 1
    if policy.voids > VOIDS:
        raise SpfError(
            "permerror", "spf-too-many-voids", f"more than {VOIDS} of its look-ups find nothing ({name} is the last)"
        )


def _follow(term: Term, place: _Place) -> str:
    ask, policy = place.ask, place.policy
    policy.ptr = policy.ptr or term.name == "ptr"
    if "%" in term.value:
        policy.depends = True
        return ""
    name = (term.value or place.domain).lower().rstrip(".")
    if term.name in ("include", "redirect"):
        return _enter(name, place, permits=place.permits and term.sign in ("+", ""))
    if term.name in ("a", "mx", "exists"):
        answers = [ask(name, "MX" if term.name == "mx" else "A")]
        if term.name == "a" and answers[0].is_void:
            answers.append(ask(name, "AAAA"))
        failed = next((answer for answer in answers if answer.status == "failed"), None)
        if failed is not None:
            raise SpfError("temperror", "spf-no-answer", f"{name}: {failed.reason}")
        if answers[-1].is_void:
            _void(policy, name)
    return ""


def _enter(name: str, place: _Place, *, permits: bool) -> str:
    path, policy = place.path, place.policy
    if name in path:
        raise SpfError("permerror", "spf-loop", f"{' → '.join((*path, name))} goes round in a circle")
    policy.named.add(name)
    if permits:
        policy.uses.add(name)
    record, void = record_of(place.ask, name)
    if void:
        _void(policy, name)
    if not record:
        raise SpfError("permerror", "spf-include-none", f"{path[-1]} uses {name}, which has no SPF record")
    return _walk(_Place(place.ask, policy, (*path, name), permits), record)


@dataclass(slots=True)
class _Evaluation:
    """check_host() for one address (section 4)."""

    ask: Ask
    address: str
    sender: str
    tally: Policy = field(default_factory=Policy)

    def host(self, domain: str, path: tuple[str, ...]) -> Verdict:
        record, void = record_of(self.ask, domain)
        if void and len(path) > 1:
            _void(self.tally, domain)
        if not record:
            return "none"
        terms = parsed(record, domain)
        for term in terms:
            if term.name in LOOKING_UP and term.name != "redirect":
                _count(self.tally)
            if term.sign and self._matches(term, domain, path):
                return _SIGNS[term.sign]
        onward = next((term for term in terms if term.name == "redirect"), None)
        return self._redirected(onward, domain, path) if onward else "neutral"

    def _redirected(self, term: Term, domain: str, path: tuple[str, ...]) -> Verdict:
        _count(self.tally)
        verdict = self._into(term, domain, path)
        if verdict == "none":
            raise SpfError("permerror", "spf-include-none", f"{domain} redirects to a domain without SPF record")
        return verdict

    def _into(self, term: Term, domain: str, path: tuple[str, ...]) -> Verdict:
        name = self._name(term, domain)
        if name in path:
            raise SpfError("permerror", "spf-loop", f"{' → '.join((*path, name))} goes round in a circle")
        return self.host(name, (*path, name))

    def _name(self, term: Term, domain: str) -> str:
        return expanded(term.value or domain, domain, self.sender, self.address).lower().rstrip(".")

    def _matches(self, term: Term, domain: str, path: tuple[str, ...]) -> bool:
        if term.name in ("ip4", "ip6"):
            return self._in(term.value)
        if term.name == "include":
            return self._included(term, domain, path)
        name = self._name(term, domain)
        if term.name == "exists":
            return bool(self._addresses(name, "A"))
        if term.name in ("a", "mx"):
            found = self._hosts(name) if term.name == "a" else self._servers(name)
            return any(self._near(one, term) for one in found)
        return term.name == "all"  # no receiver needs to look at ptr (section 5.5)

    def _included(self, term: Term, domain: str, path: tuple[str, ...]) -> bool:
        verdict = self._into(term, domain, path)
        if verdict == "none":
            text = f"{domain} includes {self._name(term, domain)}, which has no SPF record"
            raise SpfError("permerror", "spf-include-none", text)
        return verdict == "pass"

    def _in(self, network: str) -> bool:
        known, address = ip_network(network, strict=False), ip_address(self.address)
        return known.version == address.version and address in known

    def _near(self, found: str, term: Term) -> bool:
        bits = term.bits6 if ":" in found else term.bits4
        return self._in(f"{found}/{bits}")

    def _hosts(self, name: str) -> tuple[str, ...]:
        return self._addresses(name, "AAAA" if ":" in self.address else "A")

    def _servers(self, name: str) -> Iterator[str]:
        names = [record.partition(" ")[2] for record in self._addresses(name, "MX")]
        if len(names) > NAMES:
            raise SpfError("permerror", "spf-too-many-lookups", f"{name} has more than {NAMES} mail servers")
        for one in names:
            if one != ".":
                yield from self._hosts(one)

    def _addresses(self, name: str, kind: RecordKind) -> tuple[str, ...]:
        answer = self.ask(name, kind)
        if answer.status == "failed":
            raise SpfError("temperror", "spf-no-answer", f"{name}: {answer.reason}")
        if answer.is_void:
            _void(self.tally, name)
        return answer.records


def check_host(ask: Ask, address: str, domain: str, sender: str) -> Verdict:
    """What the policy says of mail from this address (section 4). Raises SpfError for permerror and temperror."""
    return _Evaluation(ask, address, sender).host(domain, (domain,))

"""One SPF record as terms (RFC 7208, section 4.6 and 12). Not here: what a record permits (``spf``)."""

import re
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Final

MECHANISMS: Final = ("all", "include", "a", "mx", "ptr", "ip4", "ip6", "exists")
LOOKING_UP: Final = frozenset({"include", "a", "mx", "ptr", "exists", "redirect"})
"""Terms that count against the limit of look-ups (section 4.6.4)."""

_TERM: Final = re.compile(r"([+?~-]?)([A-Za-z][A-Za-z0-9_.-]*)(?:([:=/])(.*))?")
_CIDR: Final = re.compile(r"(.*?)(?:/([0-9]{1,3}))?(?://([0-9]{1,3}))?")
_MACRO: Final = re.compile(r"%(?:\{[slodiphcrtvSLODIPHCRTV][0-9]*r?[.\-+,/_=]*\}|%|_|-)")


class SpfSyntaxError(ValueError):
    """The record breaks the grammar: receivers answer permerror. Its text says where."""


@dataclass(frozen=True, slots=True)
class Term:
    """One mechanism or modifier. ``sign`` is "" for a modifier; ``value`` without the prefix lengths."""

    sign: str
    name: str
    value: str = ""
    bits4: int = 32
    bits6: int = 128


def is_spf(text: str) -> bool:
    """Whether this TXT record is an SPF record (section 4.5)."""
    return text.lower() == "v=spf1" or text.lower().startswith("v=spf1 ")


def terms_of(record: str) -> tuple[Term, ...]:
    """The terms of a record, in order. Raises SpfSyntaxError."""
    terms = tuple(_term(word) for word in record.split(" ")[1:] if word)
    for name in ("redirect", "exp"):
        if sum(term.name == name and not term.sign for term in terms) > 1:
            raise SpfSyntaxError(f"`{name}=` stands twice")
    return terms


def _term(word: str) -> Term:
    found = _TERM.fullmatch(word)
    if found is None:
        raise SpfSyntaxError(f"`{word}` is no term")
    sign, name, mark, value = found[1], found[2].lower(), found[3] or "", found[4] or ""
    if mark == "=":
        return _modifier(word, sign, name, value)
    if name not in MECHANISMS:
        raise SpfSyntaxError(f"`{word}` is no mechanism")
    if (name == "all" and mark) or (name in ("include", "exists", "ip4", "ip6") and (mark != ":" or not value)):
        raise SpfSyntaxError(f"`{word}` is incomplete" if name != "all" else f"`{word}`: all takes nothing")
    if name in ("ip4", "ip6"):
        _network(word, name, value)
    if name in ("ip4", "ip6", "include", "exists"):
        return Term(sign or "+", name, _expandable(word, value))
    parts = _CIDR.fullmatch(value if mark == ":" else f"/{value}" if mark == "/" else "")
    bits4, bits6 = int((parts and parts[2]) or 32), int((parts and parts[3]) or 128)
    target = (parts[1] if parts else "") or ""
    if bits4 > 32 or bits6 > 128 or (mark == ":" and not target):
        raise SpfSyntaxError(f"`{word}` is no {name} term")
    return Term(sign or "+", name, _expandable(word, target), bits4, bits6)


def _network(word: str, name: str, value: str) -> None:
    try:
        version: int = ip_network(value, strict=False).version
    except ValueError:
        version = 0
    if f"ip{version}" != name:
        raise SpfSyntaxError(f"`{word}` is no {name} network")


def _modifier(word: str, sign: str, name: str, value: str) -> Term:
    if sign or (name in ("redirect", "exp") and not value):
        raise SpfSyntaxError(f"`{word}` is no modifier")
    return Term("", name, _expandable(word, value))


def _expandable(word: str, value: str) -> str:
    if "%" in _MACRO.sub("", value):
        raise SpfSyntaxError(f"`{word}` has a wrong macro")
    return value


def expanded(text: str, domain: str, sender: str, address: str) -> str:
    """A domain with its macros replaced (section 7). ``address`` is the connecting one."""
    local, _, of = sender.rpartition("@")
    dotted = ".".join(f"{int(ip_address(address)):032x}") if ":" in address else address
    values = {"s": sender, "l": local, "o": of, "d": domain, "i": dotted, "h": of, "v": "ip6" if ":" in address else
              "in-addr", "p": "unknown", "c": address, "r": "unknown", "t": "0"}  # fmt: skip

    def one(found: re.Match[str]) -> str:
        macro = found[0]
        if macro[1] != "{":
            return {"%": "%", "_": " ", "-": "%20"}[macro[1]]
        letter, rest = macro[2], macro[3:-1]
        count = rest[: len(rest) - len(rest.lstrip("0123456789"))]
        turned, marks = rest[len(count) :][:1].lower() == "r", rest[len(count) :].lstrip("rR")
        parts = re.split(f"[{re.escape(marks or '.')}]", values[letter.lower()])
        parts = parts[::-1] if turned else parts
        return ".".join(parts[-int(count) :] if count else parts)

    return _MACRO.sub(one, text)

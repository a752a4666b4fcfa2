"""DNS by dnspython: the operator's resolver or the system's; TCP where an answer is cut.

What never answers is given up after ``DEAD`` names: offline is told soon. Not here: what records mean.
"""

from collections.abc import Sequence
from threading import Lock
from typing import Any, Final

import dns.exception
import dns.name
import dns.nameserver
import dns.resolver

from stagemail.model.dns import NO_DATA, NO_DOMAIN, Answer, RecordKind

DEAD: Final = 2
"""Names without any answer, after which a resolver that never answered is not asked again."""


class DnsResolver:
    """Implements ``ports.Resolver``. Thread-safe. ``timeout``: seconds per name.

    ``nameservers``: ``(address, port)``; empty: what the system uses.
    """

    def __init__(self, nameservers: Sequence[tuple[str, int]], timeout: float) -> None:
        self._reason = ""
        self._resolver: dns.resolver.Resolver | None = None
        try:
            self._resolver = dns.resolver.Resolver(configure=not nameservers)
        except dns.resolver.NoResolverConfiguration:
            self._reason = "this machine has no resolver"
            return
        if nameservers:
            self._resolver.nameservers = [dns.nameserver.Do53Nameserver(host, port) for host, port in nameservers]
        self._resolver.lifetime = timeout
        self._resolver.timeout = min(timeout, 2.0)
        self._resolver.search = []
        self._cache: dict[tuple[str, RecordKind], Answer] = {}
        self._lock = Lock()
        self._silent, self._heard = 0, False

    def ask(self, name: str, kind: RecordKind) -> Answer:
        """The records of a name, each asked once per run."""
        if self._resolver is None:
            return Answer("failed", reason=self._reason)
        key = (name.lower().rstrip("."), kind)
        with self._lock:
            known = self._cache.get(key)
            dead = not self._heard and self._silent >= DEAD
        if known is not None:
            return known
        if dead:
            return Answer("failed", reason="not asked: the resolver never answered")
        answer = self._asked(self._resolver, *key)
        with self._lock:
            self._silent += answer.status == "failed"
            self._heard = self._heard or answer.status != "failed"
            self._cache[key] = answer
        return answer

    @staticmethod
    def _asked(resolver: dns.resolver.Resolver, name: str, kind: RecordKind) -> Answer:
        try:
            found = resolver.resolve(dns.name.from_text(name), kind, search=False)
        except dns.resolver.NXDOMAIN:
            return NO_DOMAIN
        except dns.resolver.NoAnswer:
            return NO_DATA
        except dns.resolver.LifetimeTimeout:
            return Answer("failed", reason="no answer in time")
        except (dns.resolver.NoNameservers, dns.resolver.YXDOMAIN):
            return Answer("failed", reason="the resolver could not answer (SERVFAIL or refused)")
        except (dns.exception.DNSException, OSError, ValueError):
            return Answer("failed", reason="the name or its answer is broken")
        return Answer("found", tuple(sorted(_text(record, kind) for record in found)))


def _text(record: Any, kind: RecordKind) -> str:
    if kind == "TXT":
        return b"".join(record.strings).decode("utf-8", "replace")
    if kind == "MX":
        return f"{record.preference} {str(record.exchange).rstrip('.').lower() or '.'}"
    return str(record)

"""Which domains belong to one organization, by the public suffix list that the library brings.

Receivers that go by RFC 7489 use such a list; RFC 9989 asks DNS instead (``dmarc``). Offline: the list is as old as
the installed ``publicsuffixlist``.
"""

from functools import lru_cache

from publicsuffixlist import PublicSuffixList


@lru_cache(maxsize=1)
def _list() -> PublicSuffixList:
    return PublicSuffixList()


def organizational(domain: str) -> str:
    """The organizational domain; the domain itself where it is a public suffix."""
    return _list().privatesuffix(domain) or domain

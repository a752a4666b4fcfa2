"""Which domains belong to one organization, by the public suffix list that the library brings (RFC 7489 section 3.2).

Offline: the list is as old as the installed ``publicsuffixlist``. Not here: DMARC itself (``dmarc``).
"""

from functools import lru_cache

from publicsuffixlist import PublicSuffixList


@lru_cache(maxsize=1)
def _list() -> PublicSuffixList:
    return PublicSuffixList()


def organizational(domain: str) -> str:
    """The organizational domain; the domain itself where it is a public suffix."""
    return _list().privatesuffix(domain) or domain


def aligned(one: str, other: str, mode: str) -> bool:
    """Whether two domains align: equal, or (mode "r") of one organization (RFC 7489 section 3.1)."""
    return one == other or (mode != "s" and organizational(one) == organizational(other))

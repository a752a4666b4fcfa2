"""International domains in the form that DNS and every mail server take. Pure. Source: RFC 5891, RFC 6531 (3.2)."""

import idna


def ascii_of(domain: str) -> str:
    """A domain in the form that DNS takes (RFC 5891). Raises ValueError."""
    if domain.isascii():
        return domain.lower()
    try:
        return idna.encode(domain, uts46=True).decode("ascii").lower()
    except idna.IDNAError as error:
        text = str(error)
    raise ValueError(text)


def plainest(address: str) -> str:
    """An address in ASCII where that is the same mailbox: only its domain can be written otherwise, as ``xn--…``."""
    local, at, domain = address.rpartition("@")
    if address.isascii() or not local.isascii():
        return address
    try:
        return f"{local}{at}{ascii_of(domain)}"
    except ValueError:
        return address

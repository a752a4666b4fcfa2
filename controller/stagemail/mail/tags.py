"""Lists of ``tag=value``, as DKIM, DMARC, MTA-STS, TLS reporting and BIMI write them (RFC 6376 section 3.2)."""


def tags_of(record: str) -> dict[str, str] | None:
    """The tags of a record, names in lower case; None where it is no such list or a tag stands twice."""
    tags: dict[str, str] = {}
    for part in record.split(";"):
        if not part.strip():
            continue
        name, mark, value = part.partition("=")
        key = name.strip().lower()
        if not mark or not key or key in tags:
            return None
        tags[key] = value.strip()
    return tags

"""Pages of listings: `limit` 1–100, `offset` from 0, with totals where ODC's documents have them."""

from typing import Any

from odc_emulator.calls import Call

MAX_OFFSET = 2**31 - 1


def page(call: Call, rows: list[Any], *, totals: bool) -> dict[str, Any]:
    """The page of `rows` that the call asks for."""
    limit = call.number("limit", 100, 1, 100)
    offset = call.number("offset", 0, 0, MAX_OFFSET)
    results = rows[offset : offset + limit]
    following = offset + limit if offset + limit < len(rows) else None
    if call.has_fault("partial-page"):
        results = results[: len(results) // 2]
    info: dict[str, Any] = {"count": len(results), "limit": limit, "offset": offset, "nextPageOffset": following}
    if totals:
        info |= {"totalResults": len(rows), "totalPages": -(-len(rows) // limit)}
    return {"page": info, "results": results}


def text_page(call: Call, rows: list[Any]) -> dict[str, Any]:
    """The same with offsets as text and without totals, as the messages of an operation have it."""
    document = page(call, rows, totals=False)
    info = document["page"]
    info["offset"] = str(info["offset"])
    info["nextPageOffset"] = None if info["nextPageOffset"] is None else str(info["nextPageOffset"])
    return document

"""Reads listings page by page, and refuses one that may have lost something: absence in it would prove nothing.

Stops on a null offset; raises where a page does not advance, repeats an item, or falls short of the total.
Not here: HTTP, what the items mean.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from pydantic import ValidationError

from stagemail.errors import IncompleteListing, Unreachable
from stagemail.target.odc.payloads import Item, PageInfo

LIMIT: Final = 100
"""Items per page, the most that ODC gives."""
MAX_PAGES: Final = 10_000

Fetch = Callable[[Mapping[str, str | int]], Any]
"""Gets one page: takes ``limit`` and ``offset``, gives the parsed JSON."""


def pages_of(items: int) -> int:
    """How many pages a listing of so many items has; an empty one has one."""
    return max(1, -(-items // LIMIT))


def parsed(kind: type[Item], document: Any, what: str) -> Item:
    """A payload of this kind. Raises Unreachable where the answer has another shape."""
    try:
        return kind.model_validate(document)
    except ValidationError as error:
        at = ".".join(str(part) for part in error.errors(include_input=False, include_url=False)[0]["loc"])
        hint = "something between us and ODC changed the answer, or ODC's API changed; run again later"
        raise Unreachable(
            f"{what}: the answer has another shape than documented, at {at or 'its root'}", hint=hint
        ) from None


def pages(fetch: Fetch, kind: type[Item], what: str) -> Iterator[list[Item]]:
    """Every page of a listing, in order, as long as the caller wants more."""
    offset: int | str = 0
    offsets: set[str] = set()
    seen = 0
    for _ in range(MAX_PAGES):
        document = fetch({"limit": LIMIT, "offset": offset} if offset else {"limit": LIMIT})
        info, items = _page(document, kind, what)
        seen += len(items)
        yield items
        following = info.next_page_offset
        if following is None:
            _refuse_short(seen, info.total_results, what)
            return
        if str(following) in offsets or str(following) == str(offset):
            raise IncompleteListing(f"{what}: the listing does not advance after {seen} items", hint="run again later")
        offsets.add(str(offset))
        offset = following
    raise IncompleteListing(f"{what}: the listing has no end after {MAX_PAGES} pages", hint="run again later")


def everything(fetch: Fetch, kind: type[Item], what: str, key: Callable[[Item], str]) -> list[Item]:
    """All items of a listing. Raises IncompleteListing also where an item comes twice: pages moved while we read."""
    found: dict[str, Item] = {}
    for page in pages(fetch, kind, what):
        for item in page:
            if key(item) in found:
                hint = "somebody deployed at the same time; run again"
                raise IncompleteListing(f"{what}: {key(item)} came twice, so something else may be missing", hint=hint)
            found[key(item)] = item
    return list(found.values())


def _page(document: Any, kind: type[Item], what: str) -> tuple[PageInfo, list[Item]]:
    members = document if isinstance(document, dict) else {}
    results = members.get("results")
    if not isinstance(results, list):
        raise Unreachable(f"{what}: the answer has no results", hint="run again later")
    info = parsed(PageInfo, members.get("page") or {}, what)
    if info.count is not None and info.count != len(results):
        hint = "run again; if it stays so, look at what stands between stagemail and ODC"
        raise IncompleteListing(f"{what}: a page of {info.count} items holds {len(results)}", hint=hint)
    return info, [parsed(kind, item, what) for item in results]


def _refuse_short(seen: int, total: int | None, what: str) -> None:
    if total is not None and seen != total:
        hint = "run again; nothing was concluded from what is missing"
        raise IncompleteListing(f"{what}: {seen} of {total} items came", hint=hint)

"""Gives findings their lines: each file that has one is read and composed again, the others never.

Not here: finding a line (``document.locate``), reading (``source.tree``).
"""

from collections.abc import Callable, Iterable, Mapping

from stagemail.document import locate, locate_all
from stagemail.model.location import Location, Place
from stagemail.model.problem import Problem
from stagemail.source.finding import Finding

Read = Callable[[Iterable[str]], Mapping[str, bytes]]
"""Gives the bytes of the files that exist among these paths."""


def place_in(data: bytes | None, place: Place) -> Location:
    """The line and column of a place; the file as a whole where there is no such file."""
    return Location(place.path) if data is None else locate(data, place)


def located(findings: Iterable[Finding], read: Read) -> list[tuple[Problem, tuple[str, ...]]]:
    """Each finding as a problem, with the stages that it keeps from being acted on; sorted."""
    found = list(findings)
    wanted: dict[str, set[Place]] = {}
    for place in (place for finding in found for place in (finding.place, *finding.related)):
        wanted.setdefault(place.path, set()).add(place)
    texts = read(sorted(wanted)) if wanted else {}
    at: dict[Place, Location] = {}
    for path, places in wanted.items():
        data = texts.get(path)
        at |= {place: Location(path) for place in places} if data is None else locate_all(data, places)
    return sorted(
        (
            Problem(
                at[finding.place],
                finding.code,
                finding.message,
                finding.remedy,
                finding.severity,
                tuple(sorted(at[place] for place in finding.related)),
            ),
            finding.stages,
        )
        for finding in found
    )

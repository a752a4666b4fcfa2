"""Which waivers accept a hazard: exactly its kind and its value, for exactly its app or the stage itself.

Expiry is reported elsewhere and decides nothing. Not here: what happens to a hazard that nobody accepts (``guard``).
"""

from collections.abc import Iterable
from typing import Final

from stagemail.model.key import CONFIGURATION
from stagemail.model.plan import Note
from stagemail.model.step import Hazard, Step
from stagemail.model.waiver import Waiver
from stagemail.planning.matching import Matching

WIDENED: Final = "recipients-widened"


class Waivers:
    """The waivers of a stage by what they accept, so that ten thousand of them cost ten thousand look-ups."""

    def __init__(self, waivers: Iterable[Waiver]) -> None:
        self._all = sorted(waivers, key=lambda waiver: (waiver.name, waiver.allow, waiver.to))
        self._stage: dict[tuple[str, str], list[str]] = {}
        apps: dict[tuple[str, str], list[Waiver]] = {}
        for waiver in self._all:
            if waiver.apps:
                apps.setdefault((waiver.allow, waiver.to), []).append(waiver)
            else:
                self._stage.setdefault((waiver.allow, waiver.to), []).append(waiver.name)
        self._apps = {
            accepts: Matching((selector, waiver.name) for waiver in listed for selector in waiver.apps)
            for accepts, listed in apps.items()
        }

    def accepting(self, hazard: Hazard, step: Step | None) -> frozenset[str]:
        """The names of the waivers that accept this hazard of this step, or of the plan as a whole (step None).

        The value of ``uncovered-app`` names the app, so it is accepted with or without ``apps``.
        """
        what = (hazard.kind, hazard.to)
        of_stage = step is None or step.key.kind == CONFIGURATION
        names: list[str] = []
        if of_stage or hazard.kind == "uncovered-app":
            names += self._stage.get(what, ())
        if what in self._apps and (not of_stage or hazard.kind == "uncovered-app"):
            name, key = (hazard.to, hazard.to) if step is None or of_stage else (step.label, step.key.id)
            names += self._apps[what].by_name(name, key)
            if hazard.kind != WIDENED:  # who gets real mail is named, not caught by a pattern later
                names += self._apps[what].by_pattern(name, key)
        return frozenset(names)

    def unused(self, used: set[str]) -> Iterable[Note]:
        """Waivers that accept nothing in this plan: done with, or misspelt."""
        for waiver in self._all:
            if waiver.name not in used:
                message = f"accepts {waiver.allow} to {waiver.to}; nothing in this plan needs it (done with? remove it)"
                if waiver.allow == WIDENED and any(app.is_pattern for app in waiver.apps):
                    message = f"accepts {waiver.allow} only for apps that it names, not by a pattern"
                yield Note("waiver-unused", waiver.name, message)

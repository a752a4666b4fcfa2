"""The waivers that would accept what a plan holds, as YAML to paste.

One document per hazard and exact value; apps that are held for the same go into one. Not here: whether to accept it,
which is for the person who commits the document and the one who reviews it.
"""

import re
from collections import Counter
from collections.abc import Iterable

from stagemail.dataclass import dataclass
from stagemail.model.key import CONFIGURATION
from stagemail.model.plan import Plan
from stagemail.model.step import Hazard, Step
from stagemail.report.escape import is_hidden

REASON = "why, and who agreed"
LONGEST_NAME = 63
NO_WAIVER = frozenset({"outside-window"})
"""Hazards that pass by themselves: the next run inside the window does the step."""

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[._-][A-Za-z0-9]+)*")
_NOT_TEXT = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"})


@dataclass(frozen=True, slots=True)
class WaiverDraft:
    """One waiver to paste. ``apps`` empty: the stage itself."""

    name: str
    allow: str
    to: str
    apps: tuple[str, ...] = ()

    def yaml(self) -> str:
        """The document, valid for the Waiver kind."""
        apps = f"  apps: [{', '.join(map(quoted, self.apps))}]\n" if self.apps else ""
        return (
            "apiVersion: stagemail/v1\n"
            "kind: Waiver\n"
            f"metadata: {{name: {quoted(self.name)}}}\n"
            "spec:\n"
            f"  allow: {quoted(self.allow)}\n"
            f"{apps}"
            f"  to: {quoted(self.to)}\n"
            f"  reason: {quoted(REASON)}\n"
        )


def drafts_of(plan: Plan) -> tuple[WaiverDraft, ...]:
    """The waivers that would let all of the plan run, sorted."""
    wide = {hazard for hazard in plan.hazards if hazard.kind not in NO_WAIVER}
    names = Counter(label for _, label in {(step.key, step.label) for step in plan.steps})
    wanted: dict[tuple[Hazard, bool], set[str]] = {(_bare(hazard), False): set() for hazard in wide}
    for step in plan.held:
        for hazard in step.held:
            if hazard in plan.hazards or hazard.kind in NO_WAIVER:
                continue
            of_app = step.key.kind != CONFIGURATION
            wanted.setdefault((_bare(hazard), of_app), set()).update({_selector(step, names)} if of_app else ())
    return tuple(
        _named(
            plan.stage,
            (
                (hazard, tuple(sorted(apps)))
                for (hazard, _), apps in sorted(wanted.items(), key=lambda item: (item[0][0], sorted(item[1])))
            ),
        )
    )


def waivers_yaml(plan: Plan) -> str:
    """All of them as one file's text; "" where nothing is held that a waiver could accept."""
    return "---\n".join(draft.yaml() for draft in drafts_of(plan))


def quoted(text: str) -> str:
    """A text as a YAML 1.2 scalar in a flow: plain where nobody can misread it, else in double quotes."""
    if _PLAIN.fullmatch(text) and text.lower() not in _NOT_TEXT:
        return text
    return '"' + "".join(_escaped(char) for char in text) + '"'


def _escaped(char: str) -> str:
    if char in '"\\':
        return f"\\{char}"
    if not is_hidden(char):
        return char
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _bare(hazard: Hazard) -> Hazard:
    """The hazard without its sentence, which names one app."""
    return Hazard(hazard.kind, hazard.to, "")


def _selector(step: Step, names: Counter[str]) -> str:
    """The app's name, or its key where the name would mean another app too."""
    odd = names[step.label] > 1 or any(char in "*?" or is_hidden(char) for char in step.label)
    return step.key.id if odd or not step.label else step.label


def _named(stage: str, found: Iterable[tuple[Hazard, tuple[str, ...]]]) -> Iterable[WaiverDraft]:
    taken: Counter[str] = Counter()
    for hazard, apps in found:
        whom = apps[0] if len(apps) == 1 else stage
        name = _slug(f"{hazard.kind} {whom}")
        taken[name] += 1
        number = f"-{taken[name]}" if taken[name] > 1 else ""
        yield WaiverDraft(name[: LONGEST_NAME - len(number)].rstrip("-") + number, hazard.kind, hazard.to, apps)


def _slug(text: str) -> str:
    return re.sub("[^a-z0-9]+", "-", text.lower()).strip("-")[:LONGEST_NAME].rstrip("-")

"""Who gets the mail of one stage's apps, as bindings: one for each distinct value, apps by exact name.

An app is bound as it is: one without a list as ``set-in-app``, so that nothing changes, and named. An app that cannot
be described so that a plan leaves it alone is left out, and named with the reason. Pure.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from stagemail.model import email
from stagemail.model.field import Value
from stagemail.model.inventory import App
from stagemail.model.key import BINDING, Key
from stagemail.model.snapshot import ObservedResource
from stagemail.reconcile.adopt_settings import Found, Settings
from stagemail.reconcile.adopt_shape import SET_IN_APP, Plain, app_fault, recipients_of, shown
from stagemail.report.adoption import Remark, RemarkKind

LONGEST = 1000
"""Apps of one binding at most (``resources.app_binding``)."""


@dataclass(frozen=True, slots=True)
class Bound:
    """Bindings of one stage: the recipients of its configuration, and groups of apps by what they say themselves."""

    recipients: Plain
    groups: tuple[tuple[Plain | None, tuple[str, ...]], ...] = ()
    """None: as the configuration says."""
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True, slots=True)
class _App:
    app: App
    selector: str
    recipients: Plain


def bound_of(found: Found, settings: Settings) -> Bound:
    """Bind every app of the stage that can be bound without any change."""
    remarks: list[Remark] = [*_unseen(found, settings)]
    apps: list[_App] = []
    for app in sorted(app for app in found.inventory.apps if app.bindable):
        why, described = _described(found, settings, app)
        remarks += [Remark("not-bound", found.stage, app.name, why)] if why else []
        apps += [described] if described else []
        remarks += _beside(found, settings, app)
    whole = settings.recipients or _usual(found, [each.recipients for each in apps])
    return Bound(whole, tuple(_groups(apps, whole, inherit_all=not _seen(found))), tuple(remarks))


def _seen(found: Found) -> bool:
    """Whether this platform lets us manage recipients app by app."""
    return found.check.capabilities.of(BINDING, email.RECIPIENTS_MODE) == "sets"


def _unseen(found: Found, settings: Settings) -> Iterator[Remark]:
    if not _seen(found) and not settings.recipients:
        message = (
            "the platform's API shows no test list: whom mail reaches is only seen in the Portal. "
            "The YAML says set-in-app, which writes nothing"
        )
        yield Remark("assumed", found.stage, email.RECIPIENTS_MODE, message)


def _described(found: Found, settings: Settings, app: App) -> tuple[str, _App | None]:
    """The app as a binding names it, or why it cannot be bound."""
    seen = found.observed.by_key().get(Key(found.stage, BINDING, app.key))
    if seen is None:
        return "the platform did not show its settings", None
    selector, why = _selector(found, app)
    why = why or _pending(found, settings, seen)
    if why:
        return why, None
    if not _seen(found):
        return "", _App(app, selector, {})
    why, recipients = recipients_of({name: field.value for name, field in seen.fields.items()}, found.check.same)
    return why, None if why else _App(app, selector, recipients)


def _selector(found: Found, app: App) -> tuple[str, str]:
    """The name where it means this app only, else the key."""
    others = [other for other in found.inventory.apps if other.bindable and other.key != app.key]
    alone = all(app.name not in (other.name, other.key) for other in others)
    if alone and not app_fault(app.name):
        return app.name, ""
    wrong = app_fault(app.key) or ("it is another app's name" if any(app.key == o.name for o in others) else "")
    return app.key, f"neither its name nor its key can be written: {wrong}" if wrong else ""


def _pending(found: Found, settings: Settings, seen: ObservedResource) -> str:
    """Pending values that would be ours once the app is bound: an apply would make them live."""
    wanted: dict[str, Value] = dict(settings.values)
    if _seen(found):
        is_list = seen.fields[email.RECIPIENTS_MODE].value == email.TEST_LIST_MODE
        names = (email.RECIPIENTS_MODE, email.TEST_LIST) if is_list else (email.RECIPIENTS_MODE,)
        wanted |= {name: seen.fields[name].value for name in names}
    told = [
        f"{name} {shown(field.live)} → {shown(field.value)}"
        for name, field in sorted(seen.fields.items())
        if field.pending and name in wanted and found.check.same(name, wanted[name], field.value)
    ]
    return f"pending: {'; '.join(told)}; apply or discard it in the Portal, then bind the app" if told else ""


def _beside(found: Found, settings: Settings, app: App) -> Iterator[Remark]:
    """What else a person should know of an app."""
    seen = found.observed.by_key().get(Key(found.stage, BINDING, app.key))
    if seen is None:
        return

    def told(kind: RemarkKind, message: str) -> Remark:
        return Remark(kind, found.stage, app.name, message)

    mode = seen.fields.get(email.RECIPIENTS_MODE)
    if mode and mode.live != email.TEST_LIST_MODE and found.purpose != "production":
        yield told("real-people", "no test list is active, so mail goes where the app says")
    if seen.foreign:
        yield told("pending", ", ".join(seen.foreign))
    for name, value in sorted(settings.values.items()):
        field = seen.fields.get(name)
        if field and not field.pending and not found.check.same(name, value, field.live):
            message = f"{name} is {shown(field.live)}, the stage has {shown(value)}"
            yield told("overridden", message)


def _usual(found: Found, all_of: list[Plain]) -> Plain:
    """What the configuration says for apps to come: in production the app's own, elsewhere the usual test list."""
    lists = Counter(_text(each) for each in all_of if each.get("mode") == email.TEST_LIST_MODE)
    if not lists or (found.purpose == "production" and SET_IN_APP in all_of):
        return SET_IN_APP
    most = max(lists.values())
    usual: Plain = json.loads(min(text for text, count in lists.items() if count == most))
    return usual


def _groups(apps: Iterable[_App], whole: Plain, *, inherit_all: bool) -> Iterator[tuple[Plain | None, tuple[str, ...]]]:
    by_value: dict[str, tuple[Plain | None, list[str]]] = {}
    for each in apps:
        own = None if inherit_all or each.recipients == whole else each.recipients
        by_value.setdefault(_text(own), (own, []))[1].append(each.selector)
    for own, selectors in sorted(by_value.values(), key=lambda group: (group[0] is not None, sorted(group[1]))):
        ordered = sorted(selectors)
        for start in range(0, len(ordered), LONGEST):
            yield own, tuple(ordered[start : start + LONGEST])


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=True)

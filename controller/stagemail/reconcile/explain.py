"""Why a value is what it is, from a checkout alone: no platform, no credential. What runs is not known here.

Not here: rendering (``report.explain``), finding lines and commits (the ``Source``).
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from stagemail.errors import NotFound
from stagemail.model.field import Value
from stagemail.model.inventory import App
from stagemail.model.key import BINDING, CONFIGURATION
from stagemail.model.location import Place
from stagemail.model.revision import Loaded
from stagemail.model.snapshot import Binding, Configuration, Desired
from stagemail.planning.claims import Claim, Claims
from stagemail.ports import Check, Source
from stagemail.report.explain import ExplainedField, Explanation

Owner = Configuration | Binding


def explain(loaded: Loaded, stage: str, app: str, check: Check, source: Source) -> Explanation:
    """Explain a stage, or one app of it (``app`` "" is the stage itself). Raises NotFound for an unknown stage."""
    if stage not in loaded.stages:
        known = ", ".join(sorted(loaded.stages)) or "none"
        raise NotFound(f"{stage}: no such stage in Git", hint=f"known stages: {known}")
    desired = loaded.stages[stage]
    notes = (f"not acted on: {loaded.blocked[stage]}",) if stage in loaded.blocked else ()
    made = _app(desired, app, check, source) if app else _stage(desired, check, source)
    return replace(made, revision=loaded.revision.id, notes=notes + made.notes)


def _stage(desired: Desired, check: Check, source: Source) -> Explanation:
    configuration = desired.configuration
    if configuration is None:
        return Explanation(
            desired.stage, notes=("no EmailConfiguration claims this stage; its settings are left alone",)
        )
    shown = {n: v for n, v in configuration.fields.items() if check.capabilities.of(BINDING, n) != "sets"}
    fields = tuple(_fields(shown, configuration, CONFIGURATION, origin="", check=check, source=source))
    return Explanation(desired.stage, configuration=configuration.name, fields=fields)


def _app(desired: Desired, app: str, check: Check, source: Source) -> Explanation:
    claims = Claims(desired.bindings)
    best = claims.on(App(app, app))
    name = desired.configuration.name if desired.configuration else ""
    if not best:
        note = "no binding of this stage names it; whether it is deployed here is not known from Git alone"
        return Explanation(desired.stage, app, configuration=name, notes=(note, *_stage_note(desired)))
    claim: Claim = best[0]
    binding = claim.binding
    inherited = desired.configuration.fields if desired.configuration else {}
    owner: Owner = binding if binding.fields or desired.configuration is None else desired.configuration
    origin = "" if owner is binding else f"inherited from configuration {name}"
    recipients = {n: v for n, v in (binding.fields or inherited).items() if check.capabilities.of(BINDING, n) == "sets"}
    pattern = claim.selector.text if claim.selector.is_pattern else ""
    return Explanation(
        desired.stage,
        app,
        configuration=name,
        binding=binding.name,
        pattern=pattern,
        bound_at=source.locate(claim.place),
        fields=tuple(_fields(recipients, owner, BINDING, origin=origin, check=check, source=source)),
        notes=_stage_note(desired),
    )


def _stage_note(desired: Desired) -> tuple[str, ...]:
    return (f"server, authentication and sender are the stage's: see `stagemail explain {desired.stage}`",)


def _fields(
    fields: Mapping[str, Value], owner: Owner, kind: str, *, origin: str, check: Check, source: Source
) -> Iterable[ExplainedField]:
    for name, value in fields.items():
        place: Place = owner.place.child("spec", *name.split("."))
        location = source.locate(place)
        yield ExplainedField(
            field=name,
            value=value,
            origin=origin or "written",
            location=location,
            changed_by=source.changed_by(location),
            edit=f"edit spec.{name} there",
            support=check.capabilities.of(kind, name),
            reason=check.capabilities.reasons.get(name, ""),
        )

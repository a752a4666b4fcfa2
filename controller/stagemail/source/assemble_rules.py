"""What the documents of one stage mean together: one configuration, names used once, apps claimed once, known stores.

Pure. Not here: which documents belong to the stage (``claims``), what needs the deployed apps (``planning``).
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date

from stagemail.dataclass import dataclass
from stagemail.model import email
from stagemail.model.location import Place
from stagemail.model.retirement import due
from stagemail.model.secret import SecretRef
from stagemail.model.snapshot import Binding, Configuration
from stagemail.model.waiver import Waiver
from stagemail.resources.nearest import nearest
from stagemail.resources.retirements import calendar
from stagemail.source.assemble_fields import place_of
from stagemail.source.finding import Finding


@dataclass(frozen=True, slots=True)
class StageDocuments:
    """The documents of one stage, in the order of their places.

    ``wanted``: the configuration that a binding names, by the binding's place. ``broken``: some document of the stage
    could not be read, so absence proves nothing. ``folder`` is where a new document would go.
    """

    stage: str
    configurations: Sequence[Configuration]
    bindings: Sequence[Binding]
    waivers: Sequence[Waiver]
    wanted: Mapping[Place, str]
    broken: bool
    folder: str


def findings(documents: StageDocuments, stores: Collection[str] | None, today: date) -> Iterator[Finding]:
    """Everything that is wrong with one stage's documents together. ``stores``: None without an operator file."""
    yield from _one_configuration(documents)
    yield from _names(documents.stage, documents.bindings)
    yield from _names(documents.stage, documents.waivers)
    yield from _configuration_of_bindings(documents)
    yield from _claims(documents)
    for binding in documents.bindings:
        yield from _exceptions(binding)
    for configuration in documents.configurations:
        yield from _secrets(configuration, documents.stage, stores, today)
        yield from _retired(configuration, today)
    for waiver in documents.waivers:
        yield from _expiry(waiver, today)


def _one_configuration(documents: StageDocuments) -> Iterator[Finding]:
    for other in documents.configurations[1:]:
        first = documents.configurations[0]
        yield Finding(
            _name(other.place),
            "duplicate-configuration",
            f"stage `{documents.stage}` has a configuration already, `{first.name}`:",
            "keep one of them, or let `spec.stages` of one leave this stage out.",
            related=(_name(first.place),),
            stages=(documents.stage,),
        )


def _name(document: Place | None) -> Place:
    return (document or Place("")).child("metadata", "name")


def _names(stage: str, documents: Sequence[Binding | Waiver]) -> Iterator[Finding]:
    seen: dict[str, Place | None] = {}
    for document in documents:
        if document.name in seen:
            yield Finding(
                _name(document.place),
                "duplicate-name",
                f"stage `{stage}` has another {type(document).__name__.lower()} called `{document.name}`:",
                "give each a name of its own.",
                related=(_name(seen[document.name]),),
                stages=(stage,),
            )
        seen.setdefault(document.name, document.place)


def _configuration_of_bindings(documents: StageDocuments) -> Iterator[Finding]:
    if documents.broken:
        return
    stage = documents.stage
    for binding in documents.bindings:
        if not documents.configurations:
            remedy = f"add a document of kind EmailConfiguration, as in {documents.folder}/email.yaml."
            message = f"stage `{stage}` has no configuration that these apps could use:"
            yield Finding(binding.place.child("spec"), "missing-configuration", message, remedy, stages=(stage,))
            continue
        own = documents.configurations[0]
        wanted = documents.wanted.get(binding.place, own.name)
        if wanted != own.name:
            yield Finding(
                binding.place.child("spec", "configuration"),
                "wrong-configuration",
                f"`{wanted}` is not the configuration of stage `{stage}`:",
                f"write `{own.name}`, or leave `configuration` out: an app takes that of its own stage.",
                related=(_name(own.place),),
                stages=(stage,),
            )


def _claims(documents: StageDocuments) -> Iterator[Finding]:
    seen: dict[str, Place] = {}
    for binding in documents.bindings:
        for index, selector in enumerate(binding.apps):
            place = binding.place.child("spec", "apps", index)
            first = seen.setdefault(selector.text, place)
            if first is not place:
                what = "pattern" if selector.is_pattern else "app"
                yield Finding(
                    place,
                    "duplicate-claim",
                    f"{what} `{selector.text}` is bound twice in stage `{documents.stage}`:",
                    "keep it in one binding.",
                    related=(first,),
                    stages=(documents.stage,),
                )


def _exceptions(binding: Binding) -> Iterator[Finding]:
    if binding.excluded and not any(selector.is_pattern for selector in binding.apps):
        message = "`except` does nothing here, because `apps` holds no pattern:"
        yield Finding(binding.place.child("spec", "except"), "unused-except", message, "leave it out.", "note")


def _secrets(
    configuration: Configuration, stage: str, stores: Collection[str] | None, today: date
) -> Iterator[Finding]:
    for field, ref in configuration.fields.items():
        if not isinstance(ref, SecretRef):
            continue
        place = place_of(configuration, field).child("secretRef")
        if stores is not None and ref.store not in stores:
            meant = nearest(ref.store, stores, "secret store")
            message = f"no secret store is called `{ref.store}`:"
            yield Finding(place.child("store"), "unknown-store", message, meant, stages=(stage,))
        if ref.expires and date.fromisoformat(ref.expires) <= today:
            message = f"this credential has run out on {ref.expires}:"
            remedy = "renew it in its store and write the new date."
            yield Finding(place.child("expires"), "secret-expired", message, remedy, "warning")


def _retired(configuration: Configuration, today: date) -> Iterator[Finding]:
    """A login that its provider retires. Only planning knows whether it is new here, and refuses it then."""
    if configuration.fields.get(email.AUTH_TYPE) in (None, "none"):
        return
    found = due(configuration.fields, calendar(), today)
    if found is not None:
        remedy = f"{found.retirement.next_step}. See {found.retirement.source}"
        code = "authentication-retired" if found.past else "authentication-retires"
        yield Finding(place_of(configuration, email.AUTH_TYPE), code, f"{found.message}:", remedy, "warning")


def _expiry(waiver: Waiver, today: date) -> Iterator[Finding]:
    if waiver.place and waiver.expires and date.fromisoformat(waiver.expires) <= today:
        message = f"waiver `{waiver.name}` has run out on {waiver.expires}; it still accepts `{waiver.allow}`:"
        remedy = "remove it, or have it reviewed and write a new date."
        yield Finding(waiver.place.child("spec", "expires"), "waiver-expired", message, remedy, "warning")

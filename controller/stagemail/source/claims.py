"""Which stages a document is for: the folders that belong to each stage, and what the document itself says.

Not here: what documents mean together (``assemble_rules``), reading folders (``source.tree``).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any

from stagemail.dataclass import dataclass
from stagemail.model.location import Place
from stagemail.resources.nearest import nearest
from stagemail.source.finding import Finding

if TYPE_CHECKING:  # pydantic stays off the path that judges documents
    from stagemail.resources.operator import Operator


@dataclass(frozen=True, slots=True)
class Layout:
    """Which folders belong to which stage.

    ``stages`` is empty without an operator file: then the folder below ``base`` is the stage, and nobody can say
    which stages there are. ``base`` is "" where the documents' folders stand in the root.
    """

    stages: tuple[tuple[str, tuple[str, ...]], ...] = ()
    base: str = "environments"
    _folders: Mapping[str, tuple[str, ...]] = field(init=False, repr=False, compare=False)
    """By stage."""
    _stages: Mapping[str, tuple[str, ...]] = field(init=False, repr=False, compare=False)
    """By folder: with ten thousand stages nobody can look through all of them for each file."""

    def __post_init__(self) -> None:
        by_folder: dict[str, set[str]] = {}
        for name, folders in self.stages:
            for folder in folders:
                by_folder.setdefault(folder, set()).add(name)
        object.__setattr__(self, "_folders", dict(self.stages))
        object.__setattr__(self, "_stages", {folder: tuple(sorted(names)) for folder, names in by_folder.items()})

    @property
    def known(self) -> bool:
        """Whether an operator file says which stages there are."""
        return bool(self.stages)

    def names(self) -> tuple[str, ...]:
        """The stages that the operator file defines, sorted."""
        return tuple(sorted(self._folders))

    def defines(self, stage: str) -> bool:
        """Whether the operator file has this stage."""
        return stage in self._folders

    def folders_of(self, stage: str) -> tuple[str, ...]:
        """The folders of a stage."""
        written = self._folders.get(stage)
        return written if written is not None else (f"{self.base}/{stage}" if self.base else stage,)

    def owners(self, path: str) -> tuple[str, ...]:
        """The stages whose folders hold a file, sorted; empty where its folder belongs to none."""
        folder = path.rpartition("/")[0]
        if self.known:
            found = [names for above in _upwards(folder) if (names := self._stages.get(above))]
            return found[0] if len(found) == 1 else tuple(sorted({name for names in found for name in names}))
        below = folder.removeprefix(f"{self.base}/") if self.base else folder
        if not below or (self.base and not folder.startswith(f"{self.base}/")):
            return ()
        return (below.partition("/")[0],)


def _upwards(folder: str) -> Iterator[str]:
    """A folder and all that hold it, but for the root."""
    while folder:
        yield folder
        folder = folder.rpartition("/")[0]


def layout_of(operator: "Operator | None", base: str = "environments") -> Layout:
    """The folders of every stage; without an operator file the folder below ``base`` is the stage."""
    if operator is None:
        return Layout((), base)
    return Layout(tuple((name, operator.folders_of(name)) for name in sorted(operator.stages)), operator.source.path)


@dataclass(frozen=True, slots=True)
class Claim:
    """What became of a document's claim: the stages it is for, those it blocks, and what is wrong with it."""

    stages: tuple[str, ...]
    findings: tuple[Finding, ...] = ()


def claim(value: Mapping[str, Any], place: Place, layout: Layout) -> Claim:
    """The stages that a document of a good shape is for. A claim that cannot be followed blocks the folder's stages."""
    owners = layout.owners(place.path)
    spec: Mapping[str, Any] = value["spec"]
    named: list[str] | None = spec.get("stages")
    if named is None:
        return _by_folder(owners, place, layout)
    if not layout.known:
        return Claim(tuple(sorted(named)))
    findings = tuple(
        finding
        for index, stage in enumerate(named)
        if (finding := _fault(stage, place.child("spec", "stages", index), owners, layout)) is not None
    )
    return Claim(() if findings else tuple(sorted(named)), findings)


def _by_folder(owners: tuple[str, ...], place: Place, layout: Layout) -> Claim:
    if len(owners) == 1:
        return Claim(owners)
    if owners:
        message = f"this folder belongs to several stages ({', '.join(owners)}), so the document must name its own:"
        remedy = f"add `stages: [{owners[0]}]` below `spec:`."
        return Claim((), (Finding(place.child("spec"), "stages-required", message, remedy, stages=owners),))
    return Claim((), (stray(place, layout),))


def stray(place: Place, layout: Layout) -> Finding:
    """A document in a folder that belongs to no stage."""
    folder = place.path.rpartition("/")[0] or "the root"
    message = f"{folder} belongs to no stage:"
    if layout.known:
        remedy = "move the document into a stage's folder, or give the folder to a stage in the operator file."
    else:
        remedy = f"move the document into {layout.folders_of('<stage>')[0]}, or name its stages in `spec.stages`."
    return Finding(place, "folder-of-no-stage", message, remedy)


def _fault(stage: str, place: Place, owners: tuple[str, ...], layout: Layout) -> Finding | None:
    if not layout.defines(stage):
        meant = nearest(stage, layout.names(), "stage")
        return Finding(place, "unknown-stage", f"no stage is called `{stage}`:", meant, stages=owners)
    if stage in owners:
        return None
    message = f"stage `{stage}` is claimed from outside its folders ({', '.join(layout.folders_of(stage))}):"
    remedy = "move the document into one of them, or take the stage out of `spec.stages`."
    return Finding(place, "stage-outside-folder", message, remedy, stages=owners)


def blocked_by(value: Any, path: str, layout: Layout) -> tuple[str, ...]:
    """The stages that a broken document blocks: those it names for certain, else all that share its folder."""
    owners = layout.owners(path)
    spec = value.get("spec") if isinstance(value, dict) else None
    named = spec.get("stages") if isinstance(spec, dict) else None
    if isinstance(named, list) and named and all(isinstance(stage, str) for stage in named):
        if not layout.known:
            return tuple(sorted(set(named)))
        if set(named) <= set(owners):
            return tuple(sorted(set(named)))
    return owners


def stages_seen(layout: Layout, claims: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """Every stage there is: the operator file's, or, without one, those that documents and folders name."""
    return layout.names() if layout.known else tuple(sorted({stage for stages in claims for stage in stages}))

"""The mapping: which entries of ODC are our fields, stage by stage. A file that an admin may edit.

The names and keys of the email entries are unknown until somebody looks, so nothing here knows any.
Not here: finding them (``discovery``), reading and writing the file (``wiring`` and its caller).
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic.alias_generators import to_camel

from stagemail.errors import InvalidInput, MappingMismatch
from stagemail.model import email
from stagemail.target.odc.codec import Codec
from stagemail.target.odc.payloads import Entry

LOOK_AGAIN = "run `stagemail target discover --write` to look again; it keeps what you edited"
Level = Literal["stage", "app"]
SEPARATORS: Mapping[str, str] = {"newline": "\n", "semicolon": ";", "bar": "|", "comma": ","}
"""What may stand between the members of a test list, the least ambiguous first."""
CONDITIONAL: Mapping[str, str] = {
    email.USERNAME: "basic",
    email.PASSWORD: "basic",
    email.TOKEN_URL: "oauth2",
    email.CLIENT_ID: "oauth2",
    email.CLIENT_SECRET: "oauth2",
    email.SCOPES: "oauth2",
}
"""Fields whose entry may be absent while another authentication type is chosen."""


class _Document(BaseModel):
    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True, hide_input_in_errors=True
    )


class MappedEntry(_Document):
    """One entry of ODC that is a field of ours. Checked at each read: a change blocks the stage."""

    key: str = Field(description="The entry's key in this stage.", min_length=1)
    name: str = Field(description="The entry's name as ODC shows it.")
    data_type: str = Field(default="", description="The entry's data type, empty where ODC tells none.")
    is_secret: bool = Field(default=False, description="Whether ODC treats the entry as a secret.")
    level: Level = Field(description="`stage`: set once for the stage. `app`: set in each app.")


class CodecOptions(_Document):
    """How this stage spells values."""

    boolean: str = Field(
        default="True/False", pattern=r"^[^/\s]+/[^/\s]+$", description="What true and false look like."
    )
    list_separator: Literal["comma", "semicolon", "newline", "bar"] = Field(
        default="comma", description="What stands between the members of a test list."
    )
    member_format: Literal["plain", "named"] = Field(
        default="plain", description="Members of a test list: `plain` addresses, or `named` as in `Name <address>`."
    )
    authentication: dict[Literal["none", "basic", "oauth2"], str] = Field(
        default={"none": "None", "basic": "Basic", "oauth2": "OAuth 2.0"}, description="ODC's words for our types."
    )
    security: dict[Literal["none", "starttls", "tls"], str] = Field(
        default={"none": "None", "starttls": "STARTTLS", "tls": "TLS"}, description="ODC's words for our kinds."
    )

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if set(self.authentication) != {"none", "basic", "oauth2"} or set(self.security) != {"none", "starttls", "tls"}:
            raise ValueError("authentication needs none, basic and oauth2; security needs none, starttls and tls")
        return self

    def codec(self) -> Codec:
        """The codec with these options."""
        true, _, false = self.boolean.partition("/")
        authentication = {str(word): spelt for word, spelt in self.authentication.items()}
        security = {str(word): spelt for word, spelt in self.security.items()}
        return Codec(true, false, SEPARATORS[self.list_separator], self.member_format, authentication, security)


class StageMapping(_Document):
    """The entries of one stage, and what is known of its ways."""

    environment: str = Field(description="Key of the environment (ODC's word for stage) that this was read from.")
    portfolio: str = Field(default="", description="Key of its portfolio, empty where ODC tells none.")
    entries: dict[str, MappedEntry] = Field(default={}, description="Our field → ODC's entry.")
    unsupported: list[str] = Field(default=[], description="Fields that this stage shall do without: noted, no error.")
    secret_evidence: Literal["updatedAt", "valueSetAfterDeploy", "none"] = Field(
        default="none",
        description="What tells that somebody overwrote a secret: the date of its last write; or, in apps, that it was "
        "set after the deploy, which is seen while the new value is not live yet; or nothing.",
    )
    before_first_deploy: Literal["waits", "revisionBaseline"] = Field(
        default="waits",
        description="An app that is deployed in another stage and not here yet: `waits` binds it in the run after its "
        "first deploy; `revisionBaseline` writes its recipients before that, for the newest revision deployed "
        "anywhere. What ODC then does at the deploy is documented nowhere: try it with one app first.",
    )
    codec: CodecOptions = CodecOptions()
    assumed: list[str] = Field(default=[], description="Options that nobody could see yet: look, correct, remove here.")

    @field_validator("entries")
    @classmethod
    def _known(cls, entries: dict[str, MappedEntry]) -> dict[str, MappedEntry]:
        _refuse_unknown(entries)
        keys = [(entry.level, entry.key) for entry in entries.values()]
        if len(set(keys)) != len(keys):
            raise ValueError("two fields share one entry; an entry can be one field only")
        return entries

    @field_validator("unsupported")
    @classmethod
    def _known_unsupported(cls, names: list[str]) -> list[str]:
        _refuse_unknown(names)
        return names

    def at(self, level: Level) -> dict[str, MappedEntry]:
        """The entries of a level, by field."""
        return {name: entry for name, entry in self.entries.items() if entry.level == level}

    def verify(self, stage: str, subject: str, level: Level, seen: Iterable[Entry]) -> dict[str, Entry]:
        """The platform's entries by field. Raises MappingMismatch where one is gone or is not what it was.

        Entries of another authentication type than the chosen one may be absent, and so may all of an app's: ODC
        has a test list for "each app that uses the email feature" (ODC docs).
        """
        by_key = {entry.key: entry for entry in seen}
        mapped = self.at(level)
        if level == "app" and not any(entry.key in by_key for entry in mapped.values()):
            return {}
        found = {name: by_key[entry.key] for name, entry in mapped.items() if entry.key in by_key}
        chosen = self._chosen(found)
        for name, entry in mapped.items():
            if name not in found:
                if CONDITIONAL.get(name, chosen) == chosen:
                    raise MappingMismatch(
                        f"stage {stage}: {subject} has no entry {entry.key} ({entry.name}) for {name} any more",
                        hint=LOOK_AGAIN,
                    )
                continue
            _refuse_changed(f"stage {stage}: {subject}: the entry {entry.key} for {name}", entry, found[name])
        return found

    def _chosen(self, found: Mapping[str, Entry]) -> str:
        entry = found.get(email.AUTH_TYPE)
        if entry is None:
            return ""
        text = entry.value if entry.value is not None else entry.default_value
        return str(self.codec.codec().decode(email.AUTH_TYPE, text) or "none")


Where = Callable[[tuple[int | str, ...]], str]


class OdcMapping(_Document):
    """The whole file."""

    api_version: Literal["stagemail/v1"] = "stagemail/v1"
    kind: Literal["OdcMapping"] = "OdcMapping"
    organization: str = Field(description="The domain that this was read from.")
    stages: dict[str, StageMapping] = Field(default={}, description="By our name of the stage.")

    @classmethod
    def parse(cls, document: Any, path: str, where: Where = lambda _: "") -> "OdcMapping":
        """The mapping in a parsed YAML document. Raises InvalidInput with everything that is wrong.

        ``where`` gives line and column of a member, as ``:3:5``.
        """
        try:
            return cls.model_validate(document)
        except ValidationError as error:
            wrong = [
                f"{path}{where(each['loc'])}: {'.'.join(str(part) for part in each['loc'])}: {each['msg']}"
                for each in error.errors(include_input=False, include_url=False)
            ]
            hint = f"mend {path}, or delete it and run `stagemail target discover --write`"
            raise InvalidInput("; ".join(wrong), hint=hint) from None

    def of(self, stage: str) -> StageMapping:
        """The mapping of a stage. Raises MappingMismatch where it has none."""
        if stage not in self.stages:
            raise MappingMismatch(
                f"stage {stage} is not in the mapping", hint=f"run `stagemail target discover {stage} --write`"
            )
        return self.stages[stage]


def _refuse_unknown(names: Iterable[str]) -> None:
    unknown = sorted(set(names) - set(email.SPECS))
    if unknown:
        raise ValueError(f"no fields of ours: {', '.join(unknown)}; known: {', '.join(email.SPECS)}")


def _refuse_changed(what: str, mapped: MappedEntry, seen: Entry) -> None:
    differences = [
        f"{label} is {now!r} and was {before!r}"
        for label, before, now in (
            ("name", mapped.name, seen.name or ""),
            ("dataType", mapped.data_type, seen.data_type or ""),
            ("isSecret", mapped.is_secret, bool(seen.is_secret)),
        )
        if before != now
    ]
    if differences:
        raise MappingMismatch(f"{what} has changed: {', '.join(differences)}", hint=LOOK_AGAIN)

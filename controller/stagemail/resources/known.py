"""An operator file that was judged before, as plain data: read without its models, which take a tenth of a second.

``frozen`` turns validated models into JSON; ``thawed`` gives a stand-in whose fields, properties and dumps are theirs.
Whatever else is asked of it is answered by the models themselves, which ``real`` loads then.
Not here: where the JSON is kept, and when it still holds (``wiring.judged``).
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final, cast

from stagemail.resources.folders import Folders

if TYPE_CHECKING:  # the point is to do without
    from pydantic import BaseModel

    from stagemail.resources.operator import Operator

FIELDS, ALIASES, KINDS, MORE = "fields", "aliases", "kinds", "more"
_MODEL: Final = "\0model"
"""Marks a model in JSON; no authored name holds NUL."""
_TUPLE: Final = "\0tuple"


class NotPlainError(Exception):
    """Something in an operator file is no plain data: then it is judged each time."""


def frozen(model: "BaseModel") -> dict[str, Any]:
    """A validated model as JSON. Raises NotPlainError where the stand-in would not be the same."""
    tree = _frozen_model(model)
    stand_in = Known(_thawed_fields(tree[_MODEL], lambda: model), lambda: model)
    for by_alias in (False, True):
        if stand_in.model_dump(by_alias=by_alias) != model.model_dump(by_alias=by_alias):
            raise NotPlainError(type(model).__name__)
    return tree


def _frozen_model(model: "BaseModel") -> dict[str, Any]:
    kind = type(model)
    declared = kind.model_fields
    own = [each for each in kind.__mro__ if each.__module__.partition(".")[0] not in ("pydantic", "builtins")]
    names = {name for each in own for name in vars(each) if not name.startswith("_")} - set(declared)
    properties = {name for name in names if isinstance(getattr(kind, name, None), property)}
    return {
        _MODEL: {
            FIELDS: {name: _frozen_value(getattr(model, name)) for name in [*declared, *sorted(properties)]},
            ALIASES: {name: field.serialization_alias or field.alias or name for name, field in declared.items()},
            KINDS: [_name(each) for each in own],
            MORE: sorted(names - properties),
        }
    }


def _frozen_value(value: Any) -> Any:
    if hasattr(type(value), "model_fields"):
        return _frozen_model(value)
    if isinstance(value, tuple):
        return {_TUPLE: [_frozen_value(each) for each in value]}
    if type(value) is list:
        return [_frozen_value(each) for each in value]
    if type(value) is dict and all(type(key) is str and not key.startswith("\0") for key in value):
        return {key: _frozen_value(each) for key, each in value.items()}
    if value is None or type(value) in (str, int, float, bool):
        return value
    raise NotPlainError(type(value).__name__)


class Known:
    """Stands in for one model."""

    __slots__ = ("_known", "_real")

    def __init__(self, known: Mapping[str, Any], real: Callable[[], Any]) -> None:
        self._known = known
        self._real = real

    def __getattr__(self, name: str) -> Any:
        """A field; or what the model has besides, by the model itself."""
        found = self._known[FIELDS].get(name, self)
        if found is not self:
            return found
        if name in self._known[MORE] or name.startswith("model_"):
            return getattr(self._real(), name)
        raise AttributeError(name)

    def stands_for(self, kind: str) -> bool:
        """Whether the model is this one, or made from it."""
        return kind in self._known[KINDS]

    def model_dump(self, *, by_alias: bool = False, **more: Any) -> dict[str, Any]:
        """As pydantic's, of the declared fields."""
        if more:
            dumped: dict[str, Any] = self._real().model_dump(by_alias=by_alias, **more)
            return dumped
        names: Mapping[str, str] = self._known[ALIASES]
        fields = self._known[FIELDS]
        return {alias if by_alias else name: _dumped(fields[name], by_alias=by_alias) for name, alias in names.items()}


class KnownOperator(Known, Folders):
    """Stands in for ``resources.operator.Operator``."""

    __slots__ = ()


def _dumped(value: Any, *, by_alias: bool) -> Any:
    if isinstance(value, Known):
        return value.model_dump(by_alias=by_alias)
    if isinstance(value, list | tuple):
        return type(value)(_dumped(each, by_alias=by_alias) for each in value)
    if isinstance(value, dict):
        return {key: _dumped(each, by_alias=by_alias) for key, each in value.items()}
    return value


def thawed(tree: Mapping[str, Any], real: Callable[[], "Operator"]) -> "Operator":
    """The stand-in for a whole operator file; ``real`` loads its models when they are needed after all.

    Raises KeyError, TypeError, AttributeError where ``tree`` is not what ``frozen`` made.
    """
    return cast("Operator", KnownOperator(_thawed_fields(tree[_MODEL], real), real))


def _thawed_fields(known: Mapping[str, Any], real: Callable[[], Any]) -> dict[str, Any]:
    fields = {name: _thawed(each, partial(_field, real, name)) for name, each in known[FIELDS].items()}
    return {**known, FIELDS: fields}


def _thawed(value: Any, real: Callable[[], Any]) -> Any:
    if isinstance(value, list):
        return [_thawed(each, partial(_member, real, at)) for at, each in enumerate(value)]
    if not isinstance(value, dict):
        return value
    if _TUPLE in value:
        return tuple(_thawed(value[_TUPLE], real))
    if _MODEL in value:
        return Known(_thawed_fields(value[_MODEL], real), real)
    return {key: _thawed(each, partial(_member, real, key)) for key, each in value.items()}


def _field(real: Callable[[], Any], name: str) -> Any:
    return getattr(real(), name)


def _member(real: Callable[[], Any], at: int | str) -> Any:
    return real()[at]


def is_kind(settings: Any, name: str) -> bool:
    """Whether it is of this model, given by module and name, or of one made from it."""
    if isinstance(settings, Known):
        return settings.stands_for(name)
    return any(_name(each) == name for each in type(settings).__mro__)


def _name(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"

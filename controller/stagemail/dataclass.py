"""``dataclass`` as the standard library's, whose methods are made when one of them is first used.

Making them compiles source text, half a millisecond for each class; a command loads 150 classes and uses a third.
What is made is the standard library's own (PEP 557): the same signatures, errors and texts. Only ``frozen`` is kept
here, which needs no text. Not here: fields (``dataclasses`` has them).
"""

import dataclasses
from typing import TYPE_CHECKING, Any, Final

__all__ = ["dataclass"]

_INIT: Final = {"init": True, "repr": False, "eq": False}
_REPR: Final = {"init": False, "repr": True, "eq": False}
_EQ: Final = {"init": False, "repr": False, "eq": True}
_ORDER: Final = ("__lt__", "__le__", "__gt__", "__ge__")


class _Late:
    """A method that is not there yet: whoever looks it up, of the class or of an instance, finds the real one."""

    __slots__ = ("_cls", "_flags", "_name")

    def __init__(self, cls: type[Any], name: str, flags: dict[str, bool]) -> None:
        self._cls = cls
        self._name = name
        self._flags = flags

    def __get__(self, instance: Any, owner: type[Any]) -> Any:
        found = vars(self._cls)[self._name]
        if found is self:
            found = vars(_twin(self._cls, self._flags))[self._name]
            setattr(self._cls, self._name, found)
        return found if instance is None else found.__get__(instance, owner)


def _twin(cls: type[Any], flags: dict[str, bool]) -> type[Any]:
    """A dataclass with the same fields, made at once: its methods do for the class itself."""
    fields = cls.__dataclass_fields__
    space = {
        "__module__": cls.__module__,
        "__qualname__": cls.__qualname__,
        "__doc__": cls.__doc__,
        "__annotations__": {name: field.type for name, field in fields.items()},
        **fields,
    }
    if hasattr(cls, "__post_init__"):
        space["__post_init__"] = cls.__post_init__
    return dataclasses.dataclass(**flags)(type(cls.__name__, (), space))


def _frozen(cls: type[Any]) -> dict[str, Any]:
    """What is assigned to or deleted is refused, as PEP 557 has it; copies and pickles go by the fields."""
    names = frozenset(cls.__dataclass_fields__)

    def assign(self: Any, name: str, value: Any) -> None:
        if type(self) is cls or name in names:
            raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")
        super(cls, self).__setattr__(name, value)

    def delete(self: Any, name: str) -> None:
        if type(self) is cls or name in names:
            raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")
        super(cls, self).__delattr__(name)

    def state(self: Any) -> list[Any]:
        return [getattr(self, field.name) for field in dataclasses.fields(self)]

    def restore(self: Any, values: list[Any]) -> None:
        for field, value in zip(dataclasses.fields(self), values, strict=True):
            object.__setattr__(self, field.name, value)

    return {"__setattr__": assign, "__delattr__": delete, "__getstate__": state, "__setstate__": restore}


def _made(cls: type[Any], *, frozen: bool, order: bool, slots: bool) -> type[Any]:
    if any("__dataclass_fields__" in vars(base) for base in cls.__mro__[1:]):
        return dataclasses.dataclass(frozen=frozen, order=order, slots=slots)(cls)  # two classes share their methods
    own = vars(cls)
    own_hash = own.get("__hash__") is not None
    wanted = {"__init__": {**_INIT, "frozen": frozen}, "__repr__": _REPR, "__eq__": _EQ}
    wanted |= {name: {**_EQ, "order": True} for name in _ORDER if order}
    wanted = {name: flags for name, flags in wanted.items() if name not in own}
    made = dataclasses.dataclass(init=False, repr=False, eq=False, slots=slots)(cls)
    methods: dict[str, Any] = {name: _Late(made, name, flags) for name, flags in wanted.items()}
    if not own_hash:
        methods["__hash__"] = _Late(made, "__hash__", {**_EQ, "frozen": True}) if frozen else None
    if frozen:
        made.__dataclass_params__.frozen = True
        methods |= {name: method for name, method in _frozen(made).items() if name not in own}
    for name, method in methods.items():
        setattr(made, name, method)
    return made


if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(cls=None, /, *, frozen=False, order=False, slots=False):
        """See ``dataclasses.dataclass``."""
        if cls is None:
            return lambda found: _made(found, frozen=frozen, order=order, slots=slots)
        return _made(cls, frozen=frozen, order=order, slots=slots)

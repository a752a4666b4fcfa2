"""``dataclass`` as the standard library's, whose methods are made when one of them is first used.

Making them compiles source text, half a millisecond for each class; a command loads 150 classes and uses a third.
What is made answers as the standard library's own (PEP 557): the same signatures, errors and texts. What is used most
is made here, with a fifth of the work; what is used seldom is the standard library's. Not here: fields
(``dataclasses`` has them).
"""

import operator
import sys
from collections.abc import Callable
from importlib import import_module
from types import CodeType, FunctionType, ModuleType
from typing import TYPE_CHECKING, Any, Final


class _Late(ModuleType):
    """A module that is loaded when something of it is first asked for (PEP 810, for one module)."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            sys.modules.pop(self.__name__, None)
        return getattr(import_module(self.__name__), name)


if "inspect" not in sys.modules:  # dataclasses needs it for classes without a docstring; it takes longer than the rest
    sys.modules["inspect"] = _Late("inspect")
import dataclasses  # noqa: E402 - it would load inspect

__all__ = ["dataclass"]

_INIT: Final = {"init": True, "repr": False, "eq": False}
_REPR: Final = {"init": False, "repr": True, "eq": False}
_EQ: Final = {"init": False, "repr": False, "eq": True}
_ORDER: Final = ("__lt__", "__le__", "__gt__", "__ge__")


class _LateMethod:
    """A method that is not there yet: whoever looks it up, of the class or of an instance, finds the real one."""

    __slots__ = ("_cls", "_flags", "_name")

    def __init__(self, cls: type[Any], name: str, flags: dict[str, bool]) -> None:
        self._cls = cls
        self._name = name
        self._flags = flags

    def __get__(self, instance: Any, owner: type[Any]) -> Any:
        found = vars(self._cls)[self._name]
        if found is self:
            found = _quickly(self._cls, self._name, frozen=self._flags.get("frozen", False))
            if found is None:
                found = vars(_twin(self._cls, self._flags))[self._name]
            setattr(self._cls, self._name, found)
        return found if instance is None else found.__get__(instance, owner)


class _Factory:
    """Stands for a default that is made: the standard library's has the same text."""

    def __repr__(self) -> str:
        return "<factory>"


_FACTORY: Final = _Factory()


def _quickly(cls: type[Any], name: str, *, frozen: bool) -> Any:
    """The method; None where the standard library makes it."""
    if name == "__init__":
        return _init(cls, frozen=frozen)
    if name == "__repr__":
        return None
    compared = [
        f.name for f in dataclasses.fields(cls) if (f.compare if f.hash is None or name != "__hash__" else f.hash)
    ]
    values = _values(compared)
    method = _hash(values) if name == "__hash__" else _comparison(getattr(operator, name), values)
    method.__name__, method.__qualname__, method.__module__ = name, f"{cls.__qualname__}.{name}", cls.__module__
    return method


def _values(names: list[str]) -> Callable[[Any], tuple[Any, ...]]:
    if len(names) > 1:
        return operator.attrgetter(*names)
    return lambda self: tuple(getattr(self, name) for name in names)


def _hash(values: Callable[[Any], tuple[Any, ...]]) -> Any:
    def method(self: Any) -> int:
        return hash(values(self))

    return method


def _comparison(compare: Callable[[Any, Any], bool], values: Callable[[Any], tuple[Any, ...]]) -> Any:
    def method(self: Any, other: Any) -> bool:
        return compare(values(self), values(other)) if other.__class__ is self.__class__ else NotImplemented

    return method


def _init(cls: type[Any], *, frozen: bool) -> Any:
    """The constructor of a class whose fields are all its arguments; None for others."""
    fields = dataclasses.fields(cls)
    usual = all(field.init and not field.kw_only and not field.name.startswith("_") for field in fields)
    if not usual or len(fields) != len(cls.__dataclass_fields__) or any(field.name == "self" for field in fields):
        return None
    space: dict[str, Any] = {"__name__": cls.__module__, "_set": object.__setattr__, "_factory": _FACTORY}
    body, defaults = [], []
    for number, field in enumerate(fields):
        value = field.name
        if field.default_factory is not dataclasses.MISSING:
            space[f"_f{number}"] = field.default_factory
            value = f"_f{number}() if {field.name} is _factory else {field.name}"
            defaults.append(_FACTORY)
        elif field.default is not dataclasses.MISSING:
            defaults.append(field.default)
        body.append(f"_set(self, {field.name!r}, {value})" if frozen else f"self.{field.name} = {value}")
    body += ["self.__post_init__()"] if hasattr(cls, "__post_init__") else []
    arguments = ", ".join(["self", *(field.name for field in fields)])
    text = f"def __init__({arguments}):\n " + "\n ".join(body or ["pass"])
    code = next(each for each in compile(text, "<dataclass>", "exec").co_consts if isinstance(each, CodeType))
    method = FunctionType(code, space, "__init__", tuple(defaults))
    method.__qualname__ = f"{cls.__qualname__}.__init__"
    method.__annotations__ = {**{field.name: field.type for field in fields}, "return": None}
    return method


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
    methods: dict[str, Any] = {name: _LateMethod(made, name, flags) for name, flags in wanted.items()}
    if not own_hash:
        methods["__hash__"] = _LateMethod(made, "__hash__", {**_EQ, "frozen": True}) if frozen else None
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

"""Classes whose methods are made when they are first used are as the standard library's in all that can be asked."""

import copy
import dataclasses
import inspect
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from stagemail.dataclass import dataclass

Decorator = Callable[..., Any]


def shapes(decorator: Decorator) -> dict[str, type[Any]]:
    """The same classes by either decorator."""

    @decorator(frozen=True, slots=True, order=True)
    class Point:
        """Ordered."""

        x: int
        y: int = 0

    @decorator(frozen=True, slots=True)
    class Named:
        """With a default that is made, one that does not show and one that does not count."""

        name: str
        tags: list[str] = dataclasses.field(default_factory=list)
        hidden: str = dataclasses.field(default="h", repr=False)
        noise: int = dataclasses.field(default=0, compare=False)

    @decorator(slots=True)
    class Box:
        """Can be changed, so it has no hash."""

        content: Any = None

    @decorator(frozen=True, slots=True)
    class Positive:
        """Looks at what it is given."""

        number: int

        def __post_init__(self) -> None:
            if self.number < 0:
                raise ValueError("negative")

        def __repr__(self) -> str:
            return "+"

    @decorator(frozen=True)
    class Base:
        """Made something else from."""

        a: int

    @decorator(frozen=True)
    class Derived(Base):
        """Made from it."""

        b: int = 2

    @decorator(frozen=True, slots=True)
    class Odd:
        """Names that are hard to use, and arguments that must be named."""

        _a: int
        self: int = dataclasses.field(kw_only=True, hash=False)
        made: Any = dataclasses.field(default_factory=tuple, kw_only=True)

        def __post_init__(self) -> None:
            """Nothing."""

    @decorator(frozen=True, slots=True, order=True)
    class One:
        """A single field."""

        only: int

    @decorator(frozen=True, slots=True)
    class Empty:
        """No field at all."""

    return {each.__name__: each for each in (Point, Named, Box, Positive, Base, Derived, Odd, One, Empty)}


OURS, THEIRS = shapes(dataclass), shapes(dataclasses.dataclass)
ASKED: list[tuple[str, Callable[[type[Any]], Any]]] = [
    ("Point", lambda c: repr(c(1, 2))),
    ("Point", lambda c: c(1) == c(1, 0)),
    ("Point", lambda c: c(1) == (1, 0)),
    ("Point", lambda c: [c(1) < c(2), c(1, 5) <= c(1, 4), c(2) > c(1), c(2) >= c(3)]),
    ("Point", lambda c: c(1) < 3),
    ("Point", lambda c: hash(c(1)) == hash(c(1)) == hash((1, 0))),
    ("Point", lambda c: c()),
    ("Point", lambda c: c(1, 2, 3)),
    ("Point", lambda c: setattr(c(1), "x", 2)),
    ("Point", lambda c: delattr(c(1), "x")),
    ("Point", lambda c: c.__match_args__),
    ("Point", lambda c: str(inspect.signature(c))),
    ("Point", lambda c: [field.name for field in dataclasses.fields(c)]),
    ("Point", lambda c: dataclasses.asdict(c(1))),
    ("Point", lambda c: repr(dataclasses.replace(c(1), y=4))),
    ("Point", lambda c: repr(copy.deepcopy(c(1)))),
    ("Point", lambda c: c.__slots__),
    ("Named", lambda c: repr(c("n", ["t"]))),
    ("Named", lambda c: c("n", noise=1) == c("n", noise=2)),
    ("Named", lambda c: c("n").tags is c("n").tags),
    ("Named", lambda c: hash(c("n"))),
    ("Named", lambda c: hash(c("n", ()))),
    ("Named", lambda c: hash(c("n", (), noise=1)) == hash(c("n", (), noise=2))),
    ("Named", lambda c: str(inspect.signature(c))),
    ("Named", lambda c: c(tags=[])),
    ("Named", lambda c: inspect.get_annotations(c.__init__)),
    ("Odd", lambda c: [repr(c(_a=1, self=2)), repr(c(2, self=3, made=4))]),
    ("Odd", lambda c: c(1, 2)),
    ("Odd", lambda c: str(inspect.signature(c))),
    ("Odd", lambda c: [c(1, self=2) == c(1, self=2), hash(c(1, self=2)) == hash(c(1, self=3))]),
    ("One", lambda c: [c(1) == c(1), c(1) < c(2), c(2) != c(1), hash(c(1)) == hash((1,)), c(1) == Ellipsis]),
    ("One", lambda c: c(1) > 1),
    ("Empty", lambda c: [c() == c(), hash(c()) == hash(())]),
    ("Box", lambda c: [c(1) == c(1), c(1) != c(2)]),
    ("Point", lambda c: [c.__init__.__qualname__.rpartition(".")[2], c.__eq__.__name__, c.__hash__.__module__]),
    ("Box", lambda c: hash(c())),
    ("Box", lambda c: [setattr(box := c(1), "content", 2), repr(box)]),
    ("Positive", lambda c: repr(c(1))),
    ("Positive", lambda c: c(-1)),
    ("Derived", lambda c: repr(c(1))),
    ("Derived", lambda c: setattr(c(1), "a", 2)),
    ("Derived", lambda c: c(1) == c(1, 2)),
]


def answer(of: type[Any], ask: Callable[[type[Any]], Any]) -> Any:
    try:
        return ask(of)
    except (TypeError, ValueError, AttributeError) as error:
        return type(error), str(error)


@pytest.mark.parametrize(("name", "ask"), ASKED)
def test_it_answers_as_the_standard_library_does(name: str, ask: Callable[[type[Any]], Any]) -> None:
    assert answer(OURS[name], ask) == answer(THEIRS[name], ask)
    assert answer(shapes(dataclass)[name], ask) == answer(THEIRS[name], ask)  # as the first thing that it is asked


def test_a_pickle_comes_back() -> None:
    whole = Kept("k", 3)
    assert pickle.loads(pickle.dumps(whole)) == whole


@dataclass(frozen=True, slots=True)
class Kept:
    """Found by its name."""

    name: str
    number: int


def test_nothing_is_made_before_it_is_used() -> None:
    made = shapes(dataclass)["Named"]
    assert not inspect.isfunction(vars(made)["__init__"])
    made("n")
    assert inspect.isfunction(vars(made)["__init__"])
    assert not inspect.isfunction(vars(made)["__repr__"])


def test_a_standard_one_may_be_made_from_ours() -> None:
    @dataclasses.dataclass(frozen=True)
    class More(OURS["Base"]):
        """Made from it."""

        c: int = 3

    assert repr(More(1)).endswith("More(a=1, c=3)")

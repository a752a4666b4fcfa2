"""A Secret shows its value in no way that Python, or a library of ours, has to show things."""

import copy
import dataclasses
import gc
import inspect
import io
import json
import logging
import marshal
import pickle
import pprint
import pydoc
import reprlib
import string
import traceback
import warnings
from collections.abc import Callable
from types import SimpleNamespace

import pydantic
import pytest
import yaml
from sqlalchemy import create_engine, literal, select

from stagemail.errors import NotFound
from stagemail.model.secret import MASK, Secret, SecretVersion

VALUE = "correct-horse-battery"
SECRET = Secret(VALUE)


@dataclasses.dataclass
class Holder:
    password: Secret
    user: str = "mailer"


class Model(pydantic.BaseModel, arbitrary_types_allowed=True):
    password: Secret


def _logged(message: str, *args: object, **extra: object) -> str:
    stream = io.StringIO()
    logger = logging.Logger("of this test", logging.DEBUG)
    logger.addHandler(logging.StreamHandler(stream))
    try:
        raise ValueError(SECRET)  # noqa: TRY301 - raised to be logged
    except ValueError:
        logger.debug(message, *args, exc_info=True, **extra)  # type: ignore[arg-type]
    return stream.getvalue()


def _traceback(*, locals_too: bool) -> str:
    password = SECRET
    holder = Holder(password)
    try:
        try:
            raise NotFound(f"no {password}", hint=f"not {holder}")  # noqa: TRY301 - raised to be the cause
        except NotFound as error:
            raise RuntimeError(password, holder) from error
    except RuntimeError as error:
        return "".join(traceback.TracebackException.from_exception(error, capture_locals=locals_too).format())


def _warned() -> str:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.warn(f"{SECRET}", stacklevel=1)
    return str([str(warning) for warning in caught])


SHOWING: dict[str, Callable[[], object]] = {
    "repr": lambda: repr(SECRET),
    "str": lambda: str(SECRET),
    "ascii": lambda: ascii(SECRET),
    "f-string": lambda: f"{SECRET} {SECRET!r} {SECRET!a}",
    "f-string with a spec": lambda: f"{SECRET:>40} {SECRET:x} {SECRET:s}",
    "percent": lambda: "%s %r %a" % (SECRET, SECRET, SECRET),  # noqa: UP031 - the way that is tested
    "format": lambda: "{} {!r}".format(SECRET, SECRET),  # noqa: UP032 - the way that is tested
    "format of its member": lambda: "{.reveal}".format(SECRET),  # noqa: UP032 - the way that is tested
    "template": lambda: string.Template("$a").substitute(a=SECRET),
    "in containers": lambda: (
        f"{[SECRET]} {(SECRET,)} { {'a': SECRET} } {frozenset([SECRET])} {SimpleNamespace(a=SECRET)}"
    ),
    "pprint": lambda: pprint.pformat({"a": [SECRET, Holder(SECRET)]}),
    "reprlib": lambda: reprlib.repr([SECRET]),
    "pydoc": lambda: pydoc.TextRepr().repr(SECRET) + pydoc.plain(pydoc.render_doc(SECRET)),
    "dir and members": lambda: repr(inspect.getmembers(SECRET)),
    "dataclass": lambda: repr(Holder(SECRET)) + repr(SecretVersion(SECRET)),
    "dataclass fields": lambda: repr([getattr(Holder(SECRET), f.name) for f in dataclasses.fields(Holder)]),
    "vars of its holder": lambda: repr(vars(Holder(SECRET))),
    "pydantic repr": lambda: repr(Model(password=SECRET)),
    "pydantic dump": lambda: repr(Model(password=SECRET).model_dump()),
    "exception": lambda: str(ValueError(SECRET)) + repr(ValueError(SECRET)) + repr(ValueError(SECRET).args),
    "our exception": lambda: str(NotFound(f"{SECRET}", hint=f"{SECRET}")),
    "traceback": lambda: _traceback(locals_too=False),
    "locals in a traceback": lambda: _traceback(locals_too=True),
    "log": lambda: _logged("%s %r", SECRET, SECRET),
    "log with extra": lambda: _logged("of", extra={"password": SECRET}),
    "warning": _warned,
    "json with default": lambda: json.dumps({"a": SECRET}, default=str),
    "json with vars as default": lambda: json.dumps({"a": SECRET}, default=lambda o: getattr(o, "__dict__", str(o))),
    "sql": lambda: str(select(literal(str(SECRET))).compile(create_engine("sqlite://"))),
    "print": lambda: print(SECRET, file=(stream := io.StringIO())) or stream.getvalue(),
}

REFUSING: dict[str, Callable[[], object]] = {
    "json": lambda: json.dumps({"a": SECRET}),
    "json of a dataclass": lambda: json.dumps(dataclasses.asdict(Holder(SECRET))),
    "pickle": lambda: pickle.dumps(SECRET),
    "pickle 0": lambda: pickle.dumps(SECRET, 0),
    "marshal": lambda: marshal.dumps(SECRET),
    "copy": lambda: copy.copy(SECRET),
    "deepcopy": lambda: copy.deepcopy([SECRET]),
    "asdict": lambda: dataclasses.asdict(Holder(SECRET)),
    "astuple": lambda: dataclasses.astuple(Holder(SECRET)),
    "vars": lambda: vars(SECRET),
    "getstate": SECRET.__getstate__,
    "pydantic json": lambda: Model(password=SECRET).model_dump_json(),
    "pydantic error": lambda: pydantic.TypeAdapter(int).validate_python(SECRET),
    "yaml": lambda: yaml.safe_dump({"a": SECRET}),
    "yaml with tags": lambda: yaml.dump({"a": SECRET}),
    "bytes": lambda: bytes(SECRET),  # type: ignore[call-overload]
    "%d": lambda: "%d" % SECRET,  # type: ignore[str-format]  # noqa: UP031 - the way that is tested
    "join": lambda: "".join([SECRET]),  # type: ignore[list-item]
    "iteration": lambda: list(SECRET),  # type: ignore[call-overload]
    "addition": lambda: "a" + SECRET,  # type: ignore[operator]
    "order": lambda: SECRET < SECRET,  # type: ignore[operator]
    "change": lambda: setattr(SECRET, "reveal", str),
    "new member": lambda: setattr(SECRET, "other", 1),
    "deletion": lambda: delattr(SECRET, "reveal"),
}


@pytest.mark.parametrize("way", SHOWING)
def test_what_shows_it_shows_no_value(way: str) -> None:
    shown = str(SHOWING[way]())
    assert VALUE not in shown
    assert shown


@pytest.mark.parametrize("way", REFUSING)
def test_what_would_carry_it_away_is_refused_without_the_value(way: str) -> None:
    with pytest.raises((TypeError, ValueError, AttributeError, yaml.YAMLError)) as refused:
        REFUSING[way]()
    told = "".join(traceback.TracebackException.from_exception(refused.value, capture_locals=True).format())
    told = told.replace(f"VALUE = {VALUE!r}", "")
    assert VALUE not in str(refused.value) + repr(refused.value) + told


def test_only_reveal_gives_the_value() -> None:
    assert SECRET.reveal() == VALUE
    assert str(SECRET) == MASK
    assert bool(SECRET)
    assert not Secret("")


def test_two_secrets_of_one_value_cannot_be_told_equal() -> None:
    assert Secret(VALUE) != Secret(VALUE)
    assert Secret(VALUE) != VALUE
    assert {SECRET: 1}[SECRET] == 1


def test_nothing_but_the_function_holds_the_value() -> None:
    """What a heap viewer meets one step from the object is a function, whose repr says nothing."""
    assert VALUE not in repr(gc.get_referents(SECRET))

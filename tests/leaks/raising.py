"""Derives from the source every place that makes an error, and makes it anew with a text of ours in every blank.

Each call of an exception class is taken out of its module and run there, with a stand-in for every name that its
functions know; what cannot be run so is run with the stand-in in place of each of its blanks and arguments.
Not here: what becomes of the errors (``test_errors``).
"""

import ast
import builtins
import importlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_BUILTIN = frozenset(n for n, v in vars(builtins).items() if isinstance(v, type) and issubclass(v, Exception))


@dataclass(frozen=True, order=True)
class Site:
    """One call that makes an error. ``local`` are the names that its functions bind."""

    module: str
    error: str
    line: int
    call: str
    local: frozenset[str]

    def __str__(self) -> str:
        return f"{self.module}:{self.line} {self.error}"


class Anything(str):
    """A text that stands for whatever a message could be made of."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *_arguments: Any, **_named: Any) -> Any:
        return self

    def __getitem__(self, key: Any) -> Any:
        return Anything(super().__getitem__(key)) if isinstance(key, slice) else self

    def __iter__(self) -> Iterator[Any]:
        yield self

    def __format__(self, spec: str) -> str:
        return str.__str__(self)

    def __int__(self) -> int:
        return 7

    def __lt__(self, other: object) -> bool:
        return True

    def __add__(self, other: object) -> Any:
        return Anything(str.__str__(self) + other) if isinstance(other, str) else self

    def _same(self, *_arguments: object) -> Any:
        return self

    def items(self) -> list[tuple[Any, Any]]:
        """As of a mapping with one entry."""
        return [(self, self)]

    def split(self, *_arguments: object) -> Any:  # type: ignore[override]
        """One piece."""
        return [self]

    __le__ = __gt__ = __ge__ = __lt__
    __sub__ = __truediv__ = __rtruediv__ = __floordiv__ = __mul__ = __mod__ = __round__ = __neg__ = _same
    __rsub__ = __radd__ = __or__ = __ror__ = __and__ = _same


def classes(source: Path, package: str = "stagemail") -> frozenset[str]:
    """The names of every exception class that the package defines."""
    bases = {
        node.name: _bases(node)
        for path in (source / package).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
    }
    known: set[str] = set()
    while True:
        more = {n for n, of in bases.items() if n not in known and (of & (known | _BUILTIN) or _foreign(of))}
        if not more:
            return frozenset(known)
        known |= more


def _foreign(bases: set[str]) -> bool:
    return any(base.endswith(("Error", "Exception")) for base in bases)


@cache
def sites(source: Path, package: str = "stagemail") -> tuple[Site, ...]:
    """Every call of an exception class, of the package's or of Python's own."""
    errors = classes(source, package) | _BUILTIN
    found: list[Site] = []
    for path in sorted((source / package).rglob("*.py")):
        module = ".".join(path.relative_to(source).with_suffix("").parts).removesuffix(".__init__")
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found += _sites(tree, module, errors - _records(source, package, tree), frozenset())
    return tuple(sorted(found, key=lambda site: (site.module, site.line, site.call)))


def _records(source: Path, package: str, tree: ast.Module) -> set[str]:
    """Names that this module takes from where they are no exceptions: two modules may call two things alike."""
    found = {n.name for n in tree.body if isinstance(n, ast.ClassDef) and not n.bases}
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith(f"{package}."):
            path = (source / node.module.replace(".", "/")).with_suffix(".py")
            if path.is_file():
                there = ast.parse(path.read_text(encoding="utf-8")).body
                plain = {n.name for n in there if isinstance(n, ast.ClassDef) and not n.bases}
                found |= plain & {alias.name for alias in node.names}
    return found


def _bases(node: ast.ClassDef) -> set[str]:
    return {_last(base) for base in node.bases}


def _sites(node: ast.AST, module: str, wanted: frozenset[str], local: frozenset[str]) -> Iterator[Site]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        local |= {n.arg for n in ast.walk(node) if isinstance(n, ast.arg)}
        local |= {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        local |= {n.name for n in ast.walk(node) if isinstance(n, ast.ExceptHandler) and n.name}
        local |= {n.name for n in ast.walk(node) if isinstance(n, ast.MatchAs | ast.MatchStar) and n.name}
    if isinstance(node, ast.Call) and (_last(node.func) in wanted or _last(node.func).endswith(("Error", "Exception"))):
        yield Site(module, _last(node.func), node.lineno, ast.unparse(node), local)
    for child in ast.iter_child_nodes(node):
        yield from _sites(child, module, wanted, local)


def _last(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


class _Flat(ast.NodeTransformer):
    """Puts the stand-in into every blank of a text, and in place of every argument that is no text."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        node.args = [self._filled(argument) for argument in node.args]
        for keyword in node.keywords:
            keyword.value = self._filled(keyword.value)
        return node

    def visit_FormattedValue(self, node: ast.FormattedValue) -> ast.AST:
        return ast.FormattedValue(_stand_in(), node.conversion, None)

    def _filled(self, node: ast.expr) -> ast.expr:
        if isinstance(node, ast.Constant):
            return node
        if isinstance(node, ast.JoinedStr):
            self.generic_visit(node)
            return node
        return _stand_in()


def _stand_in() -> ast.expr:
    return ast.Name("_anything", ast.Load())


def made(site: Site, texts: Sequence[str]) -> tuple[BaseException, bool]:
    """The error of the site with these texts in its blanks, and whether its own code could be run."""
    filler = Anything(" ".join(texts))
    names = dict.fromkeys(site.local, filler) | {"_anything": filler}
    scope = {**vars(importlib.import_module(site.module)), **names}
    call = ast.parse(site.call, mode="eval")
    try:
        error = eval(compile(call, str(site), "eval"), scope)
        if isinstance(error, BaseException):
            return _plain(error), True
    except Exception:  # noqa: BLE001 - the stand-in is not what its code takes
        pass
    flat = ast.fix_missing_locations(ast.Expression(_Flat().visit(call.body)))
    error = eval(compile(flat, str(site), "eval"), scope)
    assert isinstance(error, BaseException), f"{site}: {error!r} is no exception"
    return _plain(error), False


def _plain(error: BaseException) -> BaseException:
    """The error with plain texts in it: what handles it must meet what it would meet."""
    error.args = tuple(map(_text, error.args))
    for name, value in vars(error).items():
        setattr(error, name, _text(value))
    return error


def _text(value: Any) -> Any:
    return str.__str__(value) if isinstance(value, Anything) else value

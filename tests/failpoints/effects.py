"""What an external effect is, and every place of the product's code that has one: found in its syntax trees.

Two kinds of places. A *port call*: a use case calls a method of a port that reaches out of the process. A *primitive*:
an adapter writes a file, commits a transaction, runs git, speaks HTTP. Not here: what happens there (``instrument``).
"""

import ast
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PRODUCT = Path(__file__).resolve().parents[2] / "controller" / "stagemail"

REACHING = frozenset({
    "Target.inventory", "Target.observe", "Target.begin", "Target.poll", "Discovery.discover", "SecretStore.read",
    "MailProbe.send", "Outbox.begin", "Outbox.settle", "Leases.acquire", "Leases.renew", "Leases.release",
    "Rekeying.rekey", "Record.append", "Follower.look", "Dispatcher.submit", "Dispatcher.is_due", "Notifier.send",
    "GitHost.tell",
})  # fmt: skip
"""Methods of ports that reach out of the process or keep something: a failpoint stands before and after each call."""

STAYING = frozenset({
    "Clock.now", "Clock.monotonic", "Clock.sleep", "Source.revision", "Source.load", "Source.locate",
    "Source.changed_by", "Target.check", "Limited.cost", "Limited.make_room", "Discovery.write_mapping",
    "SecretStore.origin", "MailProbe.probe", "Resolver.ask", "Outbox.messages", "Record.applied",
    "Record.open_intents", "Record.stages_of", "Record.runs", "Record.fingerprint_key",
    "Standings.standing", "Standings.decisions",
    "Standings.audit", "Follower.contents", "Follower.load", "Follower.advance", "Dispatcher.serve",
    "Dispatcher.depth", "Dispatcher.stop", "Observer.saw",
})  # fmt: skip
"""Methods that compute, look at what is here, or ask without leaving a trace: nothing is lost in the middle of them."""

MODULE_WRITERS = {
    "os": {
        "replace",
        "rename",
        "renames",
        "link",
        "symlink",
        "unlink",
        "remove",
        "mkdir",
        "makedirs",
        "fsync",
        "write",
        "chmod",
        "truncate",
        "ftruncate",
        "system",
        "posix_spawn",
    },
    "shutil": {"copy", "copy2", "copyfile", "copytree", "move", "rmtree"},
    "tempfile": {"mkstemp", "mkdtemp", "NamedTemporaryFile", "TemporaryDirectory"},
    "subprocess": {"run", "Popen", "call", "check_call", "check_output", "getoutput"},
}
PATH_WRITERS = frozenset({
    "write_text", "write_bytes", "unlink", "touch", "mkdir", "rmdir", "rename", "hardlink_to", "symlink_to", "chmod",
})  # fmt: skip
CALLS = {
    "executemany": "sql", "notify": "http", "stream": "http", "handle_request": "http", "sendall": "smtp",
    "defer": "queue", "commit": "commit",
}  # fmt: skip
"""Methods of libraries that are effects wherever they are called, and of which kind."""

NOT_PORTS = frozenset({("reconcile.apply", "activations.begin"), ("cli.review", "stream.read")})
"""Calls that look like one of a port and are none; ``git.discover`` is our own way to a repository on this disk."""


@dataclass(frozen=True, slots=True)
class Site:
    """One call in the product's code. ``kind``: port, file, sql, commit, git, http, smtp, process, queue."""

    module: str
    function: str
    call: str
    kind: str
    line: int
    is_context: bool = False
    """Called as ``with …:``, so the effect is the end of the block."""
    number: int = 1

    @property
    def id(self) -> str:
        """Where it is and what it calls: stable while the code around it changes."""
        again = f"#{self.number}" if self.number > 1 else ""
        return f"{self.module}:{self.function} {self.call}{again}"


@cache
def port_methods() -> dict[str, int]:
    """Every method of every port with how many arguments it takes: ``{"Target.begin": 2, …}``."""
    tree = ast.parse((PRODUCT / "ports.py").read_text(encoding="utf-8"))
    found = {}
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and any(ast.unparse(base) == "Protocol" for base in node.bases):
            for method in node.body:
                if isinstance(method, ast.FunctionDef):
                    found[f"{node.name}.{method.name}"] = len(method.args.args) + len(method.args.kwonlyargs) - 1
    return found


def sites_of(path: Path, tree: ast.Module) -> Iterator[tuple[ast.Call, Site]]:
    """Every effect of a module, in the order of its lines."""
    module = ".".join(path.relative_to(PRODUCT).with_suffix("").parts)
    contexts = {item.context_expr for node in ast.walk(tree) if isinstance(node, ast.With) for item in node.items}
    seen: Counter[tuple[str, str]] = Counter()
    imported = dict(_imported(tree))
    for function, call in _calls(tree, ""):
        kind = _kind(module, call, imported)
        if kind and not (kind == "commit" and function.endswith(".read")):
            named = ast.unparse(call.func).removeprefix("self.").removeprefix("_")
            seen[function, named] += 1
            yield call, Site(module, function, named, kind, call.lineno, call in contexts, seen[function, named])


def _calls(node: ast.AST, function: str) -> Iterator[tuple[str, ast.Call]]:
    for child in ast.iter_child_nodes(node):
        inner = function
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            inner = f"{function}.{child.name}".lstrip(".")
        if isinstance(child, ast.Call):
            yield function, child
        yield from _calls(child, inner)


def _imported(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Names for a module of ``MODULE_WRITERS`` or one of its functions: ``{"do": "subprocess.run"}``."""
    for node in ast.walk(tree):
        for name in node.names if isinstance(node, ast.Import | ast.ImportFrom) else ():
            whole = f"{node.module}.{name.name}" if isinstance(node, ast.ImportFrom) else name.name
            if whole.partition(".")[0] in MODULE_WRITERS:
                yield name.asname or name.name, whole


def _kind(module: str, call: ast.Call, imported: Mapping[str, str]) -> str:
    """Which kind of effect a call is, or ""."""
    arguments = len(call.args) + len(call.keywords)
    if isinstance(call.func, ast.Name):
        receiver, _, name = imported.get(call.func.id, "").rpartition(".")
        if not receiver:
            return "file" if call.func.id == "open" and _writes(call, 1) else ""
    elif isinstance(call.func, ast.Attribute):
        receiver, name = ast.unparse(call.func.value), call.func.attr
        receiver = imported.get(receiver, receiver)
    else:
        return ""
    if receiver in MODULE_WRITERS:
        kind = {"subprocess": "process"}.get(receiver, "file")
        return kind if name in MODULE_WRITERS[receiver] or (name == "fdopen" and _writes(call, 1)) else ""
    if receiver == "os":
        return ""
    moves = name == "replace" and len(call.args) == arguments == 1
    if name in PATH_WRITERS or moves or (name == "open" and _writes(call, 0)):
        return "file"
    return _library(module, receiver, name, arguments) or _port(module, call, name, arguments)


def _library(module: str, receiver: str, name: str, arguments: int) -> str:
    if module.startswith("record.") and name == "write" and receiver.endswith("database"):
        return "sql"
    if name == "begin" and arguments == 0 and receiver.endswith(("_writer", "engine", "connection")):
        return "commit"
    if name == "execute" and receiver.startswith("Git("):
        return "git"
    if name in ("post", "send") and receiver == "client":
        return "http"
    if name == "commit" and (arguments or not receiver.endswith(("connection", "base"))):
        return ""
    return CALLS.get(name, "")


def _port(module: str, call: ast.Call, name: str, arguments: int) -> str:
    """Only above the adapters: those are seen by their primitives."""
    if module.partition(".")[0] not in ("reconcile", "wiring", "cli", "web") or module == "wiring.shielded":
        return ""  # the shield hands every call on, and is passed together with its caller
    reaching = (port for port in REACHING if port.endswith(f".{name}"))
    if (module, ast.unparse(call.func)) in NOT_PORTS or ast.unparse(call.func) == "git.discover":
        return ""
    return "port" if any(port_methods().get(port) == arguments for port in reaching) else ""


def _writes(call: ast.Call, position: int) -> bool:
    modes = [call.args[position]] if len(call.args) > position else []
    modes += [keyword.value for keyword in call.keywords if keyword.arg == "mode"]
    return any(isinstance(m, ast.Constant) and isinstance(m.value, str) and set(m.value) & set("wax+") for m in modes)


def modules() -> Iterator[Path]:
    """Every module of the product, sorted."""
    yield from sorted(PRODUCT.rglob("*.py"))


@cache
def sites() -> tuple[Site, ...]:
    """Every effect of the product."""
    return tuple(
        site
        for path in modules()
        for _, site in sites_of(path, ast.parse(path.read_text(encoding="utf-8"), filename=str(path)))
    )

"""Derives from the source every place through which text can leave the process: a sink is a module and a kind of door.

Names are matched, types are not known: too much is found rather than too little, and what is no door is registered
with a reason. Not here: what proves a sink tight (``sinks.txt``), the proof itself (the tests beside it).
"""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "controller"

CALLS: Mapping[str, str] = {
    "terminal": "echo secho echo_via_pager print print_exc print_exception writelines prompt confirm",
    "file": "write_text write_bytes dump fdopen mkstemp NamedTemporaryFile TemporaryFile copy2 copyfile copytree",
    "log": "getLogger get_logger",
    "sql": "executemany executescript exec_driver_sql",
    "process": "Popen check_output check_call execv execve execvp system create_subprocess_exec defer defer_async",
    "network": "send sendall sendto sendmail send_message stream urlopen post create_connection starttls login docmd "
    "notify HTTPSConnection HTTPConnection",
    "web": "HTMLResponse JSONResponse PlainTextResponse StreamingResponse TemplateResponse RedirectResponse "
    "FileResponse EventSourceResponse HTTPException set_cookie add_api_route",
    "metrics": "labels start_http_server start_span set_attribute add_event",
    "git": "commit_files push_branch push_files",
}
"""The last part of a called name, by the kind of door that it is."""

IMPORTS: Mapping[str, str] = {
    "terminal": "rich getpass traceback faulthandler",
    "file": "tempfile shelve pickle csv zipfile tarfile",
    "log": "logging structlog warnings syslog",
    "sql": "sqlite3 sqlalchemy psycopg psycopg2 alembic",
    "process": "subprocess multiprocessing procrastinate pty",
    "network": "socket ssl smtplib http httpx2 httpx requests urllib.request urllib3 aiosmtpd websockets dns apprise "
    "hvac boto3 botocore google.cloud google.api_core google.auth azure kubernetes lightkube keyring",
    "web": "fastapi starlette jinja2 uvicorn",
    "metrics": "prometheus_client opentelemetry",
    "git": "git",
}
"""Modules that exist to let something out, by kind; their submodules too."""

_CALL_KINDS = {name: kind for kind, names in CALLS.items() for name in names.split()}
_IMPORT_KINDS = {name: kind for kind, names in IMPORTS.items() for name in names.split()}
_ROUTES = frozenset({"get", "post", "put", "patch", "delete", "head", "api_route", "websocket", "exception_handler"})
_WRITE_MODES = frozenset("wax+")
_STREAMS = frozenset({"stdout", "stderr", "__stdout__", "__stderr__"})
_LOGGERS = frozenset({"log", "_log", "LOG", "logger", "_logger", "LOGGER", "logging", "structlog", "warnings"})
_LEVELS = frozenset({"debug", "info", "warning", "error", "exception", "critical", "log", "warn"})


@dataclass(frozen=True, order=True)
class Sink:
    """One kind of door of one module, and the line where it was first seen."""

    module: str
    kind: str
    line: int
    what: str

    @property
    def name(self) -> str:
        """As ``sinks.txt`` writes it."""
        return f"{self.module} {self.kind}"


@cache
def sinks(source: Path, package: str = "stagemail") -> dict[str, Sink]:
    """Every sink of a package below a source root, by name."""
    found: dict[str, Sink] = {}
    for path in sorted((source / package).rglob("*.py")):
        parts = path.relative_to(source).with_suffix("").parts
        module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        for kind, line, what in sorted(_doors(ast.parse(path.read_text(encoding="utf-8")))):
            sink = Sink(module, kind, line, what)
            found.setdefault(sink.name, sink)
    return found


def _doors(tree: ast.AST) -> Iterator[tuple[str, int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from _called(node)
        elif isinstance(node, ast.Import):
            yield from ((kind, node.lineno, f"import {a.name}") for a in node.names if (kind := _of_import(a.name)))
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for name in (node.module, *(f"{node.module}.{alias.name}" for alias in node.names)):
                if kind := _of_import(name):
                    yield kind, node.lineno, f"import {name}"
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from (("web", node.lineno, f"@{_last(d)}") for d in node.decorator_list if _is_route(d))


def _called(call: ast.Call) -> Iterator[tuple[str, int, str]]:
    name = _last(call.func)
    owner = _last(call.func.value) if isinstance(call.func, ast.Attribute) else ""
    if kind := _CALL_KINDS.get(name) or _by_owner(name, owner):
        yield kind, call.lineno, f"{name}(…)"
    if name == "open" and _writes(call):
        yield "file", call.lineno, "open(… for writing)"
    if name == "write" and owner and len(call.args) == 1:
        yield "terminal" if owner in _STREAMS else "file", call.lineno, "write(…)"
    if name in {"import_module", "__import__"} and call.args:
        loaded = getattr(call.args[0], "value", "")
        if kind := _of_import(str(loaded)):
            yield kind, call.lineno, f"import {loaded}"


def _by_owner(name: str, owner: str) -> str:
    """Names that mean a door only on one kind of thing."""
    if name in _LEVELS and owner in _LOGGERS:
        return "log"
    if name == "execute":
        return "process" if owner == "Git" else "sql"
    return "process" if (owner, name) == ("subprocess", "run") else ""


def _writes(call: ast.Call) -> bool:
    """Whether a call of open may write: by its mode, by os.open's flags, or because nobody can tell."""
    given = [*call.args, *(keyword.value for keyword in call.keywords if keyword.arg in ("mode", "flags"))]
    flags = {_last(node) for argument in given for node in ast.walk(argument)}
    if flags & {"O_WRONLY", "O_RDWR", "O_CREAT", "O_APPEND", "O_TRUNC"}:
        return True
    modes = [a.value for a in given if isinstance(a, ast.Constant) and isinstance(a.value, str) and len(a.value) <= 4]
    return any(_WRITE_MODES & set(mode) and set(mode) <= set("rwxabt+") for mode in modes)


def _is_route(decorator: ast.expr) -> bool:
    called = decorator.func if isinstance(decorator, ast.Call) else None
    return isinstance(called, ast.Attribute) and called.attr in _ROUTES


def _of_import(name: str) -> str:
    parts = name.split(".")
    return next((k for n in range(len(parts), 0, -1) if (k := _IMPORT_KINDS.get(".".join(parts[:n])))), "")


def _last(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Name):
        return node.id
    return _last(node.func) if isinstance(node, ast.Call) else ""


def reveals(source: Path, package: str = "stagemail") -> set[str]:
    """Every place where a credential becomes text: ``<module> <function>``."""
    found: set[str] = set()
    for path in sorted((source / package).rglob("*.py")):
        module = ".".join(path.relative_to(source).with_suffix("").parts).removesuffix(".__init__")
        _revealing(ast.parse(path.read_text(encoding="utf-8")), module, "module", found)
    return found


def _revealing(node: ast.AST, module: str, function: str, found: set[str]) -> None:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        function = node.name
    if isinstance(node, ast.Attribute) and node.attr == "reveal" and _last(node.value) != "self":
        found.add(f"{module} {function}")
    for child in ast.iter_child_nodes(node):
        _revealing(child, module, function, found)


def raises_with_causes(folder: Path) -> Iterator[str]:
    """Every new exception that is raised while another one is handled, and keeps it: ``file:line``."""
    for path in sorted(folder.rglob("*.py")):
        for handler in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(handler, ast.ExceptHandler):
                continue
            for node in ast.walk(handler):
                if isinstance(node, ast.Raise) and _keeps_its_cause(node, handler):
                    yield f"{path.relative_to(folder).as_posix()}:{node.lineno}"


def _keeps_its_cause(node: ast.Raise, handler: ast.ExceptHandler) -> bool:
    if node.exc is None or (isinstance(node.exc, ast.Name) and node.exc.id == handler.name):
        return False
    return not (isinstance(node.cause, ast.Constant) and node.cause.value is None)

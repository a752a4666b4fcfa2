"""git's complaints as our errors: what, where, next step.

Not here: running git (``command``).
"""

import re
from pathlib import Path
from typing import Final

from stagemail.errors import NotFound, NotPermitted, StagemailError, Unreachable, UsageError, UserMustFix
from stagemail.git.arguments import redact

_FOREIGN: Final = re.compile(r"(?:ownership in|unsafe) repository (?:at )?\(?'([^']+)'")
_GARBLED = (
    "what the Git server sent broke off or is garbled; nothing of it was taken",
    "Try again; if it stays so, look at the network and what stands between.",
)
_Row = tuple[tuple[str, ...], type[StagemailError], str, str]
_KNOWN: tuple[_Row, ...] = (
    # Parts of what git says, our error, what happened, the next step. {at} is the folder. The first row that fits wins.
    (
        ("dubious ownership", "unsafe repository"),
        NotPermitted,
        "the repository belongs to somebody else, and git refuses to read it",
        "If you trust it: git config --global --add safe.directory {foreign} (--system for a service).",
    ),
    (
        ("promisor", "lazy fetching"),
        UserMustFix,
        "this is a partial clone, which lacks what is needed",
        "Clone without --filter, or run `git fetch --refetch --no-filter`.",
    ),
    (
        ("not a git repository",),
        NotFound,
        "{at} is not in a Git repository",
        "Go into a clone, or name its path.",
    ),
    (
        ("transport", "not allowed"),
        UsageError,
        "the transport is not allowed here",
        "Use https or ssh.",
    ),
    (
        ("authentication failed", "permission denied (publickey", "could not read username", "returned error: 403"),
        NotPermitted,
        "the Git server refuses us",
        "Give stagemail a deploy key or token that may read the repository.",
    ),
    (("host key verification failed",), NotPermitted, "the Git server's key is unknown", "Add it to known_hosts."),
    (
        ("repository not found", "does not appear to be a git repository", "does not exist", "returned error: 404"),
        NotFound,
        "there is no such repository",
        "Check the URL, and that the credentials may see it.",
    ),
    (("couldn't find remote ref",), NotFound, "the remote has no such branch", "Check the branch's name."),
    (
        ("unable to access", "could not read from remote", "could not resolve host", "connection refused", "hung up"),
        Unreachable,
        "the Git server does not answer",
        "Check the network; the same command may succeed later.",
    ),
    (
        ("not our ref",),
        Unreachable,
        "the branch was rewritten on the server meanwhile",
        "Try again: the next fetch takes what is there by then.",
    ),
    (
        (
            "early eof",
            "rpc failed",
            "connection reset",
            "connection timed out",
            "unexpected disconnect",
            "bad line length",
            "protocol error",
            "bad pack header",
            "invalid index-pack output",
            "index-pack died",
            "unpack-objects died",
            "broken pipe",
            "expected flush after",
            "expected 'packfile'",
        ),
        Unreachable,
        *_GARBLED,
    ),
    (
        ("no space left on device", "disk quota exceeded"),
        UserMustFix,
        "the disk of {at} is full; nothing of it was taken",
        "Free space there; the next try goes on.",
    ),
    (
        (".lock': file exists",),
        UserMustFix,
        "another git was interrupted or is running",
        "Wait for it; then remove the lock file that is named.",
    ),
    (
        ("corrupt", "bad object", "unable to read", "missing blob", "could not get object info"),
        UserMustFix,
        "the repository lacks objects or is damaged",
        "Run `git fsck` in {at}, or clone again (not a partial clone).",
    ),
    (("no such path", "has only"), NotFound, "that line is not in that revision", "Check path and line."),
    (
        ("unknown revision", "bad revision", "needed a single revision", "not a valid object name"),
        NotFound,
        "there is no such revision",
        "Check the name; in a shallow clone run `git fetch --unshallow` (in CI: fetch-depth: 0).",
    ),
)


def failure(verb: str, status: int, errors: str, *, at: Path, timeout: float, what: str = "") -> StagemailError:
    """The error for a git that ended with ``status``; ``what`` says in words what was wanted."""
    wanted = f"{what}: " if what else ""
    if errors.startswith("Timeout:"):
        return Unreachable(
            f"{wanted}{verb} did not end in {timeout:g} s in {at}.", hint="Try again; a larger time limit may help."
        )
    said = errors.lower()
    for parts, error, message, hint in _KNOWN:
        fits = all(p in said for p in parts) if parts[0] == "transport" else any(p in said for p in parts)
        if fits:
            text = f"{wanted}{message.format(at=at)} ({verb} in {at}: {_last_line(errors)})."
            return error(text, hint=hint.format(at=at, foreign=_foreign(errors) or at))
    if verb == "git fetch" and "inflate" in said:  # of this machine's own objects git would have named one
        message, hint = _GARBLED
        return Unreachable(f"{wanted}{message} ({verb} in {at}: {_last_line(errors)}).", hint=hint)
    return UserMustFix(
        f"{wanted}{verb} failed in {at} with status {status}: {_last_line(errors) or 'no message'}.",
        hint="Run `git fsck` there, and see whether git itself can read the repository.",
    )


def _foreign(errors: str) -> str:
    """The repository that belongs to somebody else, as git names it."""
    found = _FOREIGN.search(errors)
    return "".join(c if c.isprintable() else "?" for c in found[1]) if found else ""


def _last_line(errors: str) -> str:
    lines = [line.strip() for line in errors.splitlines() if line.strip()]
    chosen = next((line for line in lines if line.startswith(("fatal:", "error:"))), lines[-1] if lines else "")
    printable = "".join(c if c.isprintable() else "?" for c in redact(chosen))
    return printable.removeprefix("fatal: ").removeprefix("error: ")[:300].rstrip(".")

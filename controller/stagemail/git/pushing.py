"""What a server's refusal of a push means: somebody was faster, or which permission is missing.

The words are those of git's ``push --porcelain`` and of what GitHub, GitLab and plain Git servers add to them.
Not here: pushing (``remote_branch``), servers that cannot be reached (``failure``).
"""

from typing import Final, Literal

from stagemail.errors import NotPermitted, StagemailError, UserMustFix
from stagemail.git.arguments import redact

MOVED: Final = "moved"
_FASTER = (
    "stale info",
    "fetch first",
    "non-fast-forward",
    "cannot lock ref",
    "failed to update ref",
    "failed to lock",
    "incorrect old value",
    "reference already exists",
    "remote ref updated since checkout",
)
_FORBIDDEN = (
    "protected branch",
    "hook declined",
    "rule violations",
    "not allowed to push",
    "permission to",
    "write access",
    "returned error: 403",
    "denied to",
    "deploy key",
    "read only",
    "prohibited",
)


def refusal(report: str, errors: str, branch: str) -> StagemailError | Literal["moved"] | None:
    """What git's report on standard output and its errors say. None where they say nothing about permission."""
    lines = [line for line in report.splitlines() if line.startswith("!")]
    reason = redact(lines[0].rpartition("\t")[2]) if lines else ""
    if reason and any(word in reason for word in _FASTER):
        return MOVED
    if "shallow update not allowed" in reason:
        return UserMustFix(
            f"The server refuses commits of a shallow clone on the branch {branch}.",
            hint="Clone with full history (fetch-depth: 0), or run `git fetch --unshallow`.",
        )
    said = f"{reason}\n{errors}".lower()
    if any(word in said for word in _FORBIDDEN):
        return NotPermitted(
            f"We may not push to the branch {branch}: {_words(reason, errors)}.",
            hint="Let the job push (GitHub: `permissions: {contents: write}`; GitLab: a project token with "
            "write_repository) and, where a rule protects the branch, list this identity among those who may push "
            "to it; keep force pushes and deletion forbidden for everybody.",
        )
    if not reason:
        return None
    return UserMustFix(
        f"The server refuses our push to the branch {branch}: {_words(reason, errors)}.",
        hint="Ask whoever runs the Git server; nothing was recorded.",
    )


def _words(reason: str, errors: str) -> str:
    """The reason, and what the server itself said about it."""
    told = [line.removeprefix("remote:").strip() for line in errors.splitlines() if line.startswith("remote:")]
    fatal = [line for line in errors.splitlines() if line.startswith("fatal:")]
    parts = [reason, *[line for line in told if line][:3], *([] if reason or told else fatal[:1])]
    text = redact("; ".join(part for part in parts if part))
    return "".join(c if c.isprintable() else "?" for c in text)[:500].rstrip(".")

"""Refuses what could be taken for an option, a command or another place: refs, URLs and paths, before Git sees them.

Not here: whether they exist.
"""

import re
from urllib.parse import urlsplit

from stagemail.errors import UsageError

DEFAULT_PROTOCOLS = ("https", "ssh")
"""Transports that a mirror may use unless the caller allows others (``file`` for tests and local mirrors)."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_REMOTE_HELPER = re.compile(r"[A-Za-z0-9+.-]+::")
_SCP_LIKE = re.compile(r"(?:[A-Za-z0-9._][A-Za-z0-9._-]*@)?[A-Za-z0-9._\[\]:][A-Za-z0-9._\[\]:-]*:[^:].*")
_BRANCH = re.compile(
    r"(?!.*(?:\.\.|@\{|//|/\.|\.lock(?:/|$)))[^\x00-\x20\x7f~^:?*\[\\/.][^\x00-\x20\x7f~^:?*\[\\]*(?<![/.])"
)


def safe_ref(ref: str) -> str:
    """A revision as a person writes it (branch, tag, id, ``HEAD~1``). Raises UsageError."""
    if not ref or ref.startswith("-") or _CONTROL.search(ref) or len(ref) > 1000:
        raise UsageError(f"{ref[:100]!r} cannot name a revision.", hint="Name a branch, a tag or a commit id.")
    return ref


def safe_branch(branch: str) -> str:
    """The short name of a branch. Raises UsageError."""
    if branch.startswith("-") or len(branch) > 250 or branch == "@" or not _BRANCH.fullmatch(branch):
        raise UsageError(f"{branch[:100]!r} cannot name a branch.", hint="See `git check-ref-format` for the rules.")
    return branch


def safe_path(path: str) -> str:
    """A path inside a repository, relative to its top. Raises UsageError."""
    steps = path.split("/")
    if path.startswith(("-", "/", ":")) or _CONTROL.search(path) or ".." in steps or ".git" in steps:
        raise UsageError(f"{path[:200]!r} is no path inside a repository.", hint="Write it relative to the top.")
    return path


def safe_url(url: str, protocols: tuple[str, ...]) -> str:
    """A repository's URL whose transport is allowed and which holds no password. Raises UsageError."""
    hint = f"Allowed: {', '.join(protocols)}. Write https://host/path or git@host:path."
    if not url or url.startswith("-") or _CONTROL.search(url) or _REMOTE_HELPER.match(url):
        raise UsageError(f"{redact(url)[:200]!r} cannot be the URL of a repository.", hint=hint)
    protocol = transport(url)
    if protocol not in protocols:
        raise UsageError(f"The transport {protocol!r} of {redact(url)[:200]!r} is not allowed.", hint=hint)
    if _SCHEME.match(url):
        _check_parts(url)
    return url


def transport(url: str) -> str:
    """How a repository at this address is reached: https, ssh, file …"""
    scheme = _SCHEME.match(url)
    return scheme.group(1).lower() if scheme else _without_scheme(url)


def _without_scheme(url: str) -> str:
    is_scp = not url.startswith(("/", ".")) and _SCP_LIKE.fullmatch(url)
    return "ssh" if is_scp else "file"


def _check_parts(url: str) -> None:
    try:
        parts = urlsplit(url)
        host, password = parts.hostname or "", parts.password
    except ValueError:
        raise UsageError(f"{redact(url)[:200]!r} is no URL.", hint="Write https://host/path.") from None
    if host.startswith("-") or (parts.username or "").startswith("-"):
        raise UsageError(f"{redact(url)[:200]!r} names a host that begins with a dash.", hint="Mend the URL.")
    if password is not None:
        raise UsageError(
            f"The URL {redact(url)[:200]!r} holds a password; it would show in process lists and logs.",
            hint="Keep it in a secret store or use a deploy key.",
        )


def redact(text: str) -> str:
    """The text without credentials of URLs in it."""
    return re.sub(r"(://)[^/@\s]*@", r"\1***@", text)

"""From the operator file to the branches that the controller follows.

Not here: following (``source.branch``), when (``reconcile.loop``).
"""

import base64
import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from stagemail import git
from stagemail.errors import StagemailError
from stagemail.model.origin import Origin
from stagemail.model.secret import Secret, SecretRef
from stagemail.ports import Follower, Source
from stagemail.resources.operator import Operator
from stagemail.resources.policy import secret_ref
from stagemail.resources.sources import GitLogin
from stagemail.resources.sources import Source as Written
from stagemail.source.branch import GitBranch, contents_at, local, mirrored
from stagemail.source.cache_folder import default_folder
from stagemail.wiring.following import judge_of, unjudged
from stagemail.wiring.installation import Installation
from stagemail.wiring.opening import source_at

MAIN = "source"
"""What the source is called that the operator file writes under ``source:``."""
PROTOCOLS = ("https", "ssh", "file")

Resolve = Callable[[SecretRef], Secret]


def followers(installation: Installation, root: Path, resolve: Resolve) -> dict[str, Follower]:
    """Every source that has stages, by name."""
    operator = installation.operator
    named: list[str | None] = [None, *operator.sources]
    inside = {name: operator.within(name) for name in named}
    return {name or MAIN: _follower(installation, own, root, resolve) for name, own in inside.items() if own.stages}


def source_name(operator: Operator, stage: str) -> str:
    """What the stage's source is called."""
    return operator.stages[stage].source or MAIN


def contents_of(
    installation: Installation, root: Path, revision: str, within: Operator | None = None
) -> Mapping[str, str]:
    """By stage, what its documents are at a revision of a checkout; none where that is no commit.

    ``within``: the operator file with the stages that are there; left out: those of ``source:``.
    """
    repository = git.discover(root) if git.is_full_id(revision) else None
    if repository is None:
        return {}
    own = within if within is not None else installation.operator.within(None)
    return contents_at(repository, revision, {stage: own.folders_of(stage) for stage in own.stages})


def origins_of(installation: Installation, root: Path, revisions: Sequence[str]) -> Mapping[str, Origin]:
    """Who wrote, committed and merged these revisions: asked of the checkout and of the mirrors that are on this disk.

    No remote is asked; what no repository here knows is left out.
    """
    places = [root]
    for written in (installation.operator.source, *installation.operator.sources.values()):
        mirror = mirror_of(installation, written)
        places += [mirror] if mirror is not None else []
    found: dict[str, Origin] = {}
    for place in places:
        missing = [revision for revision in revisions if revision not in found]
        with suppress(StagemailError):
            repository = git.discover(place) if missing and place.is_dir() else None
            found |= git.origins(repository, missing) if repository is not None else {}
    return found


def mirror_of(installation: Installation, written: Written) -> Path | None:
    """The folder of the mirror of a source's remote; None where it has none."""
    url = address_of(written.url, installation.base)
    return _mirror_of(installation, written, url) if url is not None else None


def _mirror_of(installation: Installation, written: Written, url: str) -> Path:
    name = hashlib.sha256(f"{url}\n{written.branch or ''}\n{installation.path}".encode()).hexdigest()[:24]
    return default_folder() / "mirrors" / name


def _follower(installation: Installation, own: Operator, root: Path, resolve: Resolve) -> Follower:
    written = own.source
    url = address_of(written.url, installation.base)
    judge = judge_of(written.verification, written.branch, installation.base, installation.clock.now)
    if url is None:
        judge = judge if written.verification else unjudged
        fetch = local(root, written.branch)
    else:
        folder = _mirror_of(installation, written, url)
        fetch = mirrored(url, written.branch, folder, lambda: access_of(written.login, url, resolve))

    def documents(repository: git.Repository, revision: str) -> Source:
        return source_at(repository, revision, own, installation)

    return GitBranch(fetch, judge, documents, {stage: own.folders_of(stage) for stage in own.stages})


def address_of(url: str | None, base: Path) -> str | None:
    """A repository's address; a folder of this machine counts from the operator file's (``base``)."""
    if url is None or "://" in url or (":" in url and not (base / url).exists()):
        return url
    return str((base / url).resolve())


def access_of(login: GitLogin | None, url: str, resolve: Resolve) -> git.Access:
    """How a repository may be reached. Its login is asked of its store now."""
    header = () if login is None else _header(login, url, resolve)
    return git.Access(protocols=PROTOCOLS, config=header, timeout=120.0)


def _header(login: GitLogin, url: str, resolve: Resolve) -> tuple[tuple[str, str], ...]:
    """The login as git's configuration, for this address only; it shows in no list of processes (RFC 7617)."""
    password = resolve(secret_ref(login.password)).reveal()
    token = base64.b64encode(f"{login.username}:{password}".encode()).decode("ascii")
    return ((f"http.{url}.extraHeader", f"Authorization: Basic {token}"),)

"""Which revision of a branch may be followed: signed by people we trust, and nothing taken out of its history.

The last accepted revision is kept as a ref of the mirror, and the record's revisions can be given as well, so that
losing the mirror does not open the way back. A refused tip changes nothing: what was accepted before stands.
Not here: whose keys count (``git.trust``), fetching, what a held stage shows (``reconcile.loop``).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal

from stagemail import git
from stagemail.dataclass import dataclass
from stagemail.model.verdict import Verdict, VerdictReason

MOST_COMMITS: Final = 1000
"""New commits that are verified at most; a longer history needs `since`."""

Extent = Literal["all", "first-parent", "tip", "none"]
_WORDS: Final[dict[VerdictReason, str]] = {
    "UnsignedCommit": "has no signature",
    "UnknownKey": "is signed with a key that is not trusted",
    "ExpiredKey": "is signed with a key that has expired",
    "RevokedKey": "is signed with a key that is revoked",
    "BadSignature": "has a signature that does not fit it",
}


@dataclass(frozen=True, slots=True)
class Rules:
    """What a branch's history must be. ``since``: the operator's word that history begins anew at this commit."""

    keys: git.KeyFiles
    commits: Extent = "all"
    since: str = ""


class Follower:
    """Judges one branch, look after look. A tip that was accepted with the same keys is not verified again."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._good = ("", "")

    def judge(
        self, repository: git.Repository, branch: str, tip: str, *, applied: Sequence[str] = (), now: datetime
    ) -> Verdict:
        """Judge the branch's tip and, where it may be followed, remember it as accepted.

        ``applied``: revisions that stages have taken, newest first (from the record). Raises StagemailError where the
        keys cannot be read or git fails: then nothing may be followed either.
        """
        keys = "" if self._rules.commits == "none" else self._rules.keys.fingerprint()
        accepted = git.accepted(repository, branch)
        if self._good == (tip, keys) and accepted == tip:
            return Verdict(tip, tip)
        accepted = accepted or next((revision for revision in applied if git.is_full_id(revision)), "")
        verdict = _history(repository, accepted, tip, self._rules)
        verdict = verdict or _signed(repository, accepted, tip, self._rules, now)
        if verdict is not None:
            return verdict
        git.accept(repository, branch, tip)
        self._good = (tip, keys)
        return Verdict(tip, tip)


def _history(repository: git.Repository, accepted: str, tip: str, rules: Rules) -> Verdict | None:
    """Whether the tip only adds to what was accepted."""
    if not accepted or tip in (accepted, rules.since):
        return None
    known = git.has(repository, accepted)
    if known and git.is_before(repository, accepted, tip):
        return None
    if rules.since and git.is_full_id(rules.since) and git.has(repository, rules.since):
        anew = git.is_before(repository, rules.since, tip)
        if anew and not (known and git.is_before(repository, rules.since, accepted)):
            return None
    beside = ", beside `commits: none`" if rules.commits == "none" else ""
    hint = f"if this is meant, write `since: {tip}` below `source.verification` in the operator file{beside}"
    if known and git.is_before(repository, tip, accepted):
        message = f"the branch was rolled back from {accepted[:12]} to {tip[:12]}, which came before it"
        return Verdict(accepted, tip, "HistoryRolledBack", message, hint)
    message = f"the branch was force-pushed: {tip[:12]} does not contain {accepted[:12]}, which was accepted before"
    return Verdict(accepted, tip, "HistoryRewritten", message, hint)


def _signed(repository: git.Repository, accepted: str, tip: str, rules: Rules, now: datetime) -> Verdict | None:
    """The first reason why a new commit is not signed as the rules want; None where all are."""
    if rules.commits == "none":
        return None
    begin = "" if rules.commits == "tip" else _begin(repository, accepted, tip, rules.since)
    with git.trusting(rules.keys, now) as trust:
        first_parent = rules.commits == "first-parent"
        found = list(
            git.signatures(repository, tip, after=begin, first_parent=first_parent, limit=MOST_COMMITS, trust=trust)
        )
        if len(found) > MOST_COMMITS:
            message = f"more than {MOST_COMMITS} new commits up to {tip[:12]} would have to be verified"
            hint = "write `since:` with a commit that you have checked below `source.verification`"
            return Verdict(accepted, tip, "TooManyCommits", message, hint)
        wrong = next((signature for signature in reversed(found) if signature.reason), None)
        if wrong is None:
            return None
        told = git.explained(repository, wrong, trust)
    if tip == accepted and told.reason == "ExpiredKey":
        return None  # it was good when it was accepted; time alone takes nothing back
    return _refused(repository, told, accepted, tip)


def _begin(repository: git.Repository, accepted: str, tip: str, since: str) -> str:
    """The commit after which signatures are asked for: what was accepted, or a later one that the operator named.

    "" is only the tip.
    """
    begin = accepted if accepted and git.has(repository, accepted) else ""
    if since and git.is_full_id(since) and git.has(repository, since):
        is_later = git.is_before(repository, begin, since) and git.is_before(repository, since, tip) if begin else True
        begin = since if is_later or not git.is_before(repository, begin, tip) else begin
    return "" if begin == tip else begin


def _refused(repository: git.Repository, wrong: git.Signature, accepted: str, tip: str) -> Verdict:
    commit = git.commit(repository, wrong.commit)
    by = f" ({', '.join(part for part in (wrong.signer, wrong.key) if part)})" if wrong.signer or wrong.key else ""
    message = f"commit {wrong.commit[:12]} by {commit.author} {_WORDS.get(wrong.reason, 'cannot be verified')}{by}"
    hint = {
        "UnsignedCommit": "sign it (git commit --amend -S, or a new commit on a branch that is merged signed)",
        "UnknownKey": "add the key to `source.verification` in the operator file if its owner may change mail",
        "ExpiredKey": "renew the key and its file, or sign again with a key that is valid",
        "RevokedKey": "have somebody you trust look at it; then push the branch without it, or with a commit on top "
        "that is signed with a good key and whose id is `since` below `source.verification`"
        if accepted != tip
        else "have somebody you trust look at it; then push a commit on top, signed with a good key (its revert, where "
        "it is not good)",
    }.get(wrong.reason, "have somebody look at the commit, and push a signed one")
    stands = accepted if accepted != tip else ""
    return Verdict(stands, tip, wrong.reason, message, hint)

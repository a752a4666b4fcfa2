"""A webhook counts if its sender knows the secret, signs with SHA-256, and sends it once."""

import base64
import hashlib
from dataclasses import replace

import pytest
from tests.unit.web.senders import NOW, SECRET, Sent, digest, sent, standard

from stagemail.model.secret import Secret
from stagemail.web.hooks import Hook, HookType, Refused, check_headers, verify
from stagemail.web.pushes import Push, is_push, push_of
from stagemail.web.seen import Seen

KINDS = ["github", "gitlab", "gitlab-signed", "gitea", "bitbucket", "generic"]
SIGNED = [kind for kind in KINDS if kind != "gitlab"]


def hook(kind: str, secret: str = SECRET) -> Hook:
    types: dict[str, HookType] = {"github": "github", "gitlab": "gitlab", "gitea": "gitea", "bitbucket": "bitbucket",
                                  "generic": "generic", "gitlab-signed": "gitlab"}  # fmt: skip
    return Hook("mail", types[kind], Secret(secret))


def judged(kind: str, request: Sent, *, seen: Seen | None = None, now: float = NOW, secret: str = SECRET) -> str:
    """The word of the refusal, "" where it counts."""
    try:
        check_headers(hook(kind, secret), request.raw)
        verify(hook(kind, secret), request.raw, request.body, now=now, seen=seen or Seen())
    except Refused as refused:
        assert SECRET not in refused.message
        return refused.word
    return ""


def without(request: Sent, *names: str) -> Sent:
    return replace(request, headers={name: value for name, value in request.headers.items() if name not in names})


def changed(request: Sent, **headers: str) -> Sent:
    return replace(request, headers={**request.headers, **{n.replace("_", "-"): v for n, v in headers.items()}})


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_host_sends_counts(kind: str) -> None:
    assert judged(kind, sent(kind)) == ""


@pytest.mark.parametrize("kind", KINDS)
def test_another_secret_does_not_count(kind: str) -> None:
    assert judged(kind, sent(kind, secret="guessed-by-somebody-else")) == "wrong-signature"


@pytest.mark.parametrize("kind", SIGNED)
def test_an_altered_body_does_not_count(kind: str) -> None:
    request = sent(kind)
    assert judged(kind, replace(request, body=request.body.replace(b"main", b"evil"))) == "wrong-signature"


@pytest.mark.parametrize("kind", KINDS)
def test_a_missing_signature_does_not_count(kind: str) -> None:
    names = ("x-hub-signature-256", "x-hub-signature", "x-gitlab-token", "x-gitea-signature", "webhook-signature")
    assert judged(kind, without(sent(kind), *names)) == "no-signature"


@pytest.mark.parametrize("kind", KINDS)
def test_a_doubled_signature_does_not_count(kind: str) -> None:
    names = {"github": "x-hub-signature-256", "gitlab": "x-gitlab-token", "gitea": "x-gitea-signature",
             "bitbucket": "x-hub-signature"}  # fmt: skip
    name = names.get(kind, "webhook-signature").encode()
    raw = sent(kind).raw
    twice = [*raw, *[pair for pair in raw if pair[0] == name]]
    with pytest.raises(Refused, match="sent twice"):
        check_headers(hook(kind), twice)


@pytest.mark.parametrize("kind", KINDS)
def test_a_replayed_delivery_does_not_count(kind: str) -> None:
    seen = Seen()
    assert judged(kind, sent(kind), seen=seen) == ""
    assert judged(kind, changed(sent(kind), x_github_delivery="another"), seen=seen) == "replayed"


def test_sha_1_does_not_count() -> None:
    body = sent("github").body
    sha1 = f"sha1={digest(body, algorithm=hashlib.sha1)}"
    old = changed(without(sent("github"), "x-hub-signature-256"), x_hub_signature=sha1)
    assert judged("github", old) == "sha-1"
    assert judged("bitbucket", changed(sent("bitbucket"), x_hub_signature=sha1)) == "sha-1"
    for forged in (sha1, sha1.replace("sha1", "sha256"), "sha256=", "", "sha256=" + "g" * 64, digest(body)):
        assert judged("github", changed(sent("github"), x_hub_signature_256=forged)) == "malformed"


@pytest.mark.parametrize("kind", ["gitlab-signed", "generic"])
def test_a_signed_time_must_be_near(kind: str) -> None:
    assert judged(kind, sent(kind), now=NOW + 301) == "too-old"
    assert judged(kind, sent(kind), now=NOW - 301) == "too-old"
    assert judged(kind, sent(kind), now=NOW + 299) == ""
    moved = changed(sent(kind), webhook_timestamp=str(int(NOW + 400)))
    assert judged(kind, moved, now=NOW + 400) == "wrong-signature"
    assert judged(kind, changed(sent(kind), webhook_timestamp="soon")) == "malformed"


def test_a_key_in_the_form_of_standard_webhooks_and_one_of_several_signatures_count() -> None:
    key = "whsec_" + base64.b64encode(b"24 bytes of randomness..").decode()
    request = sent("generic", secret=key)
    assert judged("generic", request, secret=key) == ""
    other = standard(request.body, secret="an old key")["webhook-signature"]
    both = changed(request, webhook_signature=f"{other} {request.headers['webhook-signature']}")
    assert judged("generic", both, secret=key) == ""
    many = changed(request, webhook_signature=" ".join([other] * 6))
    assert judged("generic", many, secret=key) == "malformed"


def test_gitlab_s_token_is_not_taken_beside_a_wrong_signature() -> None:
    request = changed(sent("gitlab-signed", secret="wrong"), x_gitlab_token=SECRET)
    assert judged("gitlab", request) == "wrong-signature"


def test_a_compressed_body_is_never_opened() -> None:
    for encoding in ("gzip", "deflate, gzip", "br", "zstd"):
        assert judged("github", changed(sent("github"), content_encoding=encoding)) == "encoded"


def test_a_secret_shows_in_no_representation_of_a_hook() -> None:
    assert SECRET not in repr(hook("github"))


def test_what_was_seen_is_bounded_in_number_and_time() -> None:
    seen = Seen(most=2, seconds=10)
    assert [seen.first(name, 0) for name in (b"a", b"b", b"a", b"c", b"a")] == [True, True, False, True, True]
    assert seen.first(b"c", 11)


@pytest.mark.parametrize("kind", KINDS)
def test_a_push_names_repository_and_branch(kind: str) -> None:
    request = sent(kind)
    assert is_push(hook(kind).type, request.raw)
    assert push_of("mail", request.raw, request.body) == Push("mail", "acme/mail", ("main",))


def test_bitbucket_data_center_and_forms_are_read_too() -> None:
    body = b'{"changes":[{"ref":{"id":"refs/heads/main"}},{"ref":{"id":"refs/heads/x"}}],"repository":{"slug":"mail"}}'
    assert push_of("h", [], body) == Push("h", "mail", ("main", "x"))
    form = [(b"content-type", b"application/x-www-form-urlencoded")]
    assert push_of("h", form, b"payload=%7B%22ref%22%3A%22refs%2Fheads%2Fmain%22%7D").branches == ("main",)


@pytest.mark.parametrize("body", [b"", b"[]", b"nonsense", b"\xff", b'{"ref": 5}', b'{"ref": "refs/heads/\\u0007"}',
    b'{"repository": [], "push": {"changes": [null, 3]}}', b'{"changes": [{"ref": []}]}', b"[" * 100_000,
    b'{"ref": "' + b"x" * 5000 + b'"}'])  # fmt: skip
def test_an_odd_body_is_a_reason_to_look_everywhere(body: bytes) -> None:
    assert push_of("h", [], body) == Push("h")


def test_other_events_are_no_reason_to_look() -> None:
    assert not is_push("github", [(b"x-github-event", b"ping")])
    assert not is_push("gitlab", [])
    assert is_push("gitea", [(b"x-forgejo-event", b"push")])
    assert not is_push("gitea", [(b"x-forgejo-event", b"create")])
    assert is_push("generic", [])

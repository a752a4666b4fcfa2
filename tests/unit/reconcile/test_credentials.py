"""Credentials of one run: grants before stores, each secret read once, fingerprints that tell nothing."""

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import yaml

from stagemail.errors import GrantRefused, InvalidInput, NotFound, SecretUnexpected, SecretUnusable, StagemailError
from stagemail.model.grant import Grant
from stagemail.model.secret import Secret, SecretRef, SecretVersion
from stagemail.reconcile.credentials import READERS, Credentials
from stagemail.reconcile.granting import Use
from stagemail.reconcile.net import Net
from stagemail.secret.memory import MemoryStore

RELAY = "smtp.example.com:587"
QA, PROD = SecretRef("env", "SMTP_QA"), SecretRef("env", "SMTP_PROD")
GRANTS = (
    Grant(("qa",), "env", "SMTP_QA*", (RELAY,)),
    Grant(("production",), "env", "SMTP_PROD", (RELAY, "https://login.example.com/token")),
)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore({"SMTP_QA": "hunter2", "SMTP_PROD": "correct horse"})


@pytest.fixture
def executor() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as pool:
        yield pool


def credentials(store: MemoryStore, grants: Sequence[Grant] = GRANTS, key: bytes = bytes(32)) -> Credentials:
    return Credentials({"env": store}, grants, key, None)


def test_a_granted_secret_comes_with_its_state(store: MemoryStore) -> None:
    secret, state = credentials(store).resolve("qa", QA, ("SMTP.Example.com:587",))
    assert secret.reveal() == "hunter2"
    assert (state.ref, state.version, len(state.fingerprint)) == ("env:SMTP_QA", "1", 32)


def test_a_development_file_naming_productions_secret_is_refused_before_any_store_is_called(store: MemoryStore) -> None:
    with pytest.raises(GrantRefused, match="stage development may not use the secret env:SMTP_PROD"):
        credentials(store).resolve("development", PROD, (RELAY,))
    with pytest.raises(GrantRefused):
        credentials(store).resolve("qa", PROD, (RELAY,))
    assert store.reads == []


def test_the_same_secret_with_another_host_is_refused_before_any_store_is_called(store: MemoryStore) -> None:
    with pytest.raises(GrantRefused, match=r"to smtp.evil.example:587; it is granted for smtp.example.com:587"):
        credentials(store).resolve("qa", QA, ("smtp.evil.example:587",))
    assert store.reads == []


@pytest.mark.parametrize(
    "key",
    [
        "..", "a/../b", "a/..", "./a", "a%2fb", "a%2Fb", "a%252fb", "%2e%2e/b", "a//b", "a\\b", "a\x00b", "a\nb",
        "ns/../other", "a?version=1", "a#b", "a\u0085b",
        "\uff0e\uff0e/b", "\u2024\u2024/b", "a\uff0f\u2025\uff0fb", "a\u200bb", "\u202ea", "a\u2048b",
    ],
)  # fmt: skip
def test_a_key_that_could_mean_another_place_is_refused_before_any_store(store: MemoryStore, key: str) -> None:
    everything = (Grant(("qa",), "env", "*", (RELAY,)), Grant(("qa",), "env", key.replace("*", ""), (RELAY,)))
    run = credentials(store, everything)
    with pytest.raises(InvalidInput, match="is no key of a secret"):
        run.resolve("qa", SecretRef("env", key), (RELAY,))
    with pytest.raises(InvalidInput, match="is no key of a secret"):
        run.resolve_own(SecretRef("env", key))
    [answer] = run.resolve_many([Use("qa", SecretRef("env", key), (RELAY,))]).values()
    assert isinstance(answer, InvalidInput)
    [checked] = run.check([Use("qa", SecretRef("env", key), (RELAY,))])
    assert isinstance(checked.error, InvalidInput)
    assert store.reads == []


@pytest.mark.parametrize("key", ["/stagemail/qa", "arn:aws:secretsmanager:eu-west-1:1:secret:mail-Ab", "a.b/c_d@e"])
def test_plain_keys_of_any_store_pass(store: MemoryStore, key: str) -> None:
    store.put(key, "value")
    assert credentials(store, ()).resolve_own(SecretRef("env", key)).reveal() == "value"


def test_every_destination_has_to_be_granted(store: MemoryStore) -> None:
    both = (RELAY, "https://login.example.com/token")
    assert credentials(store).resolve("production", PROD, both)[0].reveal() == "correct horse"
    with pytest.raises(GrantRefused):
        credentials(store).resolve("production", PROD, (*both, "smtp.example.com:25"))
    with pytest.raises(GrantRefused):
        credentials(store).resolve("production", PROD, ())
    with pytest.raises(GrantRefused):
        credentials(store).resolve("production", PROD, ("not a destination",))


def test_a_broken_grant_allows_nothing(store: MemoryStore) -> None:
    with pytest.raises(GrantRefused):
        credentials(store, (Grant(("qa",), "env", "SMTP_QA", ("smtp.example.com",)),)).resolve("qa", QA, (RELAY,))


def test_the_refusal_prints_the_grant_that_would_allow_it(store: MemoryStore) -> None:
    ref = SecretRef("env", 'A": x, `B')
    with pytest.raises(GrantRefused) as caught:
        credentials(store).resolve("qa", ref, (RELAY,))
    assert caught.value.hint.count("`") == 4, "one code span, whatever the key is called"
    [line] = yaml.safe_load(caught.value.hint.partition("operator file: ")[2].strip("`"))
    grant = Grant(tuple(line["stages"]), line["store"], line["keys"], tuple(line["destinations"]))
    with pytest.raises(NotFound):
        credentials(store, (grant,)).resolve("qa", ref, (RELAY,))


def test_a_secret_is_read_once_per_run_and_a_failure_too(store: MemoryStore) -> None:
    store.put("SMTP_QA_EMPTY", "")
    run = credentials(store)
    for _ in range(3):
        run.resolve("qa", QA, (RELAY,))
        run.resolve("qa", SecretRef("env", "SMTP_QA", expires="2027-01-01"), (RELAY,))
        with pytest.raises(SecretUnusable):
            run.resolve("qa", SecretRef("env", "SMTP_QA_EMPTY"), (RELAY,))
    assert store.reads == ["env:SMTP_QA", "env:SMTP_QA_EMPTY"]


def test_what_is_forgotten_is_read_again(store: MemoryStore) -> None:
    run = credentials(store)
    run.resolve("qa", QA, (RELAY,))
    run.forget()
    run.resolve("qa", QA, (RELAY,))
    assert len(store.reads) == 2


def fingerprint(ref: SecretRef, value: str, key: bytes = bytes(32)) -> str:
    text = f'{{"a": "{value}", "b": "{value}"}}' if ref.field else value
    grants = (Grant(("qa",), ref.store, "*", (RELAY,)),)
    return (
        Credentials({ref.store: MemoryStore({ref.key: text})}, grants, key, None)
        .resolve("qa", ref, (RELAY,))[1]
        .fingerprint
    )


def test_a_fingerprint_depends_on_key_store_secret_field_and_value_and_on_nothing_else() -> None:
    one = fingerprint(QA, "x")
    assert one == fingerprint(QA, "x")
    others = {
        fingerprint(QA, "y"),
        fingerprint(QA, "x", b"\1" * 32),
        fingerprint(SecretRef("vault", "SMTP_QA"), "x"),
        fingerprint(PROD, "x"),
        fingerprint(SecretRef("env", "SMTP_QA", "a"), "x"),
        fingerprint(SecretRef("env", "SMTP_QA", "b"), "x"),
        fingerprint(SecretRef("env", "SMTP_Q"), "Ax"),
    }
    assert one not in others
    assert len(others) == 7


def test_a_rotation_changes_version_and_fingerprint_and_rotating_back_restores_the_fingerprint(
    store: MemoryStore,
) -> None:
    states = []
    for value in ("hunter2", "hunter3", "hunter2"):
        store.put("SMTP_QA", value)
        states.append(credentials(store).resolve("qa", QA, (RELAY,))[1])
    assert [state.version for state in states] == ["2", "3", "4"]
    assert not states[0].same(states[1])
    assert states[0].same(states[2])


def test_a_pinned_version_is_the_one_that_is_read(store: MemoryStore) -> None:
    store.put("SMTP_QA", "new")
    secret, state = credentials(store).resolve("qa", SecretRef("env", "SMTP_QA", version="1"), (RELAY,))
    assert (secret.reveal(), state.version, state.ref) == ("hunter2", "1", "env:SMTP_QA@1")


class Stubborn(MemoryStore):
    """A store that ignores the pin, as one without versions might."""

    def read(self, ref: SecretRef) -> SecretVersion:
        return SecretVersion(super().read(SecretRef(ref.store, ref.key)).value, "")


def test_a_store_that_ignores_a_pin_is_caught() -> None:
    with pytest.raises(SecretUnusable, match="pinned to version 1, and its store has no versions"):
        credentials(Stubborn({"SMTP_QA": "x"})).resolve("qa", SecretRef("env", "SMTP_QA", version="1"), (RELAY,))


def test_an_unknown_store_names_the_known_ones(store: MemoryStore) -> None:
    run = Credentials({"env": store}, (Grant(("qa",), "vault", "*", (RELAY,)),), bytes(32), None)
    with pytest.raises(NotFound, match="no secret store vault") as caught:
        run.resolve("qa", SecretRef("vault", "K"), (RELAY,))
    assert "known stores: env" in caught.value.hint


class Slow(MemoryStore):
    """Answers only when four ask at once."""

    def __init__(self, values: dict[str, str]) -> None:
        super().__init__(dict(values))
        self.barrier = threading.Barrier(4, timeout=120)

    def read(self, ref: SecretRef) -> SecretVersion:
        self.barrier.wait()
        return super().read(ref)


def test_distinct_secrets_are_read_at_the_same_time_and_equal_ones_once(executor: ThreadPoolExecutor) -> None:
    store = Slow({f"SMTP_QA{n}": f"value-{n}" for n in range(8)})
    run = Credentials({"env": store}, GRANTS, bytes(32), executor)
    uses = [Use("qa", SecretRef("env", f"SMTP_QA{n % 8}", expires=str(n)), (RELAY,)) for n in range(24)]
    answers = run.resolve_many(uses)
    values = [answer[0].reveal() for use in uses if not isinstance(answer := answers[use], StagemailError)]
    assert values == [f"value-{n % 8}" for n in range(24)]
    assert len(store.reads) == 8


def test_a_thousand_references_cost_one_read_per_distinct_secret(executor: ThreadPoolExecutor) -> None:
    store = MemoryStore({f"SMTP_QA{n}": f"value-{n}" for n in range(250)})
    run = Credentials({"env": store}, GRANTS, bytes(32), executor)
    uses = [Use("qa", SecretRef("env", f"SMTP_QA{n % 250}", expires=str(n)), (RELAY,)) for n in range(1000)]
    assert len(run.resolve_many(uses)) == 1000
    assert len(store.reads) == len(set(store.reads)) == 250


class Counting(MemoryStore):
    """Counts how many ask at the same time."""

    def __init__(self, values: dict[str, str]) -> None:
        super().__init__(dict(values))
        self.now = self.most = 0
        self.counter = threading.Lock()

    def read(self, ref: SecretRef) -> SecretVersion:
        with self.counter:
            self.now += 1
            self.most = max(self.most, self.now)
        try:
            return super().read(ref)
        finally:
            with self.counter:
                self.now -= 1


class Watched(ThreadPoolExecutor):
    """Counts what it is given to do."""

    submitted = 0

    def submit(self, *given: Any, **named: Any) -> Any:
        self.submitted += 1
        return super().submit(*given, **named)


def test_however_many_are_wanted_a_bounded_number_is_asked_for_and_waits_at_once() -> None:
    extra = []
    for count in (500, 2000):
        store = Counting({f"SMTP_QA{n}": "value" for n in range(count)})
        uses = [Use("qa", SecretRef("env", f"SMTP_QA{n}"), (RELAY,)) for n in range(count)]
        with Watched(64) as pool:
            Credentials({"env": store}, GRANTS, bytes(32), pool).resolve_many(uses)
        assert store.most <= READERS
        extra.append(pool.submitted)
    assert extra == [READERS, READERS]


def test_one_secret_that_fails_leaves_the_others_alone(store: MemoryStore, executor: ThreadPoolExecutor) -> None:
    run = Credentials({"env": store}, GRANTS, bytes(32), executor)
    uses = [Use("qa", QA, (RELAY,)), Use("qa", PROD, (RELAY,)), Use("qa", SecretRef("env", "SMTP_QA9"), (RELAY,))]
    good, refused, missing = run.resolve_many(uses).values()
    assert not isinstance(good, StagemailError)
    assert isinstance(refused, GrantRefused)
    assert isinstance(missing, NotFound)
    assert sorted(store.reads) == ["env:SMTP_QA", "env:SMTP_QA9"]


def test_threads_that_want_the_same_secret_share_one_read(store: MemoryStore) -> None:
    run = credentials(store)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: run.resolve("qa", QA, (RELAY,)), range(64)))
    assert len(store.reads) == 1


def test_a_check_tells_where_each_came_from_and_no_value(store: MemoryStore) -> None:
    uses = [Use("qa", PROD, (RELAY,)), Use("qa", SecretRef("env", "SMTP_QA", expires="2027-01-01"), (RELAY,))]
    refused, good = credentials(store).check(uses)
    assert (good.origin, good.version, good.expires, good.error) == ("key SMTP_QA in memory", "1", "2027-01-01", None)
    assert (refused.origin, type(refused.error)) == ("", GrantRefused)
    assert "hunter2" not in repr((refused, good))


def test_a_check_of_what_cannot_be_read_still_says_where_it_was_looked_for(store: MemoryStore) -> None:
    [missing] = credentials(store).check([Use("qa", SecretRef("env", "SMTP_QA9"), (RELAY,))])
    assert (missing.origin, type(missing.error)) == ("key SMTP_QA9 in memory", NotFound)
    grants = (Grant(("qa",), "vault", "*", (RELAY,)),)
    [unknown] = credentials(store, grants).check([Use("qa", SecretRef("vault", "K"), (RELAY,))])
    assert (unknown.origin, type(unknown.error)) == ("", NotFound)


def test_the_operator_files_own_secrets_need_no_grant(store: MemoryStore) -> None:
    assert credentials(store, ()).resolve_own(PROD).reveal() == "correct horse"


def test_the_net_knows_what_was_read(store: MemoryStore) -> None:
    net = Net()
    run = Credentials({"env": store}, GRANTS, bytes(32), None, net.learn)
    run.resolve("qa", QA, (RELAY,))
    with pytest.raises(NotFound):
        run.resolve("qa", SecretRef("env", "SMTP_QA9"), (RELAY,))
    assert net.scrub("535 hunter2 rejected, correct horse") == "535 *** rejected, correct horse"


@pytest.mark.parametrize("version", ["{'X-Vault-Token': 'hvs.canary'}", "a b", "x" * 65, "1\n2", "ü"])
def test_what_a_rogue_server_calls_a_version_is_neither_kept_nor_shown(
    store: MemoryStore, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    monkeypatch.setattr(store, "read", lambda _ref: SecretVersion(Secret("hunter2"), version))
    with pytest.raises(SecretUnexpected) as caught:
        credentials(store).resolve("qa", QA, (RELAY,))
    assert version not in f"{caught.value.sentence} {caught.value!r}"

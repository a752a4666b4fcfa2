"""The deeds of a soak: what people and bad luck do to a controller's world, drawn from one seed.

Not here: running them (``soak``), what the platform must have in the end (``model``).
"""

import random
import re
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from tests.acceptance.bench import Bench
from tests.acceptance.test_controller import push, remote
from tests.faults.model import STAGES, Model

INTERVAL = 600.0
"""Seconds of the fast clock between two looks for drift."""
GAP = 150.0
"""Seconds of the fast clock between two deeds, on average."""
FAULTS = (
    ("status", {"method": "GET", "status": 503}), ("status", {"method": "GET", "status": 429}),
    ("status", {"method": "PATCH", "status": 500}), ("status", {"method": "POST", "path": "operations", "status": 500}),
    ("drop-before", {"method": "PATCH"}), ("drop-after", {"method": "PATCH"}),
    ("drop-before", {"method": "POST", "path": "operations"}), ("drop-after", {"method": "POST", "path": "operations"}),
    ("truncated-json", {"method": "GET", "path": "/api/"}), ("html", {"method": "GET", "path": "/api/"}),
    ("empty-body", {"method": "GET", "path": "/api/"}), ("delay", {"method": "GET", "path": "/api/", "seconds": 0.3}),
    ("partial-page", {"path": "deployed-assets"}), ("apply-error", {"method": "POST", "path": "operations"}),
    ("status", {"path": "/token", "status": 503}),
)  # fmt: skip


PATHS = {"port": "server.port", "senderName": "sender.name"}
"""What a waiver calls the fields that commits and edits change."""


@dataclass(slots=True)
class Edit:
    """Somebody changed a value in the portal. ``gone_at``: when it was seen to be as Git wants it again."""

    stage: str
    at: datetime
    field: str
    app: str
    value: str
    gone_at: datetime | None = None
    overtaken: bool = False
    """Something else changed it meanwhile."""
    there_at: datetime | None = None
    """When it was last seen to be there still; asked before the platform answered."""


@dataclass(slots=True)
class Bad:
    """A time in which the platform or Git was made to fail on purpose."""

    what: str
    since: datetime
    until: datetime


def set_up(bench: Bench) -> None:
    """The sample as an organization that heals everything, with passwords in files so that they can be rotated."""
    text = bench.read("stagemail.yaml")
    text = re.sub("sync: {.*}", "sync: {automated: true, selfHeal: all}", text)
    text = text.replace("store: env, keys: SMTP_QA", "store: file, keys: smtp-qa")
    text += "web: {listen: '127.0.0.1:0'}\n"
    bench.write("stagemail.yaml", text, commit=False)
    bench.change(
        "environments/qa/email.yaml", "{store: env, key: SMTP_QA}", "{store: file, key: smtp-qa}", commit=False
    )
    secret(bench, "smtp-qa", bench.environment["STAGEMAIL_SMTP_QA"])
    bench.commit("Have passwords in files")
    remote(bench)
    text = bench.read("stagemail.yaml")
    text = re.sub("controller: .*", f"controller: {{poll: 60s, observe: {INTERVAL:.0f}s}}", text)
    bench.write("stagemail.yaml", text)
    push(bench)


def secret(bench: Bench, name: str, value: str) -> None:
    """Put a password into its file, as a rotation does it: in one step."""
    file = bench.folder / "secrets" / name
    draft = file.with_name(f".{name}")
    draft.write_text(value, encoding="utf-8")
    draft.chmod(0o600)
    draft.replace(file)


class Deeds:
    """Does one deed after another; ``step`` is to be called often.

    ``now``: the controller's time of day; ``held``: stages whose last pass left something to a person, and its end.
    """

    def __init__(
        self,
        bench: Bench,
        model: Model,
        seed: int,
        speed: float,
        *,
        now: Callable[[], datetime],
        held: Callable[[], Mapping[str, datetime]],
    ) -> None:
        self._bench, self._model, self._speed = bench, model, speed
        self._now, self._held = now, held
        self._hits, self._away_since, self._looked_at = 0, now(), now()
        self._random = random.Random(seed)
        self._remote = bench.folder / "remote.git"
        self._next = self._back = self._looked = 0.0
        self._number = 0
        self.counts: Counter[str] = Counter()
        self.edits: list[Edit] = []
        self.bad: list[Bad] = []
        self._decided: dict[str, datetime] = {}
        for stage in STAGES.values():
            model.wanted[stage] = {"port": "587", "senderName": model.live(stage)["senderName"] or ""}

    def step(self) -> None:
        """A deed where one is due; and a look at what became of edits."""
        now = time.monotonic()
        if now - self._looked >= 0.2:
            self._looked = now
            self.look()
            self.decide()
        if self._back and now >= self._back:
            self._return()
        if now < self._next:
            return
        self._next = now + self._random.expovariate(1.0) * GAP / self._speed
        deed = self._random.choices(("commit", "edit", "rotation", "failure", "git"), (30, 35, 10, 22, 3))[0]
        getattr(self, f"_{deed}")()
        self.counts[deed] += 1

    def end(self) -> None:
        """Nothing disturbs any more."""
        self.look()
        self._bench.platform.clear_faults()
        if self._back:
            self._return()

    def decide(self) -> None:
        """Do for each stage that is held what a person does who read why.

        A commit that meets somebody's edit of the same field is a takeover, and waits for one. By turns it is waived,
        Git takes what the portal has, or the portal is put back.
        """
        for stage, at in sorted(self._held().items()):
            name = STAGES[stage]
            if at <= self._decided.get(stage, at.min.replace(tzinfo=at.tzinfo)):
                continue
            live, wanted = self._model.live(name), self._model.wanted[name]
            other = sorted(field for field in wanted if live[field] != wanted[field])
            if not other or self._back:
                continue
            how = self._random.choice((self._waive, self._take_over, self._put_back))
            self._overtake(name)
            self._decided[stage] = self._now()
            how(stage, name, {field: live[field] or "" for field in other})
            self.counts[how.__name__.strip("_")] += 1

    def _waive(self, stage: str, name: str, live: dict[str, str]) -> None:
        wanted = self._model.wanted[name]
        documents = [
            "apiVersion: stagemail/v1\nkind: Waiver\n"
            f"metadata: {{name: takeover-{stage}-{field.lower()}}}\n"
            f"spec: {{allow: takeover, to: '{PATHS[field]}={wanted[field]}', reason: a person saw it}}\n"
            for field in sorted(live)
        ]
        self._bench.write(f"environments/{stage}/waivers.yaml", "---\n".join(documents))
        push(self._bench)

    def _take_over(self, stage: str, name: str, live: dict[str, str]) -> None:
        for field, value in sorted(live.items()):
            self._write(stage, name, field, value)
        push(self._bench)

    def _put_back(self, _stage: str, name: str, live: dict[str, str]) -> None:
        self._model.disturbed(name)
        for field in sorted(live):
            self._bench.platform.set(name, field, self._model.wanted[name][field])
        self._model.disturbed(name)

    def _write(self, stage: str, name: str, field: str, new: str) -> None:
        """Commit another value of a field."""
        wanted = self._model.wanted[name]
        old = wanted[field]
        texts = {"port": "port: {}", "senderName": "sender: {{name: {},"}
        self._bench.change(f"environments/{stage}/email.yaml", texts[field].format(old), texts[field].format(new))
        wanted[field] = new

    def _commit(self) -> None:
        self._number += 1
        stage, name = self._random.choice(sorted(STAGES.items()))
        wanted = self._model.wanted[name]
        if self._is_edited(stage):
            self.counts["commit"] -= 1
            return  # a change in Git over somebody's edit is a takeover: held for a person, rightly
        if self._random.random() < 0.5:
            self._write(stage, name, "port", "2587" if wanted["port"] == "587" else "587")
        else:
            self._write(stage, name, "senderName", f"{wanted['senderName'].partition(' no.')[0]} no. {self._number}")
        self._overtake(name)
        if not self._back:
            push(self._bench)

    def _edit(self) -> None:
        stage, name = self._random.choice(sorted(STAGES.items()))
        field, app, value = self._random.choice(
            [("port", "", "26"), ("senderName", "", f"Somebody {self._number}"), ("testListActive", "CRM", "false")]
        )
        moving = any(self._model.live(name)[key] != value for key, value in self._model.wanted[name].items())
        if moving or self._is_edited(stage) or (field == "testListActive" and name != "QA"):
            self.counts["edit"] -= 1
            return  # one edit of a stage at a time, and none over a commit that is not live yet
        self._number += 1
        self._model.disturbed(name, app)
        self._bench.platform.set(name, field, value, app=app or None)
        self._model.disturbed(name, app)
        self.edits.append(Edit(stage, self._now(), field, app, value))

    def _rotation(self) -> None:
        self._number += 1
        stage, name = self._random.choice([("qa", "QA"), ("production", "Production")])
        value = f"soak-password-{self._number}"
        secret(self._bench, f"smtp-{stage}", value)
        self._model.secrets[name] = value

    def _failure(self) -> None:
        kind, options = self._random.choice(FAULTS)
        self._bench.platform.fault(kind, times=self._random.randint(1, 3), **options)

    def _git(self) -> None:
        if not self._back:
            self._remote.rename(self._remote.with_name("away.git"))
            self._away_since = self._now()
            self._back = time.monotonic() + self._random.uniform(30, 300) / self._speed

    def _return(self) -> None:
        self._remote.with_name("away.git").rename(self._remote)
        self.bad.append(Bad("Git", self._away_since, self._now()))
        self._back = 0.0
        push(self._bench)

    def _is_edited(self, stage: str) -> bool:
        return any(e.stage == stage and not e.overtaken and e.gone_at is None for e in self.edits)

    def _overtake(self, name: str) -> None:
        for edit in self.edits:
            if STAGES[edit.stage] == name and edit.gone_at is None:
                edit.overtaken = True

    def look(self) -> None:
        """See which edits are gone, and whether the platform failed since the last look."""
        at = self._now()
        hits = sum(fault["hits"] for fault in self._bench.platform.faults())
        if hits > self._hits:
            self.bad.append(Bad("platform", self._looked_at, at))
        self._hits, self._looked_at = hits, at
        for edit in self.edits[-20:]:
            if edit.gone_at is None and not edit.overtaken:
                asked, name = self._now(), STAGES[edit.stage]
                shown = self._bench.platform.live(name, edit.app) if edit.app else self._model.live(name)
                given = "False" if edit.value == "false" else edit.value
                if shown[edit.field] != given:
                    edit.gone_at = self._now()
                else:
                    edit.there_at = asked

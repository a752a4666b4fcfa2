"""Effects that no scenario passes, and why each is left out. A new one in the code belongs into a scenario first.

Not here: what an effect is (``effects``).
"""

import re
from typing import Final

from tests.failpoints.effects import Site

MODULES: Final = {
    "cli.demo": "the demo plays on a platform and a folder of its own, made anew each time",
    "cli.first_files": "`init` writes the first files; it refuses to overwrite and is run again",
    "cli.inbox": "a file that its user asked for; the command writes it again",
    "cli.inbox_serve": "the inbox is a product of its own (tests/unit/inbox)",
    "cli.main": "opens the null device when the reader of the output is gone",
    "cli.output": "a file that its user asked for; the command writes it again",
    "cli.target": "the mapping is written for review; the command writes it again",
    "git.trust": "a keyring in a folder of its own, made anew for each look and removed after it",
    "dispatch.by_procrastinate": "a job that is queued twice or lost costs a look (tests/contract/test_dispatcher.py)",
    "inbox": "the inbox is a product of its own (tests/unit/inbox kills its database)",
    "resources.schemas": "`schema --write` writes what is generated; the command writes it again",
    "web": "the process that takes webhooks holds nothing: a hint that is lost costs a look by the poll",
    "wiring.doctor": "`doctor` looks and keeps nothing",
    "reconcile.observers": "tells observers of this process; a log line or a count",
    "reconcile.stage_work": "a worker's pass is the controller's; workers are killed in tests/contract and acceptance",
    "wiring.beside": "a copy of this process tells it what it read, through a pipe; without it all is read here",
    "wiring.changed_files": "reads files for a `plan` from what was remembered, and keeps nothing",
    "wiring.memo": "what `plan` remembers in the cache; without it the next plan is made in full",
    "wiring.recalled": "a `plan` from what was remembered looks and keeps nothing",
    "wiring.elsewhere": "a worker's look at Git, made again by the next job",
    "wiring.working": "tells observers of this process; a log line or a count",
    "wiring.odc_import": "`import` looks, and writes into an empty folder; the command is run again",
}
"""Modules, with everything below them, that keep nothing that could be lost."""

PLACES: Final = {
    "record.postgresql:PostgresDatabase.write connection.begin": "PostgreSQL is played by `make faults`",
    "record.postgresql_opening:begin database.write": "PostgreSQL is played by `make faults`",
    "record.sql:SqlRecord.renew database.write": "by the clock: not in the first third of a lease",
    "record.sql:SqlRecord.note_copied database.write": "how far the journal was copied; without the note it is again",
    "git.mirroring:_trust made.replace": "whom the user trusts, written anew at each fetch of this machine's own",
    "git.mirroring:_trust made.write_text": "a draft that the next fetch writes over",
    "git.mirroring:_free lock.unlink": "a lock that a killed git left behind; the next look takes it away",
    "git.local:_written os.write": "the input of a command that only reads",
    "git.local:running subprocess.Popen": "only reads the repository on this disk",
    "mail.mta_sts:_got pool.stream": "`check-sender` looks and keeps nothing",
    "mail.token:fetch pool.stream": "a token for one test message; tests/unit/mail/test_tokens.py",
    "reconcile.compare:side_on_platform target.inventory": "`compare` looks and keeps nothing",
    "reconcile.compare:side_on_platform target.observe": "`compare` looks and keeps nothing",
    "reconcile.looking:look world.target.observe": "only where a canary waits; the same call as in reading",
    "reconcile.once:_keep world.leases.renew": "by the clock; the same call as Journal.check",
    "reconcile.waiting:wait_for world.leases.renew": "by the clock, where an operation of a killed run takes long",
    "reconcile.writes:_send world.target.begin#2": "a lost answer (test_interrupted.py)",
    "reconcile.journal:Journal.finished world.record.append": "after a lost lease (test_once.py)",
    "reconcile.notifying:Notifying._deliver leases().release": "where nobody hears (test_notifying.py)",
    "reconcile.automatic:_Pass._kept world.record.append": "after an error, or that people were told; leaves no event",
    "reconcile.once:_run world.record.append": "how a stage stands after a quiet pass; it leaves no event",
    "secret.ending:_Socket.sendall inner.sendall": "a question to a secret store, passed with the read of the secret",
    "source.cache:DiskCache._sweep Path(entry.path).unlink": "a killed run half wrote it; the next write sweeps",
    "source.cache:DiskCache._drop file.with_name(self.file.name + suffix).unlink": "a damaged cache is made anew",
    "wiring.controlling:Controlling._run_among_others observers.tell": "a log line: whether this controller leads",
    "wiring.controlling:Controlling._run_among_others observers.tell#2": "a log line, as above",
    "wiring.controlling:Controlling.wake sharing.exchange.tell": "a hint to others; one that is lost costs a look",
    "wiring.mail:Mail.settle outbox.settle": "one file replaced by a person's word; the same call as in send-test",
}
"""Single places."""

SOMETIMES: Final = frozenset(
    {"reconcile.automatic:_Pass._kept world.record.append", "record.sql:SqlRecord.renew database.write"}
)
"""Those of them that a scenario passes where it lasts long enough: passed or not, both are well."""


def where(point: str) -> str:
    """The place in the code of a point."""
    return re.sub(r" \[[^\]]*\]$", "", point.removeprefix("before ").removeprefix("after "))


def is_sometimes(point: str) -> bool:
    """Whether a run may end without it."""
    return where(point) in SOMETIMES


def why(site: Site) -> str:
    """Why a place is left out, or ""."""
    for module, reason in MODULES.items():
        if site.module == module or site.module.startswith(f"{module}."):
            return reason
    return PLACES.get(site.id, "")

"""From the operator file to those who are told: notifications and commit statuses, as it is in force now.

Addresses and tokens are asked of their stores for each message, so that one that was rotated is used at once.
Not here: what is told when (``reconcile.notifying``, ``reconcile.stating``).
"""

from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from threading import Lock

from stagemail.errors import Unreachable, UserMustFix
from stagemail.host.statuses import PUBLIC, HostStatuses
from stagemail.model import email
from stagemail.model.happening import Finished, Happening
from stagemail.model.notice import Notice
from stagemail.model.secret import Secret, SecretRef
from stagemail.model.snapshot import Desired
from stagemail.notify.mail_address import mail_address
from stagemail.ports import GitHost, Leases, Notifier
from stagemail.reconcile.courier import Courier
from stagemail.reconcile.notifying import Notifying, Subscription
from stagemail.reconcile.stating import Stating
from stagemail.resources.notifications import ByMail, CommitStatuses, Notification
from stagemail.resources.policy import secret_ref
from stagemail.wiring.installation import Installation
from stagemail.wiring.process import Process
from stagemail.wiring.sources import MAIN

MakeNotifier = Callable[[str, Secret], Notifier]
"""From a name and an address to what sends (``notify.by_apprise``, which needs an extra)."""


@dataclass(frozen=True, slots=True)
class Means:
    """What telling works with. ``notifier`` None: the extra is not installed, and no notification is configured."""

    notifier: MakeNotifier | None
    complain: Callable[[str], None]
    executor: Executor
    told: Callable[[str, bool], None]
    scrub: Callable[[str], str] = str


class Telling:
    """Implements ``ports.Observer``; takes what the operator file says anew when it changed."""

    def __init__(self, controlling: Process, means: Means) -> None:
        self._controlling = controlling
        self._means = means
        self._courier = Courier(controlling.clock, means.complain, means.executor)
        self._lock = Lock()
        self._of: Installation | None = None
        self._notifying: Notifying | None = None
        self._stating: Stating | None = None
        self._revisions: dict[str, str] = {}

    def saw(self, happening: Happening) -> None:
        """Hand it on."""
        if isinstance(happening, Finished) and happening.revision:
            self._revisions[happening.stage] = happening.revision
        notifying, stating = self._current()
        notifying.saw(happening)
        stating.saw(happening)

    def _current(self) -> tuple[Notifying, Stating]:
        with self._lock:
            installation = self._controlling.installation
            if self._notifying is None or self._stating is None or self._of is not installation:
                self._of = installation
                self._notifying = self._make_notifying(installation)
                self._stating = self._make_stating(installation)
            return self._notifying, self._stating

    def _make_notifying(self, installation: Installation) -> Notifying:
        subscriptions = {
            name: Subscription(
                name, self._notifier(name, written), frozenset(written.events), frozenset(written.stages),
                float(written.again),
            )
            for name, written in sorted(installation.operator.notifications.items())
        }  # fmt: skip
        means = self._means
        return Notifying(
            subscriptions,
            self._leases,
            self._controlling.clock,
            self._courier,
            receipts=self._controlling.current.receipts,
            scrub=means.scrub,
            told=means.told,
        )

    def _leases(self) -> Leases:
        return self._controlling.running.record

    def _notifier(self, name: str, written: Notification) -> Notifier:
        make = self._means.notifier
        if make is None:
            raise UserMustFix("notifications need the extra `controller`", hint="pip install 'stagemail[controller]'")
        if written.mail is not None:
            mail = written.mail
            return _Resolved(name, make, lambda: self._by_mail(mail))
        ref = secret_ref(written.url) if written.url is not None else SecretRef("", "")
        return _Resolved(name, make, lambda: self._controlling.secret(ref))

    def _by_mail(self, mail: ByMail) -> Secret:
        """The address for mail through a stage's own configuration, as the last reconciled revision has it."""
        revision = self._revisions.get(mail.stage, "")
        if not revision:
            raise Unreachable(
                f"stage {mail.stage} was not looked at since the start, so its configuration is not known yet",
                hint="it is told with one of the next looks",
            )
        desired = self._controlling.desired(mail.stage, revision)
        if desired is None or desired.configuration is None:
            raise UserMustFix(
                f"stage {mail.stage} has no email configuration yet, so no mail can be sent through it",
                hint="notify by `url` instead, or by a stage that has one",
            )
        return _address(desired, self._controlling.running.secrets_now(desired), mail.to)

    def _make_stating(self, installation: Installation) -> Stating:
        operator = installation.operator
        written = {MAIN: operator.source, **operator.sources}
        hosts = {name: self._host(source.statuses) for name, source in written.items() if source.statuses is not None}
        return Stating(hosts, self._courier, scrub=self._means.scrub)

    def _host(self, written: CommitStatuses) -> GitHost:
        ref = secret_ref(written.token)
        base = written.url or PUBLIC[written.type]
        return HostStatuses(
            written.type, written.repository, lambda: self._controlling.secret(ref), base=base,
            sleep=self._controlling.clock.sleep,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Resolved:
    """A notifier whose address is asked for each time."""

    name: str
    make: MakeNotifier
    address: Callable[[], Secret]

    def send(self, notice: Notice) -> None:
        """See ``ports.Notifier.send``."""
        self.make(self.name, self.address()).send(notice)


def _address(desired: Desired, secrets: Mapping[str, Secret], to: list[str]) -> Secret:
    fields = desired.configuration.fields if desired.configuration is not None else {}
    kind = fields.get(email.AUTH_TYPE, "none")
    if kind == "oauth2":
        raise UserMustFix(
            f"stage {desired.stage} logs in with OAuth 2.0, which notifications by mail cannot",
            hint="notify by `url` instead, or by a stage that logs in with a password",
        )
    port = fields.get(email.PORT)
    return mail_address(
        host=str(fields.get(email.HOST, "")),
        port=port if isinstance(port, int) else email.DEFAULT_PORT,
        security=str(fields.get(email.SECURITY, "starttls")),
        username=str(fields.get(email.USERNAME, "")),
        password=secrets.get(email.PASSWORD),
        sender=str(fields.get(email.SENDER_ADDRESS, "")),
        to=to,
    )

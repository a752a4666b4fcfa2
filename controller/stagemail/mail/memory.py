"""The reference mail server: answers from memory, keeps what it is sent, speaks no SMTP.

Not here: real servers (``probe``).
"""

from collections.abc import Callable, Mapping
from threading import Lock

from stagemail.model.probe import Basic, Extent, Letter, OAuth2, Probed, ProbeStep, Sent, Server, StepName

VANTAGE = "memory"


class MemoryProbe:
    """Implements ``ports.MailProbe``. ``logins``: per destination (``host:port``) the good password of each user name.

    A destination that is not named refuses connections; one with no logins takes mail without any. Client credentials
    log in with the client id in place of the user name.
    """

    def __init__(self, logins: Mapping[str, Mapping[str, str]]) -> None:
        self.logins: dict[str, Mapping[str, str]] = dict(logins)
        self.refused_recipients: set[str] = set()
        self.letters: list[Letter] = []
        self.asked: list[tuple[str, Extent]] = []
        """Every conversation, in order, with how far it was to go."""
        self._lock = Lock()

    def probe(self, server: Server, extent: Extent) -> Probed:
        """Connect, log in, name sender and recipients; nothing is kept."""
        with self._lock:
            self.asked.append((server.destination, extent))
        steps = self._entered(server, extent)
        return Probed(server.destination, VANTAGE, tuple(steps))

    def send(self, server: Server, letter: Letter, begin: Callable[[], None]) -> Sent:
        """Keep the letter."""
        extent = Extent(sender=letter.sender, recipients=letter.recipients)
        steps = self._entered(server, extent)
        if steps[-1].status == "failed":
            return Sent(Probed(server.destination, VANTAGE, tuple(steps)), "not-sent")
        begin()
        with self._lock:
            self.letters.append(letter)
        steps.append(ProbeStep("data", "passed", reply="250 kept"))
        return Sent(Probed(server.destination, VANTAGE, tuple(steps)), "accepted")

    def _entered(self, server: Server, extent: Extent) -> list[ProbeStep]:
        logins = self.logins.get(server.destination)
        if logins is None:
            return [_failed("connect", "refused", f"{server.destination} refuses connections")]
        steps = [ProbeStep("connect", "passed")]
        if logins or server.authentication is not None:
            steps.append(_login(server, logins))
        if steps[-1].status == "failed" or extent.until == "auth":
            return steps
        if extent.sender:
            steps.append(ProbeStep("mail-from", "passed"))
        refused = [recipient for recipient in extent.recipients if recipient in self.refused_recipients]
        if refused:
            steps.append(_failed("rcpt-to", "recipient-refused", f"{', '.join(refused)} is refused"))
        elif extent.recipients:
            steps.append(ProbeStep("rcpt-to", "passed"))
        return steps


def _login(server: Server, logins: Mapping[str, str]) -> ProbeStep:
    match server.authentication:
        case Basic(username, password):
            good = logins.get(username) == password.reveal()
        case OAuth2(client_id=client, client_secret=secret):
            good = logins.get(client) == secret.reveal()
        case None:
            return _failed("mail-from", "login-required", "the server wants a login")
    return ProbeStep("auth", "passed") if good else _failed("auth", "wrong-password", "the server refuses the login")


def _failed(name: StepName, code: str, cause: str) -> ProbeStep:
    return ProbeStep(name, "failed", code=code, cause=cause, next_step="mend the configuration")

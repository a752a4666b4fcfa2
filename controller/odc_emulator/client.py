"""A typed client of the control API, for tests and the command line."""

import ssl
from types import TracebackType
from typing import Any, Self

import httpx2

Document = dict[str, Any]


class ControlError(Exception):
    """The emulator refused a control call; the message says why."""


class EmulatorControl:
    """Does to an emulator what people, time and bad luck do to the real platform."""

    def __init__(self, url: str) -> None:
        bare = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # it is plain HTTP: reading all authorities takes 25 ms
        self._http = httpx2.Client(base_url=url, timeout=60.0, trust_env=False, verify=bare)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def health(self) -> Document:
        """Profile, speed and the emulated time."""
        return self._call("GET", "health")

    def ledger(self, since: int = 0) -> list[Document]:
        """Every write that arrived (after row number `since`), oldest first."""
        writes: list[Document] = self._call("GET", "ledger", params={"since": since})["writes"]
        return writes

    def reads(self) -> dict[str, int]:
        """How many reads arrived, by API domain."""
        counts: dict[str, int] = self._call("GET", "ledger", params={"since": 2**62})["reads"]
        return counts

    def refused(self) -> dict[str, int]:
        """How many calls were refused with 429 by the limits, by API domain."""
        counts: dict[str, int] = self._call("GET", "ledger", params={"since": 2**62})["refused"]
        return counts

    def show(self, stage: str, app: str | None = None) -> Document:
        """What the portal shows of a stage, or of an app on it."""
        return self._call("GET", "show", params={"stage": stage} | ({} if app is None else {"app": app}))

    def live(self, stage: str, app: str) -> dict[str, str | None]:
        """What the app runs with, by logical field, secrets masked."""
        return {row["field"]: row["live"] for row in self.show(stage, app)["entries"]}

    def pending(self, stage: str, app: str) -> list[str]:
        """The logical fields with a value that is set and not live in the app."""
        return [row["field"] for row in self.show(stage, app)["entries"] if row["pending"]]

    def secret_equals(self, stage: str, field: str, value: str, app: str | None = None, *, live: bool = True) -> bool:
        """Whether a secret is `value`."""
        body = {"stage": stage, "app": app, "field": field, "value": value, "live": live}
        return bool(self._call("POST", "secret-check", json=body)["equal"])

    def portal(self, verb: str, **arguments: object) -> Document:
        """Any action of `portal.ACTIONS` by its verb."""
        return self._call("POST", f"portal/{verb}", json=arguments)

    def set(
        self, stage: str, field: str, value: str | None, app: str | None = None, *, pending: bool = False
    ) -> Document:
        """Set a value by hand; live at once unless `pending`."""
        return self.portal("set", stage=stage, app=app, field=field, value=value, pending=pending)

    def deploy(self, stage: str, app: str, revision: int | None = None) -> Document:
        """Deploy an app by hand; a new name makes a new app."""
        return self.portal("deploy", stage=stage, app=app, revision=revision)

    def undeploy(self, stage: str, app: str) -> Document:
        """Take an app off a stage."""
        return self.portal("undeploy", stage=stage, app=app)

    def fault(self, kind: str, **options: object) -> Document:
        """Order a fault: method, path (regular expression), after, times, status, seconds, message, value."""
        return self._call("POST", "faults", json={"kind": kind, **options})

    def faults(self) -> list[Document]:
        """The ordered faults with their counts."""
        return list(self._json("GET", "faults"))

    def clear_faults(self) -> None:
        """Forget all faults."""
        self._json("DELETE", "faults")

    def advance(self, seconds: float) -> float:
        """Move the emulated clock forward; returns the new emulated time in seconds since the epoch."""
        return float(self._call("POST", "clock", json={"seconds": seconds})["epoch"])

    def switch_limits(self, *, enabled: bool, used_up: str = "") -> None:
        """Turn the rate limits on or off; `used_up` names an API domain whose calls of this minute others have made."""
        self._call("POST", "limits", json={"enabled": enabled, "used_up": used_up})

    def send(self, stage: str, app: str, to: list[str], **message: object) -> Document:
        """Let the app send an email with what it runs with: cc, bcc, subject, text."""
        return self._call("POST", "send", json={"stage": stage, "app": app, "to": to, **message})

    def token_is_valid(self, token: str) -> bool:
        """Whether the emulator issued this access token and it is still good."""
        return bool(self._call("POST", "token-check", json={"token": token})["valid"])

    def _call(self, method: str, path: str, **arguments: Any) -> Document:
        document: Document = self._json(method, path, **arguments)
        return document

    def _json(self, method: str, path: str, **arguments: Any) -> Any:
        response = self._http.request(method, f"/_emulator/{path}", **arguments)
        if response.status_code >= 400:
            raise ControlError(f"{method} {path}: {response.status_code} {response.text}")
        return response.json()

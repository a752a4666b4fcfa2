"""The session with a Vault or OpenBao server: TLS, time limits, retries, size, and the token of one login.

hvac's adapter is used without its client, which would take tokens and addresses from the environment.
Not here: what a path holds (``vault``).
"""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Lock
from typing import Any, Final

from hvac import adapters as _adapters
from hvac import exceptions as _refusals
from requests import Session

from stagemail.errors import SecretUnexpected
from stagemail.secret import bounded
from stagemail.secret.login import from_file, from_variable
from stagemail.secret.sessions import Adapter, bound

TIMEOUT: Final = (5.0, 10.0)
"""Seconds to connect, and to wait for bytes."""
_SERVICE_ACCOUNT: Final = "/var/run/secrets/kubernetes.io/serviceaccount/token"
_TOKEN_SECONDS: Final = 60.0
_SHARE: Final = 0.8
"""Of a lease, after which it is renewed."""


class VaultSession:
    """One login for all threads. It is renewed when most of its lease is over, and made anew where it cannot be.

    ``clock``: seconds that only grow.
    """

    def __init__(
        self,
        settings: Mapping[str, Any],
        base: Path,
        environ: Mapping[str, str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.address = str(settings["address"]).rstrip("/")
        self._login: Mapping[str, Any] = settings["login"]
        self._namespace = settings.get("namespace")
        self._ca = str(base / settings["caFile"]) if settings.get("caFile") else None
        self._base, self._environ, self._clock = base, environ, clock
        self._lock = Lock()
        self._adapter: Any = None
        self._until = 0.0

    def adapter(self) -> Any:
        """hvac's adapter, logged in.

        Raises what hvac and requests raise, AnswerTooLarge, NotFound, SecretEmpty, SecretUnexpected.
        """
        with self._lock:
            if self._adapter is not None and self._clock() >= self._until:
                self._keep(self._renewed(self._adapter))
            if self._adapter is None:
                self._adapter, seconds = self._logged_in()
                self._until = self._clock() + seconds
            return self._adapter

    def ended(self, used: Any) -> bool:
        """Whether the login of this adapter is no longer valid; then the next ``adapter()`` logs in anew."""
        try:
            used.get("/v1/auth/token/lookup-self")
        except _refusals.VaultError as error:
            if not isinstance(error, _refusals.Forbidden | _refusals.Unauthorized):
                return False
        else:
            return False
        with self._lock:
            if self._adapter is used:
                self._adapter = None
        return True

    def _keep(self, seconds: float) -> None:
        self._until = self._clock() + seconds
        if seconds <= 0:
            self._adapter = None

    def _renewed(self, adapter: Any) -> float:
        """Seconds for which the same token may be used again; 0 where it cannot be renewed."""
        if self._login["method"] == "token":
            return 0.0  # whoever keeps the token in its file or variable renews it: read it again
        try:
            answer = adapter.post("/v1/auth/token/renew-self", json={})
        except _refusals.VaultError:
            return 0.0
        auth = answer.get("auth") if isinstance(answer, dict) else None
        lease = auth.get("lease_duration") if isinstance(auth, dict) else None
        return _SHARE * lease if isinstance(lease, int) else 0.0

    def _logged_in(self) -> tuple[Any, float]:
        adapter = self._connected()
        method, role = self._login["method"], self._login.get("role", "default")
        mount = self._login.get("mount", "default")
        mount = method if mount == "default" else mount
        credential = self._credential()
        if method == "token":
            adapter.token = credential
            return adapter, _TOKEN_SECONDS
        if method == "approle":
            role_id = self._variable(self._login.get("roleVariable", "VAULT_ROLE_ID"))
            body = {"role_id": role_id, "secret_id": credential}
        else:
            body = {"role": role, "jwt": credential}
        answer = adapter.post(f"/v1/auth/{mount}/login", json=body)
        auth = answer.get("auth") if isinstance(answer, dict) else None
        token = auth.get("client_token") if isinstance(auth, dict) else None
        if not isinstance(auth, dict) or not isinstance(token, str) or not token:
            raise SecretUnexpected(
                f"{self.address} did not answer the login as Vault does",
                hint="check `address` and `login.mount` of the store; a proxy's login page may stand before it",
            )
        adapter.token = token
        lease = auth.get("lease_duration")
        return adapter, _SHARE * lease if isinstance(lease, int) and lease > 0 else 3600.0

    def _connected(self) -> Any:
        session = Session()
        session.verify = self._ca or True
        retry = bounded.ClosingRetry(
            total=2,
            backoff_factor=0.2,
            status_forcelist=(429, 500, 502, 503, 504),
            allowed_methods=("GET",),
            raise_on_status=False,
            respect_retry_after_header=False,
        )
        bound(session, Adapter(max_retries=retry, pool_maxsize=16))
        return _adapters.JSONAdapter(
            base_uri=self.address,
            session=session,
            namespace=self._namespace,
            timeout=TIMEOUT,
            allow_redirects=False,
        )

    def _credential(self) -> str:
        if self._login.get("variable"):
            return self._variable(self._login["variable"])
        return from_file(self._base / (self._login.get("file") or _SERVICE_ACCOUNT))

    def _variable(self, name: str) -> str:
        return from_variable(self._environ, name, f"the login at {self.address}")

"""Sessions of requests that read no answer without end: neither in bytes (``bounded``) nor in time (``ending``).

Not here: who is asked, and how often.
"""

from typing import Any

from requests import Session
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

from stagemail.secret import bounded
from stagemail.secret.ending import end


class Adapter(HTTPAdapter):
    """requests' adapter over connections that end in time."""

    def init_poolmanager(self, *given: Any, **more: Any) -> None:
        """See ``HTTPAdapter``."""
        super().init_poolmanager(*given, **more)
        end(self.poolmanager)

    def proxy_manager_for(self, proxy: Any, **more: Any) -> Any:
        """See ``HTTPAdapter``."""
        manager = super().proxy_manager_for(proxy, **more)
        end(manager)
        return manager


def bound(session: Session, adapter: Adapter) -> None:
    """Have a session speak by this adapter alone, and read every answer up to the limit before it does so itself."""
    for scheme in ("https://", "http://"):
        session.mount(scheme, adapter)
    session.hooks["response"].append(_bounded)


def _bounded(response: Any, *_args: Any, **_more: Any) -> None:
    """A hook of requests, which expects no exception of urllib3 here."""
    try:
        body = bounded.read(response.raw)
    except HTTPError as error:
        raise ConnectionError(f"the answer broke off: {type(error).__name__}") from None
    response.raw = bounded.Body(body)

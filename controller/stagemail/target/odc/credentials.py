"""Who we are for ODC: an API client's id, and where its secret comes from when it is needed. Not here: stores."""

from collections.abc import Callable
from dataclasses import dataclass

from stagemail.model.secret import Secret


@dataclass(frozen=True, slots=True)
class Credentials:
    """An API client. ``secret`` is called on first use only, so that what needs no network needs no credential.

    ``learn`` is told each access token before it is used.
    """

    client_id: str
    secret: Callable[[], Secret]
    learn: Callable[[Secret], None] = lambda _token: None

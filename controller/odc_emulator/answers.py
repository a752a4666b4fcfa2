"""What the platform answers: a status with a JSON document, and the refusals that end a call early.

Errors are ProblemDetails sent as `application/json`. Codes are spelt `EMULATOR-…`, because OutSystems documents only
one code for configurations (`OS-CFGM-40406`), and an invented code must never look like one of theirs.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

CONFIGURATION_NOT_FOUND = "OS-CFGM-40406"
TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    422: "Unprocessable Content",
    429: "Too Many Requests",
    500: "Internal Server Error",
    503: "Service Unavailable",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer; `document` None means an empty body."""

    status: int
    document: object = None
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"

    def body(self) -> bytes:
        """The bytes to send."""
        if self.document is None:
            return b""
        if isinstance(self.document, bytes):
            return self.document
        return json.dumps(self.document, separators=(",", ":"), ensure_ascii=False).encode()


class RefusedError(Exception):
    """A call that the platform refuses: becomes a ProblemDetails answer and changes nothing."""

    def __init__(self, status: int, code: str, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail, self.headers = status, code, detail, headers or {}


def problem(status: int, code: str, detail: str, instance: str, headers: Mapping[str, str] | None = None) -> Answer:
    """A ProblemDetails answer (ODC's OpenAPI, schema ProblemDetails)."""
    document = {
        "type": f"https://httpstatuses.io/{status}",
        "title": TITLES.get(status, "Error"),
        "status": status,
        "detail": detail,
        "instance": instance,
        "traceId": "00-emulator-00",
        "errorCode": code,
    }
    return Answer(status, document, headers or {})

"""Calls to ODC with everything around them: limits, tokens, retries, refusals in words.

A GET is tried again whatever went wrong on the way. A write is tried again only where it certainly was not taken: no
connection, 401, 429. A write whose answer never came raises OutcomeUnknown. Not here: which calls there are (``api``).
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import tenacity

from stagemail.errors import NotPermitted, OutcomeUnknown, ReadOnly, StagemailError, Unreachable
from stagemail.ports import Clock
from stagemail.target.odc.auth import Tokens
from stagemail.target.odc.call import Call
from stagemail.target.odc.credentials import Credentials
from stagemail.target.odc.errors import detail, limited, refusal, seconds_of
from stagemail.target.odc.limits import Limits
from stagemail.target.odc.transport import COMMON, NO_ANSWER, NOT_SENT, Answer, Transport, base_of

MAX_WAIT: Final = 300.0
"""Seconds of a Retry-After that we wait for; longer ones end the run."""
ATTEMPTS: Final = 5
ATTEMPTS_LIMITED: Final = 9
"""Backing off 2, 4, 8 … 60 s, this many attempts outlast two of ODC's windows."""

ACCEPTED: Final = ((b"Accept", b"application/json"), *COMMON)


class _AgainError(Exception):
    """Inside only: worth another attempt; ``error`` is what it is if there are no more."""

    def __init__(self, error: StagemailError, attempts: int = ATTEMPTS, wait: float | None = None) -> None:
        super().__init__(error.message)
        self.error = error
        self.attempts = attempts
        self.wait = wait


class Client:
    """Calls of one API client to one organization. Thread-safe."""

    def __init__(
        self,
        domain: str,
        credentials: Credentials,
        *,
        clock: Clock,
        limits: Limits,
        read_only: bool,
        ca_file: Path | None = None,
    ) -> None:
        self._clock = clock
        self._client_id = credentials.client_id
        self._transport = Transport(base_of(domain), read_only=read_only, ca_file=ca_file)
        self._tokens = Tokens(self._transport.base, credentials, self._identity, self._transport.allow_tokens, clock)
        self.limits = limits

    def close(self) -> None:
        """End the connections."""
        self._transport.close()

    def request(self, call: Call) -> Any:
        """The parsed answer; of a write None where there is none. Raises as the module says."""
        if call.writes and self._transport.read_only:
            hint = "set `readOnly: false` in the operator file once stagemail may write"
            raise ReadOnly(f"{call.subject}: the target is read-only, so it may not {call.doing}", hint=hint)
        return self._again(lambda: self._attempt(call))

    def _again(self, attempt: Any) -> Any:
        """Try, and try again as failures ask for; nearly all calls are answered at once and need no plan for that."""
        failures: list[_AgainError] = []
        try:
            return attempt()
        except _AgainError as failure:
            failures.append(failure)

        def counted() -> Any:
            if failures:  # the first attempt, which was made above
                raise failures.pop()
            return attempt()

        try:
            return tenacity.Retrying(
                retry=tenacity.retry_if_exception_type(_AgainError),
                stop=lambda state: state.attempt_number >= _failure(state).attempts,
                wait=lambda state: _pause(state.attempt_number, _failure(state)),
                sleep=self._clock.sleep,
                reraise=True,
            )(counted)
        except _AgainError as last:
            raise last.error from None

    def _attempt(self, call: Call) -> Any:
        token = self._tokens.get()
        answer = self._sent(call, token)
        if answer.status == 401:
            answer = self._sent(call, self._tokens.get(refused=token))
        if answer.status == 429:
            self.limits.failed(call, "limited")
            self._refuse_for_now(call, answer)
        if not 200 <= answer.status < 300:
            self.limits.failed(call, f"{answer.status // 100}xx")
            error = refusal(call, answer.status, answer.content_type, answer.body, self._client_id)
            raise _AgainError(error) if isinstance(error, Unreachable) and answer.status >= 500 else error
        return _parsed(call, answer)

    def _sent(self, call: Call, token: str) -> Answer:
        self.limits.acquire(call)
        url = self._transport.base + call.url
        headers = ((b"Authorization", f"Bearer {token}".encode("ascii")), *ACCEPTED)
        # The causes are dropped on purpose: they carry the request, and with it what was to be written.
        try:
            return self._transport.send(call.method, url, headers=headers, params=call.query, json=call.body)
        except NOT_SENT as error:
            self.limits.failed(call, "unanswered")
            raise _AgainError(_unreachable(call, error)) from None
        except NO_ANSWER as error:
            self.limits.failed(call, "unanswered")
            if call.writes:
                raise _unknown(call, error) from None
            raise _AgainError(_unreachable(call, error)) from None
        except Unreachable as error:
            self.limits.failed(call, "unanswered")
            raise (_unknown(call, error) if call.writes else error) from None

    def _refuse_for_now(self, call: Call, answer: Answer) -> None:
        seconds = seconds_of(answer.retry_after, self._clock)
        error = limited(call, seconds)
        if seconds is not None and seconds > MAX_WAIT:
            raise error
        raise _AgainError(error, ATTEMPTS_LIMITED, seconds)

    def _identity(self, url: str, form: Mapping[str, str] | None) -> Any:
        return self._again(lambda: self._identity_attempt(url, form))

    def _identity_attempt(self, url: str, form: Mapping[str, str] | None) -> Any:
        """Discovery or a token. Fetching a token twice does no harm, so that is tried again too."""
        what = f"{self._transport.base}: cannot authenticate"
        try:
            answer = self._transport.send("POST" if form else "GET", url, headers=ACCEPTED, data=form)
        except NO_ANSWER as error:
            raise _AgainError(
                Unreachable(f"{what}: {_reason(error)}", hint="look at `domain` and the network; run again later")
            ) from None
        said = detail(answer.body, answer.content_type, (form["client_secret"],) if form else ())
        if answer.status >= 500 or answer.status == 429:
            raise _AgainError(Unreachable(f"{what}: {answer.status}{said}", hint="run again later"))
        if form and answer.status in (400, 401, 403):
            hint = "look at the API client in the ODC Portal: suspended, deleted, or its secret replaced or expired"
            raise NotPermitted(f"{what} as API client {self._client_id}: {answer.status}{said}", hint=hint)
        if answer.status != 200:
            hint = "`domain` must name the organization's ODC Portal"
            raise Unreachable(f"{what}: {answer.status}{said}", hint=hint)
        try:
            return json.loads(answer.body)
        except (ValueError, RecursionError):
            raise _AgainError(
                Unreachable(f"{what}: the answer is not JSON", hint="look at `domain`; run again later")
            ) from None


def _failure(state: tenacity.RetryCallState) -> _AgainError:
    failure = state.outcome.exception() if state.outcome else None
    assert isinstance(failure, _AgainError)  # noqa: S101 - nothing else is retried
    return failure


def _pause(attempt: int, failure: _AgainError) -> float:
    if failure.wait is not None:
        return failure.wait
    first = 2.0 if failure.attempts == ATTEMPTS_LIMITED else 0.5
    return float(min(60.0, first * 2 ** (attempt - 1)))


def _parsed(call: Call, answer: Answer) -> Any:
    try:
        return json.loads(answer.body) if answer.body or not call.writes else None
    except (ValueError, RecursionError):
        if call.writes:
            return None  # it was taken; what it said about it is lost
        said = detail(answer.body, answer.content_type) if "json" not in answer.content_type else ": broken JSON"
        error = Unreachable(
            f"{call.subject}: cannot {call.doing}: the answer is not JSON{said}", hint="run again later"
        )
        raise _AgainError(error) from None


def _unreachable(call: Call, error: Exception) -> Unreachable:
    hint = "look at `domain` and the network; run again later"
    return Unreachable(f"{call.subject}: cannot {call.doing}: {_reason(error)}", hint=hint)


def _unknown(call: Call, error: Exception) -> OutcomeUnknown:
    hint = "whether it was taken is found out by reading"
    return OutcomeUnknown(f"{call.subject}: sent, and no answer came: {_reason(error)}", hint=hint)


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__

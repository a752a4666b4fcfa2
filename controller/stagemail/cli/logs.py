"""Logs without credentials: libraries that log whole answers are kept quiet, everything else goes through the net.

A store's answer is logged by its library before we know what in it is the credential, so no net could take it out:
these loggers start at WARNING however the root logger is set. Not here: where logs go.
"""

import logging
import os
import traceback
from collections.abc import Callable
from typing import Any, Final

Scrub = Callable[[str], str]

QUIET: Final = (
    "azure", "boto3", "botocore", "google", "grpc", "hpack", "httpcore2", "httpx2", "hvac", "keyring", "kubernetes",
    "mail.debug", "mail.log", "msal", "requests", "s3transfer", "sqlalchemy", "urllib3",
)  # fmt: skip
"""Loggers of libraries that write headers, bodies or parameters below WARNING; their children follow them."""

LOUD: Final = ("GOOGLE_SDK_PYTHON_LOGGING_SCOPE", "GRPC_TRACE", "GRPC_VERBOSITY")
"""Variables by which a library logs whole answers past Python's levels; taken out of our own environment."""


def guard(scrub: Scrub) -> Callable[[], None]:
    """Guard every log record of this process from now on; gives what undoes it."""
    before = logging.getLogRecordFactory()
    levels = {name: logging.getLogger(name).level for name in QUIET}
    for name in QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, levels[name]))
    for name in LOUD:
        os.environ.pop(name, None)

    def made(*arguments: Any, **named: Any) -> logging.LogRecord:
        return _guarded(before(*arguments, **named), scrub)

    def undo() -> None:
        logging.setLogRecordFactory(before)
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)

    logging.setLogRecordFactory(made)
    return undo


def _guarded(record: logging.LogRecord, scrub: Scrub) -> logging.LogRecord:
    """The record with its text made and scrubbed at once; tracebacks are kept as text, without their frames."""
    try:
        record.msg, record.args = scrub(record.getMessage()), None
    except (TypeError, ValueError):  # what its caller wrote does not fit together: logging itself would only complain
        record.msg, record.args = scrub(str(record.msg)), None
    if record.exc_info and record.exc_info[1] is not None:
        record.exc_text = scrub("".join(traceback.format_exception(record.exc_info[1])).rstrip("\n"))
        record.exc_info = None
    if record.stack_info:
        record.stack_info = scrub(record.stack_info)
    return record

"""The calendar of retired logins as data: reads ``retirements.toml``, which names its sources.

Not here: what applies to a configuration (``model.retirement``).
"""

import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Any

from stagemail.model.retirement import Retirement


@lru_cache(maxsize=1)
def calendar() -> tuple[Retirement, ...]:
    """Every retirement, in the order of the file."""
    return tuple(_read(row) for row in _document()["retirement"])


def version() -> str:
    """The date of the data."""
    return str(_document()["version"])


def _document() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("retirements.toml").read_text(encoding="utf-8"))


def _read(row: dict[str, Any]) -> Retirement:
    return Retirement(**{**row, "hosts": tuple(row["hosts"])})

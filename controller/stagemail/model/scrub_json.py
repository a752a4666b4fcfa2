"""Takes credentials out of JSON text so that it stays JSON, also where a credential is a word such as ``true``.

Not here: what is known (``reconcile.net``), finding values in text (``scrub``).
"""

import json
import re
from collections.abc import Callable
from typing import Any, Final

_NAME: Final = re.compile(r"[A-Za-z]+(\.[A-Za-z]+)*")
"""What our own members are called. Other keys, such as names that a platform gave, are scrubbed as values are."""


def scrub_text(text: str, scrub: Callable[[str], str]) -> str:
    """The text without what is known. Of a JSON object or array only texts are touched: literals and numbers stay."""
    clean = scrub(text)
    if clean == text or not text.lstrip().startswith(("{", "[")):
        return clean
    try:
        data = _clean(json.loads(text), scrub)
    except (ValueError, RecursionError):
        return clean
    end = text[len(text.rstrip()) :]
    return json.dumps(data, indent=2 if "\n" in text.strip() else None, ensure_ascii=True) + end


def _clean(data: Any, scrub: Callable[[str], str]) -> Any:
    if isinstance(data, str):
        return scrub(data)
    if isinstance(data, list):
        return [_clean(item, scrub) for item in data]
    if isinstance(data, dict):
        return {key if _NAME.fullmatch(key) else scrub(key): _clean(value, scrub) for key, value in data.items()}
    return data

"""Characters that people cannot see or cannot tell apart: controls, invisible ones, look-alikes.

Not here: YAML (``reading``), where they stand (``decoding``).
Sources: Unicode Standard Annex #9 (bidirectional controls), Technical Standard #39 (mixed scripts), YAML 1.2.2 §5.1.
"""

import re
import unicodedata

_CONTROLS = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff"
_INVISIBLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e007f"
)
FORBIDDEN_IN_FILE = re.compile(f"[{_CONTROLS}{_INVISIBLE}]|\r(?!\n)")
"""Tab and line ends are fine; a lone carriage return is a line end only to some tools."""
FORBIDDEN_IN_TEXT = re.compile(f"[{_CONTROLS}{_INVISIBLE}\r]")
_IS_CONTROL = re.compile(f"[{_CONTROLS}\r]")

_SCRIPTS = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC", "LISU", "GEORGIAN", "DESERET")
"""Scripts with letters that look like those of another one. Others (Han, Kana, Hebrew …) may stand beside Latin."""
_VARIATION = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_ASCII_TWINS = str.maketrans(
    "асеоріхуѕјһԁԛԝАВСЕНІЈКМОРЅТХУΑΒΕΖΗΙΚΜΝΟΡΤΥΧονɑɡ",
    "aceopixysjhdqwABCEHIJKMOPSTXYABEZHIKMNOPTYXovag",
)


def forbidden_character(text: str) -> str | None:
    """The first control or invisible character of a text, or None."""
    found = FORBIDDEN_IN_TEXT.search(text)
    return found.group() if found else None


def describe_character(character: str) -> str:
    """A character in words that can be seen: ``U+200B (ZERO WIDTH SPACE)``."""
    name = unicodedata.name(character, "")
    if name:
        return f"U+{ord(character):04X} ({name})"
    return f"U+{ord(character):04X} ({'a control character' if is_control(character) else 'without a name'})"


def is_control(character: str) -> bool:
    """Whether it is a control character (the others that we forbid are invisible)."""
    return _IS_CONTROL.match(character) is not None


def confusable(text: str) -> str | None:
    """Why a name may be read as another one, or None.

    Finds letters of scripts that look alike side by side (Cyrillic а in a Latin word), full-width and mathematical
    letters, and variation selectors. A name wholly in another script is fine.
    """
    if text.isascii():
        return None
    scripts: dict[str, str] = {}
    for character in text:
        if _VARIATION.match(character):
            return f"{describe_character(character)} cannot be seen"
        plain = unicodedata.normalize("NFKC", character)
        if character.isalnum() and plain.isascii() and not character.isascii():
            return f"{describe_character(character)} looks like `{plain}`"
        script = unicodedata.name(character, "").partition(" ")[0]
        if script in _SCRIPTS and character.isalpha():
            scripts.setdefault(script, character)
    if len(scripts) > 1:
        return " stands beside ".join(describe_character(c) for _, c in sorted(scripts.items()))
    return None


def ascii_twin(text: str) -> str | None:
    """The ASCII word that a word looks exactly like (Cyrillic ``сору`` does, ``хост`` does not), or None."""
    twin = text.translate(_ASCII_TWINS)
    return twin if twin != text and twin.isascii() else None

"""Makes text safe to show: what a terminal would act on, or a reader would not see, is spelt out.

Every text report passes each value and label through ``visible`` (``sheet.Sheet`` does it for all of them). Not here:
escapes of one format (Markdown, GitHub annotations, CSV), which stand beside their renderer.
"""

import unicodedata

HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"})
"""Unicode's general categories of controls, formats (bidi controls, zero-width characters), surrogates, private use,
unassigned code points and separators (Unicode 15, table 4-4)."""

SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def is_hidden(char: str) -> bool:
    """Whether a character is acted on, or not seen, instead of read. The plain space is not."""
    return char != " " and unicodedata.category(char) in HIDDEN


def visible(text: str) -> str:
    """The text with every control, bidi control, zero-width or odd space character as an escape such as ``\\x1b``."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_spelt(char) if is_hidden(char) else char for char in text)


def _spelt(char: str) -> str:
    code = ord(char)
    if char in SHORT:
        return SHORT[char]
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"

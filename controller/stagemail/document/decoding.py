"""Bytes to bytes that a YAML parser may see: size, UTF-8, byte order marks, forbidden characters.

Not here: YAML itself.
"""

import codecs

from stagemail.document.characters import FORBIDDEN_IN_FILE, describe_character, is_control
from stagemail.document.faults import Faults
from stagemail.document.limits import MAX_FILE

_PLAIN_ASCII = bytes([9, 10, *range(32, 127)])
_OTHER_MARKS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)


def checked(data: bytes, faults: Faults) -> bytes | None:
    """The bytes to parse, forbidden characters replaced by U+FFFD so that columns stay; None where nothing can be."""
    if len(data) > MAX_FILE:
        size = f"the file has {len(data):,} bytes; at most {MAX_FILE:,} are read."
        faults.add(0, 0, "file-too-large", size, "Split it into several files.")
        return None
    if data.isascii() and not data.translate(None, _PLAIN_ASCII):
        return data
    text = _decoded(data, faults)
    if text is None:
        return None
    for found in FORBIDDEN_IN_FILE.finditer(text):
        _report(text, found.start(), found.group(), faults)
    return FORBIDDEN_IN_FILE.sub("\ufffd", text).encode()


def _decoded(data: bytes, faults: Faults) -> str | None:
    for mark, encoding in _OTHER_MARKS:
        if data.startswith(mark):
            faults.add(1, 1, "not-utf-8", f"the file is {encoding}.", "Save it as UTF-8 without a byte order mark.")
            return None
    if data.startswith(codecs.BOM_UTF8):
        faults.add(1, 1, "byte-order-mark", "the file begins with a byte order mark.", "Save it as UTF-8 without BOM.")
        data = data.removeprefix(codecs.BOM_UTF8)
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line = before.count(b"\n") + 1
        column = len(before[before.rfind(b"\n") + 1 :].decode()) + 1
        wrong = f"byte 0x{data[error.start]:02X} at offset {error.start} is not UTF-8."
        faults.add(line, column, "not-utf-8", wrong, "Save the file as UTF-8.")
        return None


def _report(text: str, at: int, character: str, faults: Faults) -> None:
    line = text.count("\n", 0, at) + 1
    column = at - (text.rfind("\n", 0, at) + 1) + 1
    if character == "\r":
        wrong, remedy = "a carriage return stands alone.", "End lines with LF (or CR LF)."
    else:
        wrong, remedy = f"{describe_character(character)} is not allowed in a file.", "Remove it."
    code = "control-character" if is_control(character) else "invisible-character"
    faults.add(line, column, code, wrong, remedy)

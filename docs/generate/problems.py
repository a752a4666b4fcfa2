"""Every code of a problem that ``stagemail validate`` can name.

Codes of shapes, meaning and the operator file are explained where they are made; the rest is explained here, and a
test compares this with what the source says. Not here: messages, which say the place and what to write instead.
"""

from typing import Final

from docs.generate.table import code, table
from stagemail.source.finding import MEANING_CODES, OPERATOR_CODES, SHAPE_CODES

FILE_CODES: Final = {
    "file-too-large": "a file is larger than is read",
    "file-went-away": "a file was there when the folder was listed and could not be read",
    "ignored-by-git": "a file that Git ignores: it would never be committed (a note)",
    "not-a-file": "a link, a folder or a device with the name of a document",
    "not-checked-out": "Git knows the file, and it is not in the working tree",
    "not-what-is-committed": "Git stores another content than the file has: line ends, filters or Git LFS",
    "submodule-not-followed": "a submodule; only what the repository itself holds is read",
    "symlink-not-followed": "a symbolic link (a warning, unless it has the name of a document)",
    "odd-file-name": "a file name that is not UTF-8, or has characters that nobody can see",
}
YAML_CODES: Final = {
    "anchor": "an anchor (`&name`)",
    "alias": "an alias (`*name`), often a pattern without quotes",
    "byte-order-mark": "a file begins with a byte order mark",
    "confusable-key": "a key with letters of another script that look alike",
    "control-character": "a control character",
    "duplicate-key": "a key that stands twice in a mapping",
    "explicit-tag": "a tag (`!…`)",
    "floating-point": "a number with a point; only decimal integers are read",
    "integer-too-long": "a number with more digits than are read",
    "invisible-character": "a character that nobody can see, such as a zero-width space",
    "key-not-text": "a key that is read as a number, a date or true and false",
    "merge-conflict": "conflict marks of Git",
    "merge-key": "the merge key `<<`",
    "no-such-date": "a date that is not in the calendar",
    "not-utf-8": "bytes that are not UTF-8",
    "other-base-integer": "a hexadecimal, octal or binary number",
    "signed-integer": "a number with a plus sign",
    "syntax": "text that is no YAML",
    "tab-indentation": "a tab where YAML wants spaces",
    "text-too-long": "a text that is longer than is read",
    "timestamp": "a date with a time",
    "too-deep": "mappings and lists nested deeper than is read",
    "too-many-nodes": "more values in one file than are read",
    "too-many-problems": "the first problems of a file are shown, the rest is not",
    "underscore-integer": "a number with underscores",
    "yaml-1.1-boolean": "a word that YAML 1.1 reads as true or false: `yes`, `on`, `True`",
    "yaml-1.1-null": "`Null` or `NULL`",
    "yaml-1.1-octal": "a number with a leading zero",
    "yaml-1.1-sexagesimal": "a number of base 60, such as `12:30`",
    "yaml-1.1-value": "a lone `=`",
}
ODC_CODES: Final = {
    "odc-cannot-set": "a field that ODC shows no entry for, and that is not declared unsupported",
    "odc-no-test-list": "a test list where ODC's API shows none: it can only be set in the Portal",
    "odc-not-discovered": "nobody has run `stagemail target discover` for this stage (a note)",
    "odc-port-25": "port 25, or no port: ODC refuses it",
}
GROUPS: Final = {
    "Files": FILE_CODES,
    "YAML": YAML_CODES,
    "The shape of a document": SHAPE_CODES,
    "Documents together": MEANING_CODES,
    "The operator file": OPERATOR_CODES,
    "What ODC refuses": ODC_CODES,
}


def tables() -> str:
    """A table for each group, sorted by code."""
    return "\n".join(
        f"## {title}\n\n" + table(["code", "what"], [[code(name), said] for name, said in sorted(codes.items())])
        for title, codes in GROUPS.items()
    )

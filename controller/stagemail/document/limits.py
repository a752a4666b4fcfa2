"""How large a file may be before we refuse to read it: bounds on time and memory, far above what people write.

Not here: limits over many files (``source.quota``).
"""

MAX_FILE = 1024 * 1024
"""Bytes of one file."""
MAX_SCALAR = 64 * 1024
"""Characters of one text."""
MAX_NODES = 200_000
"""Keys, texts, lists and mappings of one file."""
MAX_DEPTH = 50
"""Lists and mappings inside each other."""
MAX_DIGITS = 18
"""Digits of an integer: every one of them fits 64 bits, in any language that reads the file."""
MAX_PROBLEMS = 100
"""Problems that are reported of one file."""

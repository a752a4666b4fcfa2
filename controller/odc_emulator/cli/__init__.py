"""The `odc-emulator` command line: one module per group of commands."""

from odc_emulator.cli.main import main

__all__ = ["main"]

"""Writes a document of plain values as YAML that ``read`` reads back equal. Not here: editing somebody's file."""

from typing import Any

import yaml


class _Dumper(yaml.SafeDumper):
    """Lists indented below their key, no anchors, text quoted wherever a reader could take it for something else."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> Any:  # noqa: ARG002
        return super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


def write(value: Any) -> str:
    """The value as one YAML document: block style, keys in the order given, a newline at the end."""
    text = yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=False, width=110)
    return str(text)

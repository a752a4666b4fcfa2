"""Writes a document of plain values as YAML that ``read`` reads back equal. Not here: editing somebody's file."""

from typing import Any

import yaml

from stagemail.document.scalars import read_plain

_TEXT = "tag:yaml.org,2002:str"


class _Dumper(yaml.SafeDumper):
    """Lists indented below their key, no anchors, text quoted wherever a reader could take it for something else."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> Any:  # noqa: ARG002
        return super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    """PyYAML knows only what YAML 1.1 reads as no text: ``1e3`` and ``09`` of YAML 1.2, and ``y``, it leaves plain."""
    quoted = bool(text) and not isinstance(read_plain(text), str)
    return dumper.represent_scalar(_TEXT, text, style="'" if quoted else None)


_Dumper.add_representer(str, _represent_text)


def write(value: Any) -> str:
    """The value as one YAML document: block style, keys in the order given, a newline at the end."""
    text = yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=False, width=110)
    return str(text)

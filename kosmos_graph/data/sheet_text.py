"""The text of a study sheet to plain nested values: mappings, lists and text, nothing else."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

import yaml

from kosmos_graph.data.encoding import decode
from kosmos_graph.data.files import check_file, named
from kosmos_graph.data.number_text import number_label
from kosmos_graph.errors import BadInput

MAX_SHEET = 1_000_000
MAX_DEPTH = 8

Plain = str | None | list["Plain"] | dict[str, "Plain"]
"""What a sheet is made of. Scalars keep their spelling, so that a level called `no` or `01` stays what it is."""


class _PlainLoader(yaml.BaseLoader):
    """A loader that knows text, lists and mappings only; it refuses aliases and keys given twice."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases (`*name`) are not used in a study sheet")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [key.value for key, _ in node.value]
        twice = next((key for key in keys if keys.count(key) > 1), None)
        if twice is not None:
            raise yaml.constructor.ConstructorError(None, None, f"the key `{twice}` is given twice", node.start_mark)
        return super().construct_mapping(node, deep=deep)


def plain_sheet(source: Path | Mapping[str, object]) -> dict[str, Plain]:
    """The sheet's content. Raises BadInput when it is no mapping, or no YAML."""
    if isinstance(source, Mapping):
        content = _plain(source, 0)
        return content if isinstance(content, dict) else {}
    content = _plain(_parsed(source), 0)
    if content is None or content == "":
        return {}
    if not isinstance(content, dict):
        raise BadInput(f"The study sheet {named(source)} is no list of `key: value` lines.")
    return content


def _parsed(path: Path) -> Any:
    check_file(path)
    try:
        content = path.read_bytes()
    except OSError as exc:
        raise BadInput(f"The study sheet {named(path)} cannot be read: {exc.strerror}.") from exc
    if len(content) > MAX_SHEET:
        raise BadInput(f"The study sheet {named(path)} is larger than 1 MB.")
    text, _ = decode(content, named(path))
    try:
        return yaml.load(text, Loader=_PlainLoader)  # noqa: S506 - a BaseLoader makes no objects, not even numbers
    except (yaml.YAMLError, RecursionError) as exc:
        raise BadInput(f"The study sheet {named(path)} is not valid YAML: {_reason(exc)}.") from exc


def _reason(exc: Exception) -> str:
    mark = getattr(exc, "problem_mark", None)
    problem = getattr(exc, "problem", None) or str(exc) or "it is nested too deeply"
    return f"{problem} (line {mark.line + 1})" if mark else problem


def _plain(value: object, depth: int) -> Plain:
    if depth > MAX_DEPTH:
        raise BadInput("The study sheet is nested too deeply.")
    if isinstance(value, Mapping):
        return {_text(key) or "": _plain(entry, depth + 1) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry, depth + 1) for entry in value]
    return _text(value)


def _text(value: object) -> str | None:
    """The text of a scalar, as YAML would have it written."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and abs(value) < float("inf"):
        return number_label(value)
    return str(value)

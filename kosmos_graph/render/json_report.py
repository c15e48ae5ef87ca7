"""The report as JSON, unrounded, and its published schema."""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Any

from kosmos_graph.domain.report import Report

INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
DOUBTFUL = re.compile(r"[^\n -~]")
"""Characters whose category has to be looked up: all but those of ASCII that are seen."""


def render_json(report: Report) -> str:
    """`report.json`: sorted keys, indented, a newline at the end; equal reports give equal bytes.

    Control and formatting characters inside strings are written as escapes, so that the text is safe on a terminal.
    """
    return _dumped(report.model_dump(mode="json"))


def report_schema() -> dict[str, Any]:
    """JSON schema of `report.json`."""
    schema = Report.model_json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def render_schema() -> str:
    """The schema as it is published."""
    return _dumped(report_schema())


def _dumped(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, indent=2, ensure_ascii=False, allow_nan=False)
    return DOUBTFUL.sub(_escaped, text) + "\n"


def _escaped(found: re.Match[str]) -> str:
    character = found.group()
    if unicodedata.category(character) not in INVISIBLE:
        return character
    encoded = character.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{encoded[at : at + 4]}" for at in range(0, len(encoded), 4))

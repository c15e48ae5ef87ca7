"""`kosmos-graph doctor`: whether a run could start, a line for each finding."""

from __future__ import annotations

import json
import sys
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kosmos_graph.doctor import Diagnosis, Finding

_MARKS = {"ok": "✓", "warning": "!", "failed": "✗", "skipped": "-"}
_PLAIN_MARKS = {"ok": "ok", "warning": "!!", "failed": "XX", "skipped": "--"}
_STYLES = {"ok": "green", "warning": "yellow", "failed": "bold red", "skipped": "dim"}
_INDENT = "      "


def doctor_command(
    model: Annotated[str | None, typer.Option("--model", help="Model of both agents, or `rules`.")] = None,
    designer: Annotated[str | None, typer.Option("--designer", help="Model of the designer.")] = None,
    analyst: Annotated[str | None, typer.Option("--analyst", help="Model of the analyst.")] = None,
    fallback: Annotated[
        list[str] | None, typer.Option("--fallback", help="Model that takes over when one gives up; may be given again.")
    ] = None,
    home: Annotated[
        Path | None, typer.Option("--home", help="Folder for checkpoints and runs (default: $KOSMOS_HOME or ./.kosmos).")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
    offline: Annotated[bool, typer.Option("--offline", help="Ask no server.")] = False,
) -> None:
    """Check whether a run could start: models, servers, keys, home folder, checkpoints, disk. Exit code 0 if so.

    Each model is asked twice for a few tokens, unless --offline.
    """
    from kosmos_graph.doctor import examine
    from kosmos_graph.wiring.services import model_settings

    given = {
        "litellm_model": model,
        "kosmos_designer_model": designer,
        "kosmos_analyst_model": analyst,
        "kosmos_fallback_models": fallback,
        "kosmos_home": home,
    }
    settings = model_settings(model=model, designer=designer, analyst=analyst, fallback=fallback, home=home)
    diagnosis = examine(settings, offline=offline, arguments=[name for name, value in given.items() if value])
    if as_json:
        value = {"could_start": diagnosis.could_start, **diagnosis.model_dump(mode="json")}
        print(json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False))
    else:
        show(diagnosis)
    raise typer.Exit(0 if diagnosis.could_start else 1)


def show(diagnosis: Diagnosis) -> None:
    """Print the findings, in colour on a terminal."""
    lines = list(lines_of(diagnosis, _MARKS if _can_print("".join(_MARKS.values())) else _PLAIN_MARKS))
    if not sys.stdout.isatty():
        encoding = sys.stdout.encoding or "utf-8"
        for _, text in lines:
            print(text.encode(encoding, "replace").decode(encoding))
        return
    from rich.console import Console
    from rich.text import Text

    console = Console()
    for style, text in lines:
        console.print(Text(text, style=style), soft_wrap=True)


def lines_of(diagnosis: Diagnosis, marks: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Style and text of every line. What was skipped for one reason stands on one line."""
    for subject, findings in groupby(diagnosis.findings, key=lambda finding: finding.subject):
        yield "bold", subject
        for (status, detail, remedy), same in groupby(findings, key=_kept_together):
            yield _STYLES[status], f"  {marks[status]} {', '.join(finding.check for finding in same)}: {detail}"
            if remedy:
                yield "", f"{_INDENT}what to do: {remedy}"
    failed = sum(finding.status == "failed" for finding in diagnosis.findings)
    yield "bold", "A run could start." if diagnosis.could_start else f"A run could not start: {failed} of the checks failed."


def _kept_together(finding: Finding) -> tuple[str, str, str | None]:
    return finding.status, finding.detail, finding.remedy


def _can_print(text: str) -> bool:
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True

"""The report as Markdown. Everything that others wrote is shown literally."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kosmos_graph.domain.report import Report
from kosmos_graph.render.escape import markdown
from kosmos_graph.render.exploration_markdown import exploration_lines, repair_line
from kosmos_graph.render.finding_markdown import finding_lines
from kosmos_graph.render.run_sheet import run_sheet_lines
from kosmos_graph.render.tables import bullets, section


def render_markdown(report: Report, figures: Mapping[str, str] | None = None) -> str:
    """`report.md`; equal reports give equal bytes. `figures` maps a finding's figure to the path it is shown from."""
    return "\n".join(_lines(report, figures or {})).rstrip("\n") + "\n"


def _lines(report: Report, figures: Mapping[str, str]) -> Iterator[str]:
    yield from (f"# {markdown(report.question)}", "")
    yield from _paragraphs(tuple(top_lines(report)))
    yield from section("## Answer", _answer(report))
    yield from section(f"## Taken together{_by(report.synthesis_author)}", _paragraphs(report.synthesis))
    yield from section("## What to keep in mind", bullets(report.caveats))
    for number, finding in enumerate(report.findings, start=1):
        yield from section(
            f"## {number}. {markdown(finding.hypothesis)}", finding_lines(finding, figures, report.run.options.alpha)
        )
    for number, exploration in enumerate(report.explorations, start=len(report.findings) + 1):
        yield from section(f"## {number}. {markdown(exploration.hypothesis)}", exploration_lines(exploration))
    yield from section("## Not answered", _unanswered(report))
    yield from section("## Assumptions", bullets(report.assumptions))
    yield from section("## Run sheet", run_sheet_lines(report.run))


def _answer(report: Report) -> Iterator[str]:
    lines = report.answer.split("\n")
    yield from (markdown(lines[0]), "") if len(lines) == 1 else bullets(lines)


def top_lines(report: Report) -> Iterator[str]:
    """What stands above the answer: that the report is partial, and that models gave up."""
    if report.partial:
        yield f"Partial report: {report.partial.rstrip('.')}."
    if report.notice:
        yield report.notice


def _paragraphs(sentences: tuple[str, ...]) -> Iterator[str]:
    for sentence in sentences:
        yield from (markdown(sentence), "")


def _unanswered(report: Report) -> Iterator[str]:
    for one in report.unanswered:
        hypothesis = one.hypothesis.rstrip(".")
        yield f"- {markdown(f'{hypothesis}: {one.reason}')}"
        yield from (f"  - {markdown(repair_line(repair))}" for repair in one.failed)


def _by(author: str | None) -> str:
    return f" (by {markdown(author)})" if author else ""

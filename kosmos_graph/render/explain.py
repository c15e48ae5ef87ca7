"""The answer for a terminal: plain text, one line per finding, nothing that a terminal would obey."""

from __future__ import annotations

from collections.abc import Iterator

from kosmos_graph.domain.report import Report
from kosmos_graph.render.escape import plain
from kosmos_graph.render.markdown import top_lines


def render_answer(report: Report) -> str:
    """Answer and synthesis; the caveats are in the report."""
    return "\n".join(_lines(report))


def _lines(report: Report) -> Iterator[str]:
    yield from (plain(line) for line in top_lines(report))
    yield from (plain(line) for line in report.answer.split("\n"))
    if report.synthesis:
        yield ""
        yield from (plain(sentence) for sentence in report.synthesis)

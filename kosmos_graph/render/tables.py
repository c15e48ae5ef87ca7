"""Tables and lists in Markdown: cells and items are taken as they are, and shown literally."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from kosmos_graph.render.escape import markdown


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Lines of a table without its empty columns; nothing where there are no rows."""
    cells = [tuple(row) for row in rows]
    kept = [place for place in range(len(head)) if any(row[place] for row in cells)]
    if not kept:
        return
    yield _row([head[place] for place in kept])
    yield _row(["---"] * len(kept), literal=False)
    yield from (_row([row[place] for place in kept]) for row in cells)
    yield ""


def bullets(items: Iterable[str]) -> Iterator[str]:
    """Lines of a list and the blank line after it; nothing where there are no items."""
    lines = [f"- {markdown(item)}" for item in items]
    yield from lines
    if lines:
        yield ""


def section(title: str, lines: Iterable[str]) -> Iterator[str]:
    """A heading and its lines; nothing where there are no lines. `title` is Markdown."""
    body = list(lines)
    if body:
        yield from (title, "", *body)
    if body and body[-1]:
        yield ""


def _row(cells: Sequence[str], *, literal: bool = True) -> str:
    return f"| {' | '.join(markdown(cell) if literal else cell for cell in cells)} |"

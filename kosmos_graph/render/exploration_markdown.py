"""One exploration by code as Markdown: what came back, from which code, after which repairs."""

from __future__ import annotations

from collections.abc import Iterator

from kosmos_graph.domain.code_experiment import Cell, NamedNumber, NamedTable, RecordedCall
from kosmos_graph.domain.report import Exploration, Repair
from kosmos_graph.render.escape import as_sentence, markdown
from kosmos_graph.render.numbers import number, p_value
from kosmos_graph.render.tables import bullets, section, table

MOST_ROWS = 30
MOST_CALLS = 30
CALL_HEAD = ("function", "statistic", "p, exploratory")


def exploration_lines(one: Exploration) -> Iterator[str]:
    """The exploration's lines, without its heading."""
    yield from ("**Explored, no verdict**: what code returns is exploratory.", "")
    yield from table(("result", "value", "unit", "meaning, in the designer's words"), _numbers(one))
    for result in one.results:
        if isinstance(result, NamedTable):
            yield from section(
                f"**{markdown(result.name)}**: {markdown(as_sentence(result.meaning))}{_cut(result)}", _table(result)
            )
    yield from (_method(one), "")
    yield from section(
        "**Tests that the code was seen to call**", table(CALL_HEAD, (_call(call) for call in one.calls[:MOST_CALLS]))
    )
    yield from section(
        "**Repairs**: the code failed, and was written again",
        bullets(map(repair_line, one.repairs)),
    )
    yield from section("**Files**", bullets(f"{path}: {caption}" for path, caption in one.files))
    yield from section("**Caveats**", bullets(one.caveats))
    author = f"Hypothesis by {markdown(one.author)}, code by {markdown(one.design_author)}."
    yield from (author, "")


def _numbers(one: Exploration) -> Iterator[tuple[str, ...]]:
    for result in one.results:
        if isinstance(result, NamedNumber):
            yield result.name, _cell(result.value), result.unit or "", result.meaning


def _table(result: NamedTable) -> Iterator[str]:
    """The table's lines; of one without a single value that it is empty, so that no declared result is passed over."""
    if all(value is None or value == "" for row in result.rows for value in row):
        return iter(("It came back empty.", ""))
    return table(result.columns, ([_cell(value) for value in row] for row in result.rows[:MOST_ROWS]))


def _cut(result: NamedTable) -> str:
    left = len(result.rows) - MOST_ROWS
    return f" The first {MOST_ROWS} of {len(result.rows)} rows." if left > 0 else ""


def _cell(value: Cell) -> str:
    if value is None or isinstance(value, bool | str):
        return "" if value is None else str(value)
    return number(float(value))


def _call(call: RecordedCall) -> tuple[str, ...]:
    p_values = ", ".join(p_value(value).removeprefix("= ") for value in call.p_values[:8])
    return call.function, "" if call.statistic is None else number(call.statistic), p_values


def _method(one: Exploration) -> str:
    reason = f" {markdown(as_sentence(one.method_reason))}" if one.method_reason else ""
    held = f"in the sandbox {one.rung}" if one.rung != "no sandbox" else "without a sandbox"
    return f"**Code**: {markdown(one.code)}, on {markdown(one.dataset)}, run {held}. {markdown(as_sentence(one.objective))}{reason}"


def repair_line(repair: Repair) -> str:
    """The sentence of an error, without the traceback below it, and the code that failed."""
    sentence = repair.error.partition("\n")[0]
    return f"{sentence} ({repair.code})"

"""One column of text to its card and its typed values."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any, Literal, assert_never

import numpy as np
import numpy.typing as npt
import pandas as pd

from kosmos_graph.data.cells import WORDS_MISSING, Cells, Mask, is_in
from kosmos_graph.data.dates import NOT_A_TIME, Dates, read_dates
from kosmos_graph.data.kinds import DATE_WORDS, MAX_LEVELS, TRUTH, Seen, infer_kind
from kosmos_graph.data.nearest import did_you_mean
from kosmos_graph.data.number_text import Mark, number_label, read_numbers
from kosmos_graph.data.scales import known_order
from kosmos_graph.data.table import shown
from kosmos_graph.data.units import unit_of
from kosmos_graph.data.words import words_of
from kosmos_graph.domain.data_card import ColumnCard, Kind, Level
from kosmos_graph.domain.study_sheet import ColumnStatement
from kosmos_graph.errors import BadInput

Role = Literal["unit", "groups", "treatment", "moments", "event"]
"""What the study sheet makes of a column that its dictionary gives no kind: an identifier, groups of rows, the treatment, times, or
whether an event happened.

A treatment of few numbers becomes groups, times become levels if there are two of them, and an event that is the same in every row
is a yes/no column with one level.
"""
FEW_TREATMENTS = 10
SENTINELS = (-9999.0, -999.0, -99.0, -9.0, 999.0, 9999.0, 99999.0)
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


@dataclass(frozen=True)
class Prepared:
    """A column's card, its values as the `Dataset` contract has them, and its distinct cells."""

    card: ColumnCard
    values: pd.Series[Any]
    cells: Cells


@dataclass(frozen=True)
class Reading:
    """How numbers are written in the file: the decimal mark all agree on, and the delimiter of cells."""

    mark: Mark | None
    delimiter: str


def prepare_column(
    name: str, cells: Cells, statement: ColumnStatement | None, role: Role | None, reading: Reading, unit: str | None = None
) -> Prepared:
    """The column under the statements of the study sheet, else by inference; `unit` is the one that a row of units gave.

    Raises BadInput when a statement cannot hold: a kind that the cells do not have, levels that an order leaves out.
    """
    statement = statement or ColumnStatement(column=name)
    cells = _decoded(_without_codes(cells, statement, reading), statement)
    seen = _see(name, cells, reading)
    seen = replace(seen, numbers=replace(seen.numbers, unit=unit or seen.numbers.unit))
    kind, notes = _kind(seen, statement, role)
    _refuse_idle(statement, kind)
    prepared = _converted(seen, kind, statement)
    unit = statement.unit or (seen.numbers.unit or unit_of(name) if kind.numeric else None)
    extra = {"unit": unit, "label": statement.label, "notes": (*prepared.card.notes, *notes)}
    return replace(prepared, card=prepared.card.model_copy(update=extra))


def _without_codes(cells: Cells, statement: ColumnStatement, reading: Reading) -> Cells:
    """The cells without the sheet's codes for missing, which match as text or as numbers."""
    if not statement.missing_codes:
        return cells
    codes = {number for code in statement.missing_codes if (number := _number(code)) is not None}
    equal = np.isin(read_numbers(cells, reading.mark, reading.delimiter).values, sorted(codes))
    return cells.without(equal | is_in(cells, statement.missing_codes))


def _decoded(cells: Cells, statement: ColumnStatement) -> Cells:
    """The cells with the labels of the sheet's coding for its codes."""
    if not statement.coding:
        return cells
    return cells.renamed([_label(text, statement) for text in cells.texts()])


def _label(text: str, statement: ColumnStatement) -> str:
    """The label coded by `text`, as text or as a number; `text` itself if it is no code."""
    by_text = dict(statement.coding)
    if text in by_text:
        return by_text[text]
    number = _number(text)
    by_number = {_number(code): label for code, label in statement.coding}
    return by_number.get(number, text) if number is not None else text


def _number(text: str) -> float | None:
    try:
        return float(text) if "_" not in text else None
    except ValueError:
        return None


def _see(name: str, cells: Cells, reading: Reading) -> Seen:
    """What the column looks like; a word such as `none` is missing where the rest are numbers or dates."""
    words = is_in(cells, WORDS_MISSING)
    seen = _seen(name, cells, reading)
    if not words.any() or words.all():
        return seen
    rest = _seen(name, cells.without(words), reading)
    if not (rest.numeric or rest.dated):
        return seen
    note = f"Cells that say none or are infinite and count as missing: {int(cells.counts[words].sum())} of {cells.present}."
    return replace(rest, numbers=replace(rest.numbers, notes=(*rest.numbers.notes, note)))


def _seen(name: str, cells: Cells, reading: Reading) -> Seen:
    compact = bool(DATE_WORDS & set(words_of(name)))
    return Seen(name, cells, read_numbers(cells, reading.mark, reading.delimiter), read_dates(cells, compact))


def _kind(seen: Seen, statement: ColumnStatement, role: Role | None) -> tuple[Kind, tuple[str, ...]]:
    inferred, notes = infer_kind(seen)
    if inferred is Kind.EMPTY:
        return inferred, ()
    if statement.kind is not None and statement.kind is not Kind.EMPTY:
        return statement.kind, ()
    if statement.order:
        return (Kind.BINARY if len(statement.order) == 2 else Kind.ORDINAL), ()
    return (_by_role(seen, inferred, role) if role else None) or (inferred, notes)


def _by_role(seen: Seen, inferred: Kind, role: Role) -> tuple[Kind, tuple[str, ...]] | None:
    """The kind that the column's part in the study gives it; None where it gives none."""
    match role:
        case "unit":
            return Kind.IDENTIFIER, ()
        case "groups":
            groups = Kind.NOMINAL if seen.cells.distinct <= MAX_LEVELS else Kind.IDENTIFIER
            return None if inferred.categorical else (groups, ())
        case "treatment" | "moments":
            return _few_levels(seen, inferred, FEW_TREATMENTS if role == "treatment" else 2)
        case "event":
            return (Kind.BINARY, ()) if len(_levelled(seen, declared=False)[0].values) == 1 else None
        case _:
            assert_never(role)


def _few_levels(seen: Seen, inferred: Kind, most: int) -> tuple[Kind, tuple[str, ...]] | None:
    """The kind of a treatment of few numbers, or of two times (numbers or dates), that stand for groups of rows; else None."""
    if not (inferred.numeric or inferred is Kind.DATETIME):
        return None
    number = len(_levelled(seen, declared=False)[0].values)
    if not 2 <= number <= most or seen.cells.present < 2 * number:
        return None
    note = f"{number} different values, taken for levels because the study sheet declares the column's part in the study."
    return (Kind.BINARY if number == 2 else Kind.NOMINAL), (note,)


def _refuse_idle(statement: ColumnStatement, kind: Kind) -> None:
    """Raise BadInput for a statement on levels of a column that has none, or on the range of one that holds no numbers."""
    levels = statement.reference or statement.positive or statement.order
    ranged = statement.valid_low is not None or statement.valid_high is not None
    if levels and not kind.categorical and kind is not Kind.EMPTY:
        raise BadInput(f"The study sheet names levels of `{shown(statement.column)}`, which is {kind.value} and has none.")
    if ranged and not kind.numeric and kind is not Kind.EMPTY:
        raise BadInput(f"The study sheet states a valid range for `{shown(statement.column)}`, which is {kind.value}, not numeric.")


def _converted(seen: Seen, kind: Kind, statement: ColumnStatement) -> Prepared:
    match kind:
        case Kind.CONTINUOUS | Kind.COUNT:
            return _numeric(seen, kind, statement)
        case Kind.BINARY | Kind.ORDINAL | Kind.NOMINAL:
            return _categorical(seen, kind, statement)
        case Kind.DATETIME:
            return _datetime(seen)
        case Kind.TEXT | Kind.IDENTIFIER | Kind.EMPTY:
            return _text(seen, kind)
        case _:
            assert_never(kind)


def _numeric(seen: Seen, kind: Kind, statement: ColumnStatement) -> Prepared:
    numbers = seen.numbers
    if not numbers.ok.any():
        raise BadInput(f"The study sheet declares `{shown(seen.name)}` {kind.value}, and none of its cells is a number.")
    notes = [*numbers.notes, *_dropped(seen.cells, numbers.ok, "no numbers")]
    within, range_notes = _within(seen.cells, numbers.values, statement)
    kept = numbers.ok & within
    values = np.append(np.where(kept, numbers.values, np.nan), np.nan)[seen.cells.codes]
    distinct = np.unique(numbers.values[kept])
    notes += [*range_notes, *_sentinel_note(distinct), *_exactness_note(distinct)]
    card = ColumnCard(
        name=seen.name,
        kind=kind,
        missing=int(np.isnan(values).sum()),
        distinct=len(distinct),
        low=float(distinct[0]) if len(distinct) else None,
        high=float(distinct[-1]) if len(distinct) else None,
        notes=tuple(notes),
    )
    return Prepared(card, pd.Series(values, dtype=np.float64), seen.cells)


def _within(cells: Cells, values: npt.NDArray[np.float64], statement: ColumnStatement) -> tuple[Mask, list[str]]:
    low = -np.inf if statement.valid_low is None else statement.valid_low
    high = np.inf if statement.valid_high is None else statement.valid_high
    outside: Mask = (values < low) | (values > high)
    n = int(cells.counts[outside].sum())
    return ~outside, [f"{_number_of(n, 'cell')} outside the valid range that the study sheet states made missing."] if n else []


def _sentinel_note(values: npt.NDArray[np.float64]) -> list[str]:
    """A hint at numbers such as −99 that stand far from all others."""
    if len(values) < 4:
        return []
    low, high = values[0], values[-1]
    found = [low] if low in SENTINELS and values[1] >= 0 else []
    found += [high] if high in SENTINELS and values[-2] < high / 3 else []
    hint = "stands far from all other values; declare it as a missing code if it is one."
    return [f"{number_label(code)} {hint}" for code in found]


def _exactness_note(values: npt.NDArray[np.float64]) -> list[str]:
    large = len(values) > 0 and max(abs(values[0]), abs(values[-1])) > 2.0**53 and bool((values == np.floor(values)).all())
    return ["Some whole numbers are too large to be told apart exactly."] if large else []


def _datetime(seen: Seen) -> Prepared:
    if seen.dates is None or not seen.dates.ok.any():
        raise BadInput(f"The study sheet declares `{shown(seen.name)}` date-time, and its cells are no dates that can be read.")
    dates: Dates = seen.dates
    stamps = np.append(dates.values, NOT_A_TIME)[seen.cells.codes]
    distinct = np.unique(dates.values[dates.ok])
    card = ColumnCard(
        name=seen.name,
        kind=Kind.DATETIME,
        missing=int(np.isnat(stamps).sum()),
        distinct=len(distinct),
        earliest=_iso(distinct[0]),
        latest=_iso(distinct[-1]),
        notes=(*dates.notes, *_dropped(seen.cells, dates.ok, "no dates")),
    )
    return Prepared(card, pd.Series(stamps.astype("datetime64[us]")), seen.cells)


def _iso(stamp: np.datetime64) -> str:
    text = str(stamp.astype("datetime64[s]"))
    return text.removesuffix("T00:00:00")


def _text(seen: Seen, kind: Kind) -> Prepared:
    values = np.array([*seen.cells.texts(), None], dtype=object)[seen.cells.codes]
    card = ColumnCard(name=seen.name, kind=kind, missing=seen.cells.rows - seen.cells.present, distinct=seen.cells.distinct)
    return Prepared(card, pd.Series(values, dtype=object), seen.cells)


def _categorical(seen: Seen, kind: Kind, statement: ColumnStatement) -> Prepared:
    cells, notes = _levelled(seen, declared=statement.kind is not None or bool(statement.coding or statement.order))
    levels = _ordered(cells.texts(), statement, seen.name) if kind is not Kind.NOMINAL else _sorted(cells.texts())
    if kind is Kind.BINARY and len(levels) > 2:
        raise BadInput(f"The study sheet declares `{shown(seen.name)}` binary, and it has {len(levels)} levels.")
    place = {level: number for number, level in enumerate(levels)}
    codes = np.append(np.array([place[text] for text in cells.texts()], dtype=np.int32), np.int32(-1))[cells.codes]
    counts = np.bincount(codes[codes >= 0], minlength=len(levels))
    values = pd.Categorical.from_codes(codes, categories=pd.Index(levels, dtype=object), ordered=kind is Kind.ORDINAL)
    card = ColumnCard(
        name=seen.name,
        kind=kind,
        missing=cells.rows - cells.present,
        distinct=len(levels),
        levels=tuple(Level(name=level, n=int(n)) for level, n in zip(levels, counts, strict=True)),
        reference=_stated_level(statement.reference, levels, statement, "reference"),
        positive=_stated_level(statement.positive, levels, statement, "positive"),
        notes=(*notes, *_case_note(levels)),
    )
    return Prepared(card, pd.Series(values), cells)


def _levelled(seen: Seen, declared: bool) -> tuple[Cells, list[str]]:
    """The cells under their levels' names: numbers in their shortest form, truth values in small letters."""
    cells, notes = seen.cells, []
    if seen.numeric:
        names = [
            number_label(float(value)) if ok else text
            for text, value, ok in zip(cells.texts(), seen.numbers.values, seen.numbers.ok, strict=True)
        ]
        if not declared:
            notes = _dropped(cells, seen.numbers.ok, "no numbers")
            cells, names = cells.without(~seen.numbers.ok), [name for name, ok in zip(names, seen.numbers.ok, strict=True) if ok]
    elif seen.dated and seen.dates is not None and not declared:
        notes = _dropped(cells, seen.dates.ok, "no dates")
        cells, names = cells.without(~seen.dates.ok), [_iso(stamp) for stamp in seen.dates.values[seen.dates.ok]]
    else:
        truth = {text.lower() for text in cells.texts()} <= TRUTH
        names = [text.lower() if truth else CONTROL.sub(" ", text).strip() for text in cells.texts()]
    return cells.renamed(names), notes


def _ordered(levels: list[str], statement: ColumnStatement, name: str) -> list[str]:
    """The levels present, in the sheet's order, else in that of a known scale, else sorted."""
    if not statement.order:
        return list(known_order(levels) or _sorted(levels))
    order = [_level_named(entry, levels, statement) or entry for entry in statement.order]
    left_out = sorted(set(levels) - set(order))
    if left_out:
        named = ", ".join(f"`{shown(level)}`" for level in left_out[:5])
        raise BadInput(
            f"The study sheet's order of `{shown(name)}` leaves out {_number_of(len(left_out), 'level')} of the data ({named}): "
            "add them, or declare them as missing codes."
        )
    return [level for level in dict.fromkeys(order) if level in levels]


def _sorted(levels: list[str]) -> list[str]:
    """Numbers by size, all else by code point."""
    numbers = {level: _number(level) for level in levels}
    if all(number is not None and not np.isnan(number) for number in numbers.values()):
        return sorted(levels, key=lambda level: (numbers[level], level))
    return sorted(levels)


def _level_named(text: str, levels: list[str], statement: ColumnStatement) -> str | None:
    """The level that a statement means: its name, its code, an equal number, or the one name that differs in case only."""
    if text in levels:
        return text
    label = _label(text, statement)
    if label in levels:
        return label
    number = _number(text)
    if number is not None and np.isfinite(number) and number_label(number) in levels:
        return number_label(number)
    alike = [level for level in levels if level.lower() == text.lower()]
    return alike[0] if len(alike) == 1 else None


def _stated_level(text: str | None, levels: list[str], statement: ColumnStatement, what: str) -> str | None:
    if text is None:
        return None
    level = _level_named(text, levels, statement)
    if level is None:
        raise BadInput(
            f"The study sheet names `{shown(text)}` as the {what} level of `{shown(statement.column)}`, which has no such level"
            f"{did_you_mean(text, levels) or (f': all its cells are `{shown(levels[0])}`.' if len(levels) == 1 else '.')}"
        )
    return level


def _case_note(levels: list[str]) -> list[str]:
    alike = len(levels) - len({" ".join(level.lower().split()) for level in levels})
    return ["Some levels differ only in capital letters or blanks, and were kept apart; a coding can join them."] if alike else []


def _dropped(cells: Cells, ok: Mask, what: str) -> list[str]:
    n = int(cells.counts[~ok].sum())
    return [f"Cells that are {what} and count as missing: {n} of {cells.present}."] if n else []


def _number_of(n: int, noun: str) -> str:
    return f"{n} {noun}{'' if n == 1 else 's'}"

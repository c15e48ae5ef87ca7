"""Numbers as people write them: decimal points and commas, thousands separators, percent and currency signs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from kosmos_graph.data.cells import Cells, Mask, flags, matches
from kosmos_graph.data.units import sure_unit

Mark = Literal[".", ","]

EXPONENT = r"([eE][+-]?[0-9]+)?"
PLAIN = {
    ".": rf"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+){EXPONENT}",
    ",": rf"[+-]?([0-9]+,?[0-9]*|,[0-9]+){EXPONENT}",
}
GAPS = "'’ \u00a0\u202f\u2009"
GROUPED = {
    ".": rf"[+-]?[0-9]{{1,3}}((,[0-9]{{3}})+|([{GAPS}][0-9]{{3}})+)(\.[0-9]*)?",
    ",": rf"[+-]?[0-9]{{1,3}}((\.[0-9]{{3}})+|([{GAPS}][0-9]{{3}})+)(,[0-9]*)?",
}
OTHER: dict[Mark, Mark] = {".": ",", ",": "."}
SAMPLE = 20_000
FEWEST_BELOW_A_THOUSAND = 3
"""Distinct numbers without a mark that tell thousands, if none of them is a code such as 999."""
MOSTLY = 0.95
AFFIXES = ("%", "$", "€", "£", "¥")
BRACKETED = rf"^([$€£¥]?) ?\(([$€£¥]? ?[0-9][0-9.,{GAPS}]*%?)\)$"
"""A negative number as accountants write it (RE2)."""
SAID = r"^(?i:n) ?= ?"
"""What some write before a number of cases (RE2)."""
WITH_UNIT = re.compile(r"[+-]?[0-9][0-9.,]* ?(\D{1,12})")
WITH_CURRENCY = re.compile(r"([A-Za-z]{3}) ?[+-]?[0-9][0-9.,]*")
CURRENCIES = ("USD", "EUR", "GBP", "JPY", "CHF", "AUD", "CNY", "INR")
FEWEST_WITH_UNIT = 11
"""Distinct numbers from which on a unit beside each of them is no part of a level's name, as it is in `5 mg` and `10 mg`."""
NAMES = {".": "point", ",": "comma"}


@dataclass(frozen=True)
class Numbers:
    """The reading of distinct values: a float64 each, NaN where `ok` is False; a unit that a sign beside them gave; notes."""

    values: npt.NDArray[np.float64]
    ok: Mask
    unit: str | None = None
    notes: tuple[str, ...] = ()


def read_numbers(cells: Cells, file_mark: Mark | None, delimiter: str) -> Numbers:
    """Numbers among the distinct values, under the column's own decimal mark, else the file's, else the likelier one."""
    texts, unit, bracketed = _bare(cells)
    own = _stronger(evidence(texts, cells.counts))
    mark, settled = (own, True) if own else _undecided(texts, file_mark, delimiter)
    plain = matches(texts, PLAIN[mark])
    grouped = ~plain if plain.all() else matches(texts, GROUPED[mark]) & ~plain
    numbers = _converted(texts, plain, grouped, mark)
    ok = np.isfinite(numbers)
    return Numbers(numbers, ok, unit, (*_notes(texts, cells, plain, grouped, mark, settled), *bracketed))


def file_mark(columns: Iterable[Cells]) -> Mark | None:
    """The decimal mark that all columns with evidence agree on; None where there is none, or they differ."""
    marks = {_stronger(evidence(_bare(cells)[0], cells.counts)) for cells in columns} - {None}
    return marks.pop() if len(marks) == 1 else None


def evidence(texts: Any, counts: npt.NDArray[np.int64]) -> dict[Mark, int]:
    """Rows whose number can only be read with the one mark or only with the other, among the first SAMPLE distinct values."""
    texts, counts = texts[:SAMPLE], counts[:SAMPLE]
    found: dict[Mark, int] = {}
    for mark, other in OTHER.items():
        only = matches(texts, PLAIN[mark]) & ~matches(texts, GROUPED[other])
        written = flags_of(texts, mark)
        grouped = matches(texts, GROUPED[mark]) & ~matches(texts, PLAIN[other]) & ~matches(texts, GROUPED[other])
        found[mark] = int(counts[(only & written) | grouped | _zero_led(texts, mark)].sum())
    return found


def flags_of(texts: Any, mark: str) -> Mask:
    """Which texts contain `mark`."""
    mask: Mask = pc.match_substring(texts, mark).to_numpy(zero_copy_only=False).astype(np.bool_)
    return mask


def _zero_led(texts: Any, mark: Mark) -> Mask:
    """`0.125` is no group of thousands."""
    return matches(texts, rf"[+-]?0\{mark}[0-9]{{3}}")


def _stronger(counts: dict[Mark, int]) -> Mark | None:
    if counts["."] == counts[","]:
        return None
    return "." if counts["."] > counts[","] else ","


def _undecided(texts: Any, from_file: Mark | None, delimiter: str) -> tuple[Mark, bool]:
    """A mark for a column that has no evidence of its own, and whether anything in the file settles it."""
    points, commas = flags_of(texts, ".") & matches(texts, PLAIN["."]), flags_of(texts, ",") & matches(texts, PLAIN[","])
    if from_file or not (points.any() or commas.any()):
        return from_file or ".", True
    for mark, other in OTHER.items():
        if _breaks_at_a_thousand(texts, other):
            return mark, True
    return ("," if commas.any() and not points.any() and delimiter == ";" else "."), False


def _breaks_at_a_thousand(texts: Any, mark: Mark) -> bool:
    """Whether numbers have `mark` three digits before their end just where they would pass a thousand: `2.766` beside `919`.

    As decimals the ones with the mark would all lie far below those without, and none of them would end in 0.
    """
    marked = matches(texts, rf"[1-9][0-9]?\{mark}[0-9]{{3}}")
    below = matches(texts, "[1-9][0-9]{2}") & ~matches(texts, "111|222|333|444|555|666|777|888|999")
    bare = matches(texts, "[0-9]{1,3}")
    enough = below.sum() >= FEWEST_BELOW_A_THOUSAND and marked.sum() >= FEWEST_BELOW_A_THOUSAND
    return bool(enough and (marked | bare).all() and (bare == below).all())


def _bare(cells: Cells) -> tuple[Any, str | None, tuple[str, ...]]:
    """The distinct texts without what people write around numbers, the unit that this gave, and notes."""
    texts = pc.replace_substring(cells.values, pattern="\u2212", replacement="-")
    texts, notes = _signed(texts, cells.counts)
    said = flags(pc.match_substring_regex(texts, SAID))
    if said.any() and cells.share(said) >= MOSTLY:
        texts = pc.replace_substring_regex(texts, pattern=SAID, replacement="")
    texts, sign = _without_affix(texts, cells.counts)
    texts, unit = (texts, sign) if sign else _without_unit(texts, cells)
    return texts, unit, notes


def _signed(texts: Any, counts: npt.NDArray[np.int64]) -> tuple[Any, tuple[str, ...]]:
    """`(5)` as −5, where most other cells are numbers; a column in which all are in brackets is left as it is."""
    bracketed = flags(pc.match_substring_regex(texts, BRACKETED))
    if not bracketed.any():
        return texts, ()
    digits = flags(pc.match_substring_regex(texts, rf"^[+-]?[$€£¥]? ?[+-]?[0-9.,][0-9.,{GAPS}]*([eE][+-]?[0-9]+)? ?[%$€£¥]?$"))
    n = int(counts[bracketed].sum())
    if not digits.any() or counts[bracketed | digits].sum() < MOSTLY * counts.sum():
        return texts, ()
    return pc.replace_substring_regex(texts, pattern=BRACKETED, replacement=r"-\1\2"), (
        f"{_cells(n)} in brackets read as negative.",
    )


def _without_unit(texts: Any, cells: Cells) -> tuple[Any, str | None]:
    """The texts without the one unit or currency code that nearly all rows have beside the number, and that unit.

    A text that lacks it is marked so that it is no number.
    """
    first = str(texts[0]) if len(texts) >= FEWEST_WITH_UNIT else ""
    after, before = WITH_UNIT.fullmatch(first), WITH_CURRENCY.fullmatch(first)
    written = after[1] if after else before[1] if before and before[1].upper() in CURRENCIES else ""
    unit = sure_unit(written) if written else None
    if unit is None:
        return texts, None
    escaped, number = re.escape(written), "[+-]?[0-9][0-9.,]*"
    carrying = matches(texts, f"{number} ?{escaped}" if after else f"{escaped} ?{number}")
    if cells.share(carrying) < MOSTLY:
        return texts, None
    bare = pc.utf8_trim_whitespace(pc.replace_substring(texts, pattern=written, replacement=""))
    return pc.if_else(pa.array(carrying), bare, pc.binary_join_element_wise(texts, "\x00", "")), unit


def _without_affix(texts: Any, counts: npt.NDArray[np.int64]) -> tuple[Any, str | None]:
    """The texts without the one sign (percent or currency) that most rows carry, and that sign as the unit.

    A text that lacks the sign is marked so that it is no number.
    """
    for sign in AFFIXES:
        if flags_of(texts[:SAMPLE], sign).sum() > 0.1 * len(texts[:SAMPLE]):
            carrying = matches(texts, rf"[+-]?[{sign}] ?[+-]?[0-9.,].*|[+-]?[0-9.,][^%]*[{sign}]")
            if counts[carrying].sum() > 0.5 * counts.sum():
                bare = pc.utf8_trim_whitespace(pc.replace_substring(texts, pattern=sign, replacement=""))
                return pc.if_else(pa.array(carrying), bare, pc.binary_join_element_wise(texts, "\x00", "")), sign
    return texts, None


def _converted(texts: Any, plain: Mask, grouped: Mask, mark: Mark) -> npt.NDArray[np.float64]:
    """Arrow's conversion rounds correctly, so that it equals Python's `float`; what is no number is NaN."""
    if grouped.any():
        bare = pc.replace_substring_regex(texts, pattern=rf"[{GAPS}\{OTHER[mark]}]", replacement="")
        texts = pc.if_else(pa.array(grouped), bare, texts)
    if mark == ",":
        texts = pc.replace_substring(texts, pattern=",", replacement=".")
    known = pc.if_else(pa.array(plain | grouped), texts, pa.scalar(None, pa.string()))
    numbers: npt.NDArray[np.float64] = pc.fill_null(pc.cast(known, pa.float64()), float("nan")).to_numpy(zero_copy_only=False)
    return numbers


def _notes(texts: Any, cells: Cells, plain: Mask, grouped: Mask, mark: Mark, settled: bool) -> list[str]:
    notes = []
    if mark == "," and (flags_of(texts, ",") & (plain | grouped)).any():
        notes.append("Decimal commas were read.")
    if grouped.any():
        notes.append(f"Thousands separators were read in {_cells(int(cells.counts[grouped].sum()))}.")
    if not settled and (mark == "," or grouped.any()):
        notes.append("Nothing in the file settles whether the comma marks decimals or thousands; it was taken for the latter.")
    if not settled and mark == ",":
        notes[-1] = "Nothing in the file settles whether the comma marks decimals or thousands; it was taken for the former."
    if not settled and mark == "." and (flags_of(texts, ".") & matches(texts, GROUPED[","])).any():
        notes.append("Nothing in the file settles whether the point marks decimals or thousands; it was taken for the former.")
    return notes


def _cells(number: int) -> str:
    return "1 cell" if number == 1 else f"{number} cells"


def number_label(value: float) -> str:
    """The shortest text of a number: `0`, not `0.0`."""
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(float(value))

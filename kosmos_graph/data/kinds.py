"""The kind of a column, by stated rules (documented in docs/data.md)."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kosmos_graph.data.cells import Cells, matches
from kosmos_graph.data.dates import Dates
from kosmos_graph.data.number_text import Numbers
from kosmos_graph.data.scales import known_order
from kosmos_graph.data.units import unit_of
from kosmos_graph.data.words import word_set, words_of
from kosmos_graph.domain.data_card import Kind

Values = npt.NDArray[np.float64]

ENOUGH = 0.95
MAX_LEVELS = 50
MAX_LEVEL_LENGTH = 100
FEW_ROWS = 10
FEW_CODES = 10
EXACT = 2.0**53

ID_WORDS = frozenset(("id", "ids", "uuid", "guid", "identifier"))
CODE_WORDS = ID_WORDS | {"code", "no", "nr", "number"}
UNIT_WORDS = word_set(
    "subject subj participant patient person respondent student pupil animal mouse rat customer user client employee ppt "
    "individual chick"
)
ID_ENDINGS = tuple(
    f"{word}{end}"
    for word in (*sorted(UNIT_WORDS), "sub", "part", "family", "household", "member", "case", "record")
    for end in ("id", "no", "nr")
)
GROUP_WORDS = word_set(
    "group grp treatment treat arm condition cond class pclass type category cat species site block batch zone region team "
    "cluster sex gender race ethnicity religion store school clinic center centre hospital department dept country state "
    "variant cohort strain plot lab ward district"
)
ROW_WORDS = word_set("index row rownames rowname no nr num number obs observation case record id")
YEAR_WORDS = frozenset(("year", "yr", "jahr", "année", "año"))
DATE_WORDS = frozenset(("date", "day", "dt", "datum", "timestamp"))
PROSE_WORDS = word_set("comment comments note notes remark remarks description feedback review text abstract message")
TRUTH = frozenset(("true", "false"))
NAMELESS = re.compile(r"column \d+|Unnamed: \d+|__index_level_\d+__")


@dataclass(frozen=True)
class Seen:
    """What was seen in a column: its distinct cells, and how they read as numbers and as dates."""

    name: str
    cells: Cells
    numbers: Numbers
    dates: Dates | None

    @property
    def words(self) -> list[str]:
        """The words of the name."""
        return words_of(self.name)

    @property
    def numeric(self) -> bool:
        """Whether at least 95 % of the cells present are numbers, and none of them is a code such as `007`."""
        return self.cells.share(self.numbers.ok) >= ENOUGH and not self._codes()

    @property
    def dated(self) -> bool:
        """Whether at least 95 % of the cells present are dates."""
        return self.dates is not None and self.cells.share(self.dates.ok) >= ENOUGH

    def _codes(self) -> bool:
        """Digits of one length of which some begin with zero: postal codes, numbers of stations."""
        padded = matches(self.cells.values, "0[0-9]+")
        if not padded.any() or not matches(self.cells.values, "[0-9]+").all():
            return False
        return len({len(text) for text in self.cells.texts()}) == 1


def infer_kind(seen: Seen) -> tuple[Kind, tuple[str, ...]]:
    """The kind, and notes on what made it so where a reader might wonder."""
    if not seen.cells.present:
        return Kind.EMPTY, ()
    if seen.dated and not (seen.numeric and not DATE_WORDS & set(seen.words)):
        return Kind.DATETIME, ()
    if seen.numeric:
        return _of_numbers(seen)
    return _of_texts(seen)


def _of_numbers(seen: Seen) -> tuple[Kind, tuple[str, ...]]:
    values = np.unique(seen.numbers.values[seen.numbers.ok])
    identifying = _identifying(seen, values)
    if identifying is not None:
        return Kind.IDENTIFIER, identifying
    if len(values) == 2 and not _year(seen, values) and (_coded_pair(values) or seen.cells.present >= FEW_ROWS):
        return Kind.BINARY, ()
    if (values != np.floor(values)).any():
        return Kind.CONTINUOUS, ()
    if 2 < len(values) <= (MAX_LEVELS if _says_code(seen) else FEW_CODES) and names_group(seen):
        return Kind.NOMINAL, ("Whole numbers that stand for groups, by the column's name; declare its kind if they do not.",)
    return _of_whole(seen, values)


def _identifying(seen: Seen, values: Values) -> tuple[str, ...] | None:
    """Notes of a column of whole numbers that names units or rows; None for one that does not."""
    if (values != np.floor(values)).any():
        return None
    if _row_numbers(seen):
        return ("The numbers of the rows, taken for an identifier.",)
    if np.abs(values).max() > EXACT and len(values) < seen.cells.distinct == seen.cells.present:
        return ("Whole numbers too large to be told apart as numbers, taken for an identifier.",)
    return () if len(values) > 2 and names_unit(seen) else None


def _of_whole(seen: Seen, values: Values) -> tuple[Kind, tuple[str, ...]]:
    if values[0] < 0 or unit_of(seen.name) or seen.numbers.unit:
        return Kind.CONTINUOUS, ()
    if FEW_CODES < len(values) <= MAX_LEVELS and names_group(seen):
        return Kind.COUNT, (
            f"{len(values)} different whole numbers, taken for a quantity; declare it nominal if they stand for groups.",
        )
    few = 2 < len(values) <= 10 and seen.cells.present >= 5 * len(values) and not _year(seen, values)
    return Kind.COUNT, (f"Only {len(values)} different whole numbers; declare the kind if they stand for groups.",) if few else ()


def _of_texts(seen: Seen) -> tuple[Kind, tuple[str, ...]]:
    texts = seen.cells.texts()
    kind, note = _text_kind(seen, texts)
    return kind, (*_mixed_note(seen), *((note,) if note else ()))


def _text_kind(seen: Seen, texts: list[str]) -> tuple[Kind, str]:
    kind = _level_kind(seen, texts)
    if kind:
        return kind, "The levels are a known scale and were put in its order." if kind is Kind.ORDINAL else ""
    if len(texts) > 2 and names_unit(seen):
        return Kind.IDENTIFIER, ""
    if _prose(seen, texts):
        return Kind.TEXT, ""
    if len(texts) == seen.cells.present > 2:
        return Kind.IDENTIFIER, "No value stands in two rows, so the column was taken for an identifier."
    if len(texts) <= MAX_LEVELS:
        return Kind.NOMINAL, ""
    return Kind.TEXT, f"More than {MAX_LEVELS} different texts, too many for groups; declare it nominal if they are."


def _level_kind(seen: Seen, texts: list[str]) -> Kind | None:
    """Binary or ordinal, where the texts alone show it."""
    folded = {text.lower() for text in texts}
    if len(texts) == 2 and max(map(len, texts)) <= MAX_LEVEL_LENGTH:
        return Kind.BINARY
    if folded == TRUTH:
        return Kind.BINARY
    return Kind.ORDINAL if known_order(texts) and seen.cells.present > len(texts) else None


def names_unit(seen: Seen) -> bool:
    """Whether the name says that the column identifies units, and the values do not contradict it."""
    words = seen.words
    if not words:
        return False
    if GROUP_WORDS & set(words[:-1]) and seen.cells.distinct <= MAX_LEVELS:
        return False
    if words[-1] in ID_WORDS or "".join(words).endswith(ID_ENDINGS):
        return seen.cells.distinct > 2 or seen.cells.present < FEW_ROWS
    weak = words[-1] in UNIT_WORDS and len(words) <= 2
    return weak and seen.cells.share(matches(seen.cells.values, r"[A-Za-z]{0,5}[-_ ]?[0-9]+[A-Za-z]?(\.0)?")) >= ENOUGH


def names_group(seen: Seen) -> bool:
    """Whether the name says that the values stand for groups."""
    words = [word for word in seen.words if word not in CODE_WORDS]
    return bool(words) and words[-1] in GROUP_WORDS


def _says_code(seen: Seen) -> bool:
    """Whether the name says that its numbers are codes, as `site_id` does and `site` does not."""
    return bool(CODE_WORDS & set(seen.words[-1:]))


def _year(seen: Seen, values: Values) -> bool:
    return bool(YEAR_WORDS & set(seen.words)) and bool(values[0] >= 1000) and bool(values[-1] < 3000)


def _coded_pair(values: Values) -> bool:
    return tuple(values) in ((0.0, 1.0), (1.0, 2.0), (-1.0, 1.0))


def _row_numbers(seen: Seen) -> bool:
    """Consecutive whole numbers down the rows, under no name or one that says so."""
    words = seen.words
    nameless = NAMELESS.fullmatch(seen.name) is not None
    if not (nameless or (words and words[-1] in ROW_WORDS)) or seen.cells.distinct != seen.cells.rows or seen.cells.rows < 3:
        return False
    values = seen.numbers.values[seen.cells.codes]
    return bool(values[0] in (0, 1)) and bool((np.diff(values) == 1).all())


def _prose(seen: Seen, texts: list[str]) -> bool:
    """Sentences rather than labels: a very long one, several words under a name such as `comments`, or hardly one twice."""
    if max(map(len, texts)) > MAX_LEVEL_LENGTH:
        return True
    words = sum(text.count(" ") + 1 for text in texts) / len(texts)
    if words >= 2 and seen.words and seen.words[-1] in PROSE_WORDS:
        return True
    return words >= 4 and len(texts) > 0.5 * seen.cells.present


def _mixed_note(seen: Seen) -> tuple[str, ...]:
    numbers = int(seen.cells.counts[seen.numbers.ok].sum())
    if numbers == 0 or seen.cells.share(seen.numbers.ok) >= ENOUGH:
        return ()
    return (f"{numbers} of {seen.cells.present} cells are numbers, too few to read the column as numbers.",)

"""Dates and times as people write them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt

from kosmos_graph.data.cells import Cells, Mask

TIME = r"(?:(?:T|,? +)(?P<time>\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?) ?(?P<half>[AaPp]\.?[Mm]\.?)?)?"
ZONE = r"(?: ?(?P<zone>Z|UTC|[+-]\d{2}:?\d{2}))?"
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
MONTH = (
    r"(?P<word>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\.?"
)
YEAR_FIRST = re.compile(rf"(?P<year>\d{{4}})(?P<sign>[-/.])(?P<month>\d{{1,2}})(?P=sign)(?P<day>\d{{1,2}}){TIME}{ZONE}")
YEAR_LAST = re.compile(rf"(?P<first>\d{{1,2}})(?P<sign>[-/.])(?P<second>\d{{1,2}})(?P=sign)(?P<year>\d{{4}}|\d{{2}}){TIME}")
COMPACT = re.compile(r"(?P<year>(?:1[5-9]|20|21)\d{2})(?P<month>\d{2})(?P<day>\d{2})")
MONTHLY = re.compile(r"(?P<year>(?:1[5-9]|20|21)\d{2})[-/](?P<month>\d{1,2})")
QUARTER = re.compile(r"(?P<year>\d{4})[- ]?Q(?P<quarter>[1-4])", re.IGNORECASE)
WORDS = (
    re.compile(rf"(?P<day>\d{{1,2}})(?:st|nd|rd|th)?[ -.]+{MONTH}[ ,-]+(?P<year>\d{{4}}|\d{{2}}){TIME}", re.IGNORECASE),
    re.compile(rf"{MONTH}[ -](?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?:,? +|-)(?P<year>\d{{4}}){TIME}", re.IGNORECASE),
    re.compile(rf"{MONTH}[ ,-]+(?P<year>\d{{4}})", re.IGNORECASE),
)
SHORT_YEARS = (YEAR_LAST, WORDS[0])
PEEK = 200
NOT_A_TIME = np.datetime64("NaT", "us")


@dataclass(frozen=True)
class Dates:
    """The reading of distinct values: microseconds since 1970, NaT where `ok` is False, and notes."""

    values: npt.NDArray[np.datetime64]
    ok: Mask
    notes: tuple[str, ...] = ()


def read_dates(cells: Cells, compact: bool = False) -> Dates | None:
    """Dates among the distinct values; None where the first of them are plainly none.

    Year first and months in (English) words need no decision. `03/04/2020` is day first or month first by whichever the column
    proves; where it proves neither, day first after a point or hyphen, month first after a slash, with a note. Times with a
    zone become UTC. `compact` admits `20200131`.
    """
    texts = cells.texts()
    peek = texts[:PEEK]
    if sum(_shaped(text, compact) for text in peek) < 0.8 * len(peek) or not peek:
        return None
    day_first, note = _order(texts)
    parsed = [_parse(text, day_first, compact) for text in texts]
    values = np.array([NOT_A_TIME if stamp is None else np.datetime64(stamp, "us") for stamp in parsed], dtype="datetime64[us]")
    notes = [*note, *_zone_note(texts), *_century_note(texts)]
    return Dates(values, ~np.isnat(values), tuple(notes))


def _shaped(text: str, compact: bool) -> bool:
    patterns = (YEAR_FIRST, YEAR_LAST, MONTHLY, QUARTER, *WORDS, *((COMPACT,) if compact else ()))
    return any(pattern.fullmatch(text) for pattern in patterns)


def _order(texts: list[str]) -> tuple[bool, list[str]]:
    """Whether the day stands first in dates that end in the year."""
    found = [match for text in texts if (match := YEAR_LAST.fullmatch(text))]
    if not found:
        return True, []
    first_days = sum(int(match["first"]) > 12 for match in found)
    second_days = sum(int(match["second"]) > 12 for match in found)
    if first_days != second_days:
        return first_days > second_days, []
    day_first = found[0]["sign"] != "/"
    order = "day/month" if day_first else "month/day"
    return day_first, [f"No date shows whether day or month comes first; they were read as {order}/year."]


def _zone_note(texts: list[str]) -> list[str]:
    zoned = any((match := YEAR_FIRST.fullmatch(text)) and match["zone"] for text in texts)
    return ["Times with a zone were turned into UTC."] if zoned else []


def _century_note(texts: list[str]) -> list[str]:
    short = any((match := pattern.fullmatch(text)) and len(match["year"]) == 2 for text in texts for pattern in SHORT_YEARS)
    return ["Years of two digits were read as 1969 to 2068."] if short else []


def _parse(text: str, day_first: bool, compact: bool) -> datetime | None:
    try:
        return _iso(text) or _year_last(text, day_first) or _spelled(text, compact)
    except ValueError:
        return None


def _iso(text: str) -> datetime | None:
    match = YEAR_FIRST.fullmatch(text)
    if not match:
        return None
    stamp = _stamp(int(match["year"]), int(match["month"]), int(match["day"]), match["time"], match["half"])
    if not match["zone"] or not match["time"]:
        return stamp
    zone = match["zone"].replace("UTC", "Z")
    return datetime.fromisoformat(f"{stamp.isoformat()}{zone}").astimezone(UTC).replace(tzinfo=None)


def _year_last(text: str, day_first: bool) -> datetime | None:
    match = YEAR_LAST.fullmatch(text)
    if not match:
        return None
    day, month = (match["first"], match["second"]) if day_first else (match["second"], match["first"])
    return _stamp(_full_year(match["year"]), int(month), int(day), match["time"], match["half"])


def _full_year(digits: str) -> int:
    """Two digits as POSIX reads them: 1969 to 2068."""
    year = int(digits)
    return year if len(digits) == 4 else year + (1900 if year >= 69 else 2000)


def _spelled(text: str, compact: bool) -> datetime | None:
    if match := QUARTER.fullmatch(text):
        return _stamp(int(match["year"]), 3 * int(match["quarter"]) - 2, 1)
    if match := MONTHLY.fullmatch(text):
        return _stamp(int(match["year"]), int(match["month"]), 1)
    if compact and (match := COMPACT.fullmatch(text)):
        return _stamp(int(match["year"]), int(match["month"]), int(match["day"]))
    for pattern in WORDS:
        if match := pattern.fullmatch(text):
            parts = match.groupdict()
            month = MONTHS.index(parts["word"][:3].lower()) + 1
            return _stamp(_full_year(parts["year"]), month, int(parts.get("day") or 1), parts.get("time"), parts.get("half"))
    return None


def _stamp(year: int, month: int, day: int, time: str | None = None, half: str | None = None) -> datetime:
    """The moment; ValueError where there is no such day or time."""
    if not time:
        return datetime(year, month, day)  # noqa: DTZ001 - a naive time is what the contract asks for
    hour, minute, *rest = time.replace(",", ".").split(":")
    seconds, _, fraction = (rest[0] if rest else "0").partition(".")
    micro = int(fraction[:6].ljust(6, "0")) if fraction else 0
    return datetime(year, month, day, _hour(int(hour), half), int(minute), int(seconds), micro)  # noqa: DTZ001


def _hour(hour: int, half: str | None) -> int:
    if half is None:
        return hour
    if not 1 <= hour <= 12:
        raise ValueError(hour)
    return hour % 12 + (12 if half[0] in "pP" else 0)

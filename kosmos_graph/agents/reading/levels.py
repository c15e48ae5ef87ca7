"""Where a question names levels: by their names, as people and places are called, and as numbers beside a column."""

from __future__ import annotations

from collections.abc import Iterator

from kosmos_graph.agents.reading.lexicon import (
    AFTER,
    BEFORE,
    CALENDAR,
    CONTROL_LEVELS,
    GENERIC_LEVELS,
    NEGATIVE_LEVELS,
    NEUTRAL,
    ORDINALS,
    PEOPLE,
    PEOPLE_LEVELS,
    PLACES,
    POSITIVE_LEVELS,
    STOP,
)
from kosmos_graph.agents.reading.tokens import Token
from kosmos_graph.agents.reading.words import fold, likeness, meanings, pieces, stem
from kosmos_graph.domain.data_card import ColumnCard, DataCard, Kind

Option = tuple[str, str | None]
LevelRun = tuple[str, str, int, int, int, bool, float]
MOST_LEVELS = 400


def positive_level(column: ColumnCard) -> str | None:
    """The level of a yes/no column that means yes; None where neither the sheet nor convention tells."""
    if column.positive is not None:
        return column.positive
    for name in POSITIVE_LEVELS:
        found = next((level.name for level in column.levels if fold(level.name) == name), None)
        if found is not None:
            return found
    return None


def negative_level(column: ColumnCard) -> str | None:
    """The other level of a yes/no column whose positive level is known."""
    yes = positive_level(column)
    return next((level.name for level in column.levels if level.name != yes), None) if yes is not None else None


def control_level(column: ColumnCard) -> str | None:
    """The level that others are compared with: stated, a control group by its name, or the no of a yes/no column."""
    if column.reference is not None:
        return column.reference
    for name in (*CONTROL_LEVELS, *NEGATIVE_LEVELS):
        found = next((level.name for level in column.levels if fold(level.name) == name), None)
        if found is not None:
            return found
    return next((level.name for level in column.levels if BEFORE & set(pieces(level.name))), None)


def comparison_levels(column: ColumnCard) -> tuple[str, str]:
    """(A, B) of a column with two levels: B is the control level, else the first."""
    first, second = column.levels[0].name, column.levels[1].name
    return (first, second) if control_level(column) == second else (second, first)


def after_and_before(column: ColumnCard) -> tuple[str, str] | None:
    """The (after, before) levels of a column that tells two measurements of the same units apart, by their names."""
    before = [level.name for level in column.levels if BEFORE & set(pieces(level.name))]
    after = [level.name for level in column.levels if AFTER & set(pieces(level.name))]
    if len(before) == 1 and len(column.levels) == 2:
        return next(level.name for level in column.levels if level.name != before[0]), before[0]
    return (after[0], before[0]) if len(before) == len(after) == 1 else None


def level_runs(card: DataCard, tokens: tuple[Token, ...]) -> Iterator[LevelRun]:
    """(column, level, start, end, matched, full, strength) for every place where a level's name stands."""
    for column in card.columns:
        if column.kind.categorical and len(column.levels) <= MOST_LEVELS:
            for level in column.levels:
                yield from _level_runs(column, level.name, tokens)


def _level_runs(column: ColumnCard, level: str, tokens: tuple[Token, ...]) -> Iterator[LevelRun]:
    parts = tuple(part for part in pieces(level) if part not in STOP) or pieces(level)
    people = _people(column, level)
    for start, token in enumerate(tokens):
        if token.kind != "word" or (token.word in STOP and token.word not in parts):
            continue
        if people is not None and token.word in PEOPLE[people]:
            yield column.name, level, start, start + 1, 1, True, 0.95 if meanings("sex") & meanings(fold(column.name)) else 0.7
        elif parts and _names(level, people, parts, tokens, start):
            end = _end(parts, tokens, start)
            yield column.name, level, start, end, len(parts), True, 1.0
        elif (token.word in PLACES and fold(level) in PLACES[token.word].split()) or (
            token.word in CALENDAR and len(parts) == 1 and len(parts[0]) >= 3 and token.word.startswith(parts[0])
        ):
            yield column.name, level, start, start + 1, 1, True, 0.9


def _people(column: ColumnCard, level: str) -> str | None:
    word = fold(level)
    fits = [who for who, names in PEOPLE_LEVELS.items() if word in names]
    return fits[0] if fits and (len(word) > 1 or bool(meanings("sex") & meanings(fold(column.name)))) else None


def _names(level: str, people: str | None, parts: tuple[str, ...], tokens: tuple[Token, ...], start: int) -> bool:
    if people is None and all(part in GENERIC_LEVELS or part.isdigit() for part in parts):
        return False
    if len(parts) == 1 and len(parts[0]) <= 2:
        return tokens[start].text == level and level not in ("A", "I") and (level.isupper() or any(c.isdigit() for c in level))
    if len(parts) == 1 and (parts[0] in STOP or parts[0] in NEUTRAL):
        return tokens[start].text == level and level[0].isupper() and start > 0
    end = _end(parts, tokens, start)
    said = [token.word for token in tokens[start:end] if token.word not in STOP]
    return end > start and len(said) == len(parts) and all(_same(word, part) for word, part in zip(said, parts, strict=True))


def _same(word: str, part: str) -> bool:
    return word == part or stem(word) == stem(part) or (len(part) > 4 and likeness(word, part) == 0.8)


def _end(parts: tuple[str, ...], tokens: tuple[Token, ...], start: int) -> int:
    """End of the tokens that hold as many words as the level's name, small words and hyphens between them left out."""
    left, place = len(parts), start
    while place < len(tokens) and left:
        token = tokens[place]
        if token.kind == "stop":
            return start
        left -= token.kind in ("word", "number") and token.word not in STOP
        place += 1
    return place if not left else start


def with_numeric_levels(
    taken: list[tuple[int, int, tuple[str, ...]]], tokens: tuple[Token, ...], card: DataCard
) -> list[tuple[str, str, int, int]]:
    """(column, value, start, end) where a number stands beside the column that it is a value of: class 3, first class, in 2008."""
    found = []
    for place, token in enumerate(tokens):
        value = token.word if token.kind == "number" and not token.percent else ORDINALS.get(token.word)
        if value is None or any(start <= place < end for start, end, _ in taken):
            continue
        beside = next((entry for entry in taken if entry[2] and _beside(place, entry, tokens)), None)
        if beside is not None and (column := _holder(beside[2], value, token.word, card)) is not None:
            found.append((column[0], column[1], min(place, beside[0]), max(place + 1, beside[1])))
        elif (year := _year_column(place, value, tokens, card)) is not None:
            found.append((year, value, place, place + 1))
    return found


def _beside(place: int, entry: tuple[int, int, tuple[str, ...]], tokens: tuple[Token, ...]) -> bool:
    start, end, _ = entry
    between = tokens[end:place] if place >= end else tokens[place + 1 : start]
    return len(between) <= 1 and all(
        token.text in "-–" or token.word in ("st", "nd", "rd", "th", "=", "is", "number", "equals") for token in between
    )


def _holder(columns: tuple[str, ...], value: str, word: str, card: DataCard) -> tuple[str, str] | None:
    for name in columns:
        column = card.column(name)
        if column is None:
            continue
        level = next((level.name for level in column.levels if fold(level.name) in (value, word, f"{value}.0")), None)
        if level is not None:
            return name, level
        if column.kind == Kind.COUNT and column.low is not None and column.high is not None and word == value:
            return (name, value) if column.low <= float(value) <= column.high else None
    return None


def _year_column(place: int, value: str, tokens: tuple[Token, ...], card: DataCard) -> str | None:
    before = tokens[place - 1].word if place else ""
    if not (
        len(value) == 4
        and value.isdigit()
        and before in ("in", "for", "during", "of", "year", "and", "between", "to", "from", "than")
    ):
        return None
    for column in card.columns:
        if not {"year", "yr"} & {stem(part) for part in pieces(column.name)}:
            continue
        if any(level.name == value for level in column.levels):
            return column.name
        if column.kind.numeric and column.low is not None and column.high is not None and column.low <= float(value) <= column.high:
            return column.name
        if column.kind == Kind.DATETIME and column.earliest and column.latest and column.earliest[:4] <= value <= column.latest[:4]:
            return column.name
    return None

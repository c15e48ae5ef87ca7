"""Where a question names levels: by their names, as people and places are called, and as numbers beside a column."""

from __future__ import annotations

from collections.abc import Iterator

from kosmos_graph.agents.reading.lexicon import (
    AFTER,
    BEFORE,
    CALENDAR,
    CAPITAL_PLACES,
    CONTROL_LEVELS,
    GENERIC_LEVELS,
    GROUP_NOUNS,
    NEGATIVE_LEVELS,
    NEUTRAL,
    NUMBER_WORDS,
    ORDINALS,
    PEOPLE,
    PEOPLE_LEVELS,
    PLACES,
    POSITIVE_LEVELS,
    RELATION_NOUNS,
    STOP,
    TREATED,
    TREATMENTS,
    UNTREATED,
)
from kosmos_graph.agents.reading.plurals import same_noun
from kosmos_graph.agents.reading.tokens import Token
from kosmos_graph.agents.reading.words import ROW_STEMS, fold, likeness, meanings, pieces, stem
from kosmos_graph.domain.data_card import ColumnCard, DataCard, Kind

Option = tuple[str, str | None]
LevelRun = tuple[str, str, int, int, int, bool, float]
MOST_LEVELS = 400
SIGNS = frozenset(("positive", "negative", "high", "low", "strong", "weak", "inverse", "linear"))
YEAR_LEADS = frozenset(
    ("", *["in", "for", "during", "of", "year", "and", "between", "to", "from", "than", "vs", "versus", "with", "by", "at"])
)
BETWEEN_VALUES = frozenset(("and", "than", "to", "vs", "versus", "or", "in", "at", "for", "with", ",", "compared", "the"))
COUNTING = frozenset(("the", "all", "these", "those", "last", "first", "any", "of", "our", "both"))
AVERAGES = frozenset(("average", "mean", "median", "typical", "expected", "most", "least", "more", "less"))
OPPOSED = frozenset(("than", "vs", "versus", "between", "compared", "from", "or"))
LONE_BEFORE = frozenset(("than", "and", "or", "vs", "versus", "compared", "to", "from", "is", "are", "was", "on", "in", "differ"))
LONE_AFTER = frozenset(
    ("in", "for", "of", "between", "and", "than", "to", "from", "or", "vs", "versus", "with", "on", "under", "by")
)


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
        if _relates(tokens, start):
            continue
        if _is_denied(column, level, token):
            yield column.name, level, start, start + 1, 1, True, 0.9
        if _is_article_like(level) and (people is None or token.text == level):
            if _stands_alone(column, level, tokens, start):
                yield column.name, level, start, start + 1, 1, True, 1.0
            continue
        if token.kind == "number" and len(parts) > 1 and parts[0] == token.word:
            if (end := _end(parts, tokens, start)) > start and _names(column, level, people, parts, tokens, start):
                yield column.name, level, start, end, len(parts) + 1, True, 1.0
            continue
        if token.kind != "word" or (token.word in STOP and token.word not in parts and token.text not in CAPITAL_PLACES):
            continue
        if people is not None and token.word in PEOPLE[people]:
            yield column.name, level, start, start + 1, 1, True, 0.95 if meanings("sex") & meanings(fold(column.name)) else 0.7
        elif parts and _names(column, level, people, parts, tokens, start):
            end = _end(parts, tokens, start)
            yield column.name, level, start, end, len(parts), True, 1.0
        elif parts and (ordinal := _by_ordinal(parts, tokens, start)):
            yield column.name, level, start, ordinal, len(parts), True, 0.9
        elif _in_other_words(column, level, parts, token):
            yield column.name, level, start, start + 1, 1, True, 0.9


def _relates(tokens: tuple[Token, ...], start: int) -> bool:
    """Whether the word qualifies a relation (a positive correlation) and names no level."""
    after = [token.word for token in tokens[start + 1 : start + 3]]
    return tokens[start].word in SIGNS and bool(RELATION_NOUNS & set(after))


def _is_article_like(level: str) -> bool:
    """Whether a level's name is a small word or a lone letter, which a sentence has for other reasons too."""
    return (level.lower() in STOP and len(level) <= 2) or (len(level) == 1 and level.isalpha())


def _stands_alone(column: ColumnCard, level: str, tokens: tuple[Token, ...], start: int) -> bool:
    """Whether a word such as `a` is the level: quoted, after the column's name or a word for groups, or with no noun after it."""
    token = tokens[start]
    if token.kind != "word" or token.text != level:
        return False
    before = tokens[start - 1] if start else None
    after = tokens[start + 1] if start + 1 < len(tokens) else None
    if before is not None and (before.text in "`\"“'=:" or before.word in GROUP_NOUNS or before.word in pieces(column.name)):
        return True
    if level.lower() not in ("a", "i", "s", "t") and level.lower() in STOP:
        return False
    lone = after is None or after.kind == "stop" or after.word in LONE_BEFORE
    if level.lower() in ("a", "i", "s", "t"):
        return lone and (before is None or before.word in LONE_AFTER)
    return True


def _by_ordinal(parts: tuple[str, ...], tokens: tuple[Token, ...], start: int) -> int:
    """End of the tokens that say `first class` where the level is called `1st class`; 0 if they do not."""
    if len(parts) < 2 or parts[1] not in ("st", "nd", "rd", "th") or ORDINALS.get(tokens[start].word) != parts[0]:
        return 0
    rest = tokens[start + 1 : start + len(parts) - 1]
    said = [token.word for token in rest]
    return start + 1 + len(rest) if len(rest) == len(parts) - 2 and all(map(_same, said, parts[2:])) else 0


def _is_denied(column: ColumnCard, level: str, token: Token) -> bool:
    """Whether a word such as `unmarried` is the no of a yes/no column called married."""
    prefix = next((prefix for prefix in ("un", "non", "in") if token.word.startswith(prefix)), None)
    if prefix is None or column.kind != Kind.BINARY or level != negative_level(column):
        return False
    rest = token.word[len(prefix) :]
    return len(rest) > 4 and any(likeness(rest, part) >= 0.8 for part in pieces(f"{column.name} {column.label or ''}"))


def _in_other_words(column: ColumnCard, level: str, parts: tuple[str, ...], token: Token) -> bool:
    """Whether a place, a month, a weekday or a word for a treated or untreated group means the level."""
    if token.word in PLACES and fold(level) in PLACES[token.word].split():
        return True
    if token.text in CAPITAL_PLACES and fold(level) in CAPITAL_PLACES[token.text].split():
        return True
    if token.word in CALENDAR and len(parts) == 1 and len(parts[0]) >= 3 and token.word.startswith(parts[0]):
        return True
    if column.kind != Kind.BINARY or not TREATMENTS & set(pieces(column.name)):
        return False
    yes, no = positive_level(column), negative_level(column)
    return (token.word in TREATED and level == yes and fold(level) in POSITIVE_LEVELS) or (token.word in UNTREATED and level == no)


def _people(column: ColumnCard, level: str) -> str | None:
    word = fold(level)
    fits = [who for who, names in PEOPLE_LEVELS.items() if word in names]
    return fits[0] if fits and (len(word) > 1 or bool(meanings("sex") & meanings(fold(column.name)))) else None


def _names(
    column: ColumnCard, level: str, people: str | None, parts: tuple[str, ...], tokens: tuple[Token, ...], start: int
) -> bool:
    if people is None and all(part in GENERIC_LEVELS or part in NEUTRAL or part.isdigit() for part in parts):
        return _is_told(column, level, parts, tokens, start)
    if len(parts) == 1 and len(parts[0]) <= 2:
        return tokens[start].text == level
    if len(parts) == 1 and parts[0] in STOP:
        return tokens[start].text == level and level[0].isupper() and start > 0
    end = _end(parts, tokens, start)
    said = [token.word for token in tokens[start:end] if token.word not in STOP and token.kind in ("word", "number")]
    return end > start and len(said) == len(parts) and all(_same(word, part) for word, part in zip(said, parts, strict=True))


def _is_told(column: ColumnCard, level: str, parts: tuple[str, ...], tokens: tuple[Token, ...], start: int) -> bool:
    """Whether a level with a general name (positive, low, control) is meant: beside its column's name, or against another level."""
    end = _end(parts, tokens, start)
    said = [token.word for token in tokens[start:end] if token.kind in ("word", "number")]
    if not said or not all(_same(word, part) for word, part in zip(said, parts, strict=False)):
        return False
    if tokens[start].text == level and level[0].isupper() and start > 0 and parts[0] in NEUTRAL:
        return True
    own = {*pieces(column.name), *pieces(column.label or "")} - STOP
    near = [token for token in (*tokens[max(0, start - 2) : start], *tokens[end : end + 1]) if token.kind == "word"]
    if any(token.word in own or token.stem in {stem(word) for word in own} for token in near):
        return True
    if parts[0] in STOP or parts[0] in ("yes", "true", "false", "none", "same", "other"):
        return False
    words = [token.text for token in tokens]
    opposed = any(other.name != level and other.name in words for other in column.levels)
    return opposed and any(token.word in OPPOSED for token in tokens)


def _same(word: str, part: str) -> bool:
    if word == part or part.isdigit():
        return word == part
    alike = stem(word) == stem(part) or (len(part) > 2 and same_noun(word, part))
    return alike or (len(part) > 4 and likeness(word, part) == 0.8)


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
    taken: list[tuple[int, int, tuple[str, ...]]], tokens: tuple[Token, ...], card: DataCard, time: str | None = None
) -> list[tuple[str, str, int, int]]:
    """(column, value, start, end) where a number stands beside the column that it is a value of: class 3, first class, in 2008.

    `time` is the column that the study sheet calls the time.
    """
    found: list[tuple[str, str, int, int]] = []
    for place, token in enumerate(tokens):
        value = token.word if token.kind == "number" and not token.percent else ORDINALS.get(token.word)
        value = value or _spelt_value(place, taken, tokens, card)
        if value is None or any(start <= place < end for start, end, _ in taken):
            continue
        beside = next((entry for entry in taken if entry[2] and _beside(place, entry, tokens)), None)
        averaged = beside is not None and beside[0] > 0 and tokens[beside[0] - 1].word in AVERAGES
        if beside is not None and not averaged and (column := _holder(beside[2], value, _digits(token), card)) is not None:
            found.append((column[0], column[1], min(place, beside[0]), max(place + 1, beside[1])))
        elif (again := _next_value(place, value, tokens, found, card)) is not None:
            found.append((again, value, place, place + 1))
        elif (year := _year_column(place, value, tokens, card, time)) is not None:
            found.append((year, value, place, place + 1))
    return found


def _digits(token: Token) -> str:
    number = NUMBER_WORDS.get(token.word)
    return token.word if number is None else str(int(number))


def _spelt_value(
    place: int, taken: list[tuple[int, int, tuple[str, ...]]], tokens: tuple[Token, ...], card: DataCard
) -> str | None:
    """The digits of `eight` in `eight-cylinder cars` and `with eight cylinders`; `the three years` are a number of years."""
    before = tokens[place - 1].word if place else ""
    if tokens[place].word not in NUMBER_WORDS or before in COUNTING:
        return None
    after = place + 2 if place + 1 < len(tokens) and tokens[place + 1].text in "-–" else place + 1
    beside = next((entry for entry in taken if entry[0] == after and entry[2]), None)
    column = card.column(beside[2][0]) if beside is not None else None
    return _digits(tokens[place]) if column is not None and column.kind == Kind.COUNT else None


def _next_value(
    place: int, value: str, tokens: tuple[Token, ...], found: list[tuple[str, str, int, int]], card: DataCard
) -> str | None:
    """The column of the value before, in `week 0 and 8` and `class 1 than 3`."""
    if not found or place == found[-1][3]:
        return None
    between = [token.word for token in tokens[found[-1][3] : place]]
    near = len(between) <= 3 and all(word in BETWEEN_VALUES for word in between)
    holder = _holder((found[-1][0],), value, tokens[place].word, card)
    return found[-1][0] if holder is not None and (near or _after_than(between)) else None


def _after_than(between: list[str]) -> bool:
    """Whether a value ends in `than those with 4`, so that it is of the same column as the value before `than`."""
    than = between.index("than") if "than" in between else len(between)
    said = between[than + 1 :]
    known = all(word in STOP or stem(word) in ROW_STEMS or word in ("one", "ones") for word in said)
    return bool(said) and said[-1] in ("with", "having", "have", "had", "from", "of", "in", "at", "on") and known


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


def _year_column(place: int, value: str, tokens: tuple[Token, ...], card: DataCard, time: str | None) -> str | None:
    before = tokens[place - 1].word if place else ""
    if not (len(value) == 4 and value.isdigit() and before in YEAR_LEADS):
        return None
    dated = [column.name for column in card.columns if column.kind == Kind.DATETIME]
    for column in card.columns:
        called = column.name == time or dated == [column.name] or {"year", "yr"} & {stem(part) for part in pieces(column.name)}
        if not called:
            continue
        if any(level.name == value for level in column.levels):
            return column.name
        if column.kind.numeric and column.low is not None and column.high is not None and column.low <= float(value) <= column.high:
            return column.name
        if column.kind == Kind.DATETIME and column.earliest and column.latest and column.earliest[:4] <= value <= column.latest[:4]:
            return column.name
    return None

"""Where a question names the columns and levels of one data set."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

from kosmos_graph.agents.reading.levels import Option, level_runs, negative_level, positive_level, with_numeric_levels
from kosmos_graph.agents.reading.lexicon import AFTER, ALIASES, BEFORE, DIMENSIONS, GENERIC, NEUTRAL, STOP
from kosmos_graph.agents.reading.lexicon import words as word_set
from kosmos_graph.agents.reading.tokens import Token
from kosmos_graph.agents.reading.words import ROW_STEMS, fold, is_acronym, is_compound, is_unit, likeness, pieces, squashed
from kosmos_graph.domain.data_card import ColumnCard, DataCard, Kind
from kosmos_graph.domain.study_sheet import StudySheet

GAPS = word_set("of in the a an its their per more less most least s")
SIZES = word_set("larger smaller bigger large small big largest smallest biggest")
TIME_UNITS = word_set("year month week day hour minute second")
VERBAL = word_set(
    """effect effects affect affects difference differences differ relationship relation association correlation
    between change changes changed more less most least mean average median same trend increase decrease
    influence compare impact depend"""
)
"""Words that ask: as a column's whole name they count only where the name is quoted or spelt in its own letter case."""


@dataclass(frozen=True)
class Mention:
    """Tokens [start, end) that name something. `options` are what they may name: (column, level), or (column, None).

    `matched` tokens of them agree with a name, `full` when they cover the whole name, at a `strength` from 0 to 1.
    """

    options: tuple[Option, ...]
    start: int
    end: int
    matched: int
    full: bool
    strength: float

    @property
    def is_level(self) -> bool:
        """Whether a level (or a single value) is named, and not a column."""
        return self.options[0][1] is not None

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that may be meant, without repeats."""
        return tuple(dict.fromkeys(column for column, _ in self.options))

    @property
    def sure(self) -> bool:
        """Whether one thing alone can be meant."""
        return len(self.options) == 1

    @property
    def rank(self) -> tuple[int, bool, float]:
        """Order of preference among mentions of the same tokens."""
        return (self.matched, self.full, self.strength)


def find_mentions(tokens: tuple[Token, ...], card: DataCard, sheet: StudySheet, plain: bool = False) -> tuple[Mention, ...]:
    """The mentions in a question, in its order and without overlap; tokens that fit several names equally give one with options."""
    runs = [run for column in card.columns for run in column_runs(column, tokens, plain)]
    runs += [
        Mention(((column, level),), start, end, matched, full, strength)
        for column, level, start, end, matched, full, strength in level_runs(card, tokens)
    ]
    runs = [run for run in _sensible(runs, tokens) if not any(run.start < place < run.end for place in _both_moments(tokens))]
    placed = _place(runs)
    placed = [_as_group_noun(mention, tokens, card) for mention in placed]
    placed = [_as_own_level(mention, placed, tokens, card) for mention in placed]
    placed = [mention for mention in placed if mention.full or mention.is_level or not _names_rows(mention, tokens)]
    placed = [mention for mention in placed if not _counts_time(mention, tokens, card)]
    units = unit_columns(card, sheet)
    placed = [mention for mention in placed if not _tells_rows_apart(mention, card, units)]
    placed = _with_positives(_joined(placed, tokens), card)
    kept = [mention for mention in placed if mention.full or mention.is_level or not _heads_another_noun(mention, tokens, placed)]
    return tuple(_numeric(kept, tokens, card, sheet))


def column_runs(column: ColumnCard, tokens: tuple[Token, ...], plain: bool = False) -> list[Mention]:
    """Every run of tokens that may name `column`, by its name or its label."""
    runs = [*_quoted(column, tokens, plain), *_sized(column, tokens)]
    for name in (column.name, column.label, *ALIASES.get(squashed(column.name), ())):
        if name:
            runs += _spelt(column.name, name, tokens)
    return runs


def identity(name: str) -> tuple[str, ...]:
    """The words of a name that identify it: without its unit at the end and without small words, where others remain."""
    parts = pieces(name)
    while len(parts) > 1 and is_unit(parts[-1]):
        parts = parts[:-1]
    return tuple(part for part in parts if part not in STOP or part == "no") or parts


def _sized(column: ColumnCard, tokens: tuple[Token, ...]) -> list[Mention]:
    """`Smaller classes` are about the column called class_size."""
    words = identity(column.name)
    if len(words) != 2 or "size" not in words:
        return []
    thing = words[0] if words[1] == "size" else words[1]
    return [
        Mention(((column.name, None),), place + 1, place + 2, 2, True, 0.8)
        for place, token in enumerate(tokens[:-1])
        if token.text.lower() in SIZES and likeness(tokens[place + 1].word, thing) == 1.0
    ]


def _quoted(column: ColumnCard, tokens: tuple[Token, ...], plain: bool) -> list[Mention]:
    """The name letter for letter: one that is also a plain word or a single letter needs its own letter case or quotes."""
    parts = pieces(column.name)
    found = []
    for start in range(len(tokens) - len(parts) + 1):
        end = start + len(parts)
        window = tokens[start:end]
        if tuple(fold(token.text) for token in window) != parts or not parts:
            continue
        stands = plain and column.name == window[0].text and len(column.name) > 2 and parts[0] in VERBAL
        if not _is_plain(parts) or stands or _between_quotes(tokens, start, end) or _own_case(column.name, window, start):
            found.append(Mention(((column.name, None),), start, end, len(parts) + 1, True, 1.0))
    return found[-1:] if plain and parts and parts[0] in VERBAL else found


def is_plain_name(name: str) -> bool:
    """Whether a column is called by a word that asks, such as mean or trend."""
    return pieces(name) == (name,) and name in VERBAL


def _is_plain(parts: tuple[str, ...]) -> bool:
    return len(parts) == 1 and (len(parts[0]) == 1 or parts[0] in STOP or parts[0] in VERBAL)


def _between_quotes(tokens: tuple[Token, ...], start: int, end: int) -> bool:
    return start > 0 and end < len(tokens) and tokens[start - 1].text in "`\"“«'" and tokens[end].text in "`\"”»'"


def _own_case(name: str, window: tuple[Token, ...], start: int) -> bool:
    """Whether a plain word is spelt as no plain word would be: a lone letter, or capitals within the sentence."""
    text = window[0].text
    if text != name or name in ("a", "I"):
        return False
    return (len(name) == 1 and (start > 0 or name not in ("A", "y"))) or (text.isupper() and start > 0)


def _spelt(column: str, name: str, tokens: tuple[Token, ...]) -> list[Mention]:
    words = identity(name)
    if _is_plain(words):
        return []
    runs = [run for start in range(len(tokens)) if (run := _run(column, words, tokens, start)) is not None]
    return runs + _run_together(column, name, words, tokens)


def _run(column: str, words: tuple[str, ...], tokens: tuple[Token, ...], start: int) -> Mention | None:
    used: dict[int, float] = {}
    positions: list[int] = []
    for place in range(start, len(tokens)):
        token = tokens[place]
        best = _best_word(token, words, used)
        if best is not None:
            used[best[0]] = best[1]
            positions.append(place)
        elif not positions or token.word not in GAPS or place - positions[-1] > 2:
            break
    if not positions:
        return None
    strength = sum(used.values()) / len(used)
    return Mention(((column, None),), start, positions[-1] + 1, len(positions), len(used) == len(words), strength)


def _best_word(token: Token, words: tuple[str, ...], used: dict[int, float]) -> tuple[int, float] | None:
    if token.kind == "number" and used and token.word in words:
        number = words.index(token.word)
        return (number, 1.0) if number not in used else None
    if token.kind != "word" or token.word in STOP:
        return None
    scores = [(likeness(token.word, word), -number) for number, word in enumerate(words) if number not in used]
    score, number = max(scores, default=(0.0, 0))
    return (-number, score) if score > 0 else None


def _run_together(column: str, name: str, words: tuple[str, ...], tokens: tuple[Token, ...]) -> list[Mention]:
    """Names written as one word (`bodymass`, `foodexp`), initials (`mpg`, or `BMI` for body_mass_index)."""
    found = []
    one = squashed("".join(words))
    initials = {"".join(word[0] for word in parts) for parts in (words, pieces(name))}
    for start in range(len(tokens)):
        if len(words) > 1 and len(tokens[start].word) > 2 and tokens[start].word in (one, *initials):
            found.append(Mention(((column, None),), start, start + 1, len(words), True, 0.8))
        for size in (2, 3, 4):
            window = tokens[start : start + size]
            said = tuple(token.word for token in window)
            if len(words) > 1 or len(window) < size or any(token.kind != "word" for token in window) or said[0] in STOP:
                continue
            if len(one) > 4 and is_compound(one, said) and said[-1] not in STOP:
                found.append(Mention(((column, None),), start, start + size, size, True, 0.9 if one == "".join(said) else 0.7))
            elif is_acronym(one, said) and sum(word not in STOP for word in said) >= 2:
                found.append(Mention(((column, None),), start, start + size, size, True, 0.8))
    return found


def _sensible(runs: list[Mention], tokens: tuple[Token, ...]) -> list[Mention]:
    """Without runs in which only general words match a part of a name, unless no other column has that dimension."""
    return [run for run in runs if run.full or run.is_level or not _generic_only(run, tokens, runs)]


def _generic_only(run: Mention, tokens: tuple[Token, ...], runs: list[Mention]) -> bool:
    window = [token for token in tokens[run.start : run.end] if token.word not in GAPS]
    if any(token.word not in GENERIC and token.stem not in GENERIC for token in window):
        return False
    dimension = all(token.stem in DIMENSIONS and not token.added for token in window)
    alone = all(other.columns == run.columns or not (other.start <= run.start < other.end) for other in runs)
    return not (dimension and alone)


def _place(runs: list[Mention]) -> list[Mention]:
    """The best runs without overlap, in order; equals on the same tokens merge into one mention with several options."""
    placed: list[Mention] = []
    for run in sorted(runs, key=lambda run: (*(-float(part) for part in run.rank), run.start, run.options[0][0])):
        same = next((mention for mention in placed if (mention.start, mention.end) == (run.start, run.end)), None)
        if same is not None and _equal(same, run):
            merged = replace(same, options=tuple(dict.fromkeys((*same.options, *run.options))))
            placed[placed.index(same)] = merged
        elif all(run.end <= mention.start or mention.end <= run.start for mention in placed):
            placed.append(run)
    return sorted(placed, key=lambda mention: mention.start)


def _equal(one: Mention, other: Mention) -> bool:
    same_sort = one.is_level == other.is_level
    return same_sort and one.matched == other.matched and one.full == other.full and abs(one.strength - other.strength) < 0.25


def _heads_another_noun(mention: Mention, tokens: tuple[Token, ...], placed: list[Mention]) -> bool:
    """Whether a part of a name only qualifies a noun that the data do not have: `heart attack` is no heart_rate."""
    if mention.end >= len(tokens):
        return False
    following = tokens[mention.end]
    general = following.word in STOP or following.word in NEUTRAL or following.stem in ROW_STEMS
    if following.kind != "word" or general or following.added or tokens[mention.end - 1].added:
        return False
    return not any(other.start <= mention.end < other.end for other in placed)


def _as_group_noun(mention: Mention, tokens: tuple[Token, ...], card: DataCard) -> Mention:
    """`smokers` and `non-smokers` are the levels of a yes/no column called smoker."""
    column = card.column(mention.options[0][0])
    if not mention.sure or mention.is_level or column is None or column.kind != Kind.BINARY:
        return mention
    word = tokens[mention.end - 1].word
    before = tokens[mention.start - 1].word if mention.start else ""
    hyphen = mention.start > 1 and tokens[mention.start - 1].text in "-–"
    denied = before in ("non", "not", "never", "without") or (hyphen and tokens[mention.start - 2].word == "non")
    yes, no = positive_level(column), negative_level(column)
    if yes is None or no is None:
        return mention
    if denied:
        return replace(mention, options=((column.name, no),), start=mention.start - (2 if hyphen else 1))
    plural = word.endswith("s") and not pieces(column.name)[-1].endswith("s") and not word.endswith("ss") and mention.full
    agent = plural and (word[:-1].endswith(("er", "or")) or word[:-1] == pieces(column.name)[-1])
    return replace(mention, options=((column.name, yes),)) if agent else mention


def _both_moments(tokens: tuple[Token, ...]) -> tuple[int, ...]:
    """Places of the words of `before and after`, which name two moments and end no column's name."""
    for place, token in enumerate(tokens[:-2]):
        joint = tokens[place + 1].word in ("and", "to", "vs", "versus", "than", "with", "or")
        ends = {token.word, tokens[place + 2].word}
        if joint and ends & BEFORE and ends & AFTER:
            return (place, place + 2)
    return ()


def _as_own_level(mention: Mention, placed: list[Mention], tokens: tuple[Token, ...], card: DataCard) -> Mention:
    """`Foreign cars` are a level, where the column called foreign has a level called Foreign."""
    column = card.column(mention.columns[0])
    if column is None or mention.is_level or not mention.sure or not column.kind.categorical or not mention.full:
        return mention
    own = next((level.name for level in column.levels if fold(level.name) == fold(column.name)), None)
    following = tokens[mention.end] if mention.end < len(tokens) else None
    before = tokens[mention.start - 1].word if mention.start else ""
    others = any(other.is_level and column.name in other.columns for other in placed)
    rows = following is not None and following.stem in ROW_STEMS
    return replace(mention, options=((column.name, own),)) if own and (others or rows or before in ("the", "non")) else mention


def _names_rows(mention: Mention, tokens: tuple[Token, ...]) -> bool:
    """Whether the words that match a part of a name are words for rows alone: `household` is no household_income."""
    words = [token for token in tokens[mention.start : mention.end] if token.word not in GAPS]
    return bool(words) and all(token.stem in ROW_STEMS and not token.added for token in words)


def _counts_time(mention: Mention, tokens: tuple[Token, ...], card: DataCard) -> bool:
    """Whether the mention is the unit of a number: `below 60 years` is no mention of a column called year."""
    before = tokens[mention.start - 1] if mention.start else None
    word = tokens[mention.start]
    return (
        before is not None
        and not mention.is_level
        and before.kind == "number"
        and mention.end - mention.start == 1
        and word.word.endswith("s")
        and word.stem in TIME_UNITS
    )


def _joined(mentions: list[Mention], tokens: tuple[Token, ...]) -> list[Mention]:
    """`Biscoe island` is one mention of a level, when Biscoe is a level of the column called island."""
    kept = list(mentions)
    for one, other in pairwise(mentions):
        between = tokens[one.end : other.start]
        level, column = (one, other) if one.is_level else (other, one)
        beside = all(token.word in ("of", "the", "is", "=") or token.text in "-–=" for token in between) and len(between) <= 1
        if beside and level.is_level and not column.is_level and set(column.columns) & set(level.columns):
            own = tuple(option for option in level.options if option[0] in column.columns)
            merged = replace(level, options=own, start=one.start, end=other.end)
            if one in kept and other in kept:
                kept[kept.index(one)] = merged
                kept.remove(other)
    return kept


def unit_columns(card: DataCard, sheet: StudySheet) -> tuple[str, ...]:
    """Columns that tell units apart: declared ones, those that the profile found to repeat, and identifiers."""
    repeated = (trap.column for trap in card.traps if trap.kind == "repeated ids")
    identifiers = (column.name for column in card.columns if column.kind == Kind.IDENTIFIER)
    named = dict.fromkeys((sheet.pair, sheet.id, sheet.cluster, *repeated, *identifiers))
    return tuple(name for name in named if name is not None and card.column(name) is not None)


def _tells_rows_apart(mention: Mention, card: DataCard, units: tuple[str, ...]) -> bool:
    """Whether a word for the rows stands there, and no column: `patients` beside patient_id, `country` where countries repeat."""
    cards = [card.column(name) for name in mention.columns]
    nameless = all(column is not None and column.kind in (Kind.IDENTIFIER, Kind.TEXT, Kind.EMPTY) for column in cards)
    only_units = all(name in units for name in mention.columns)
    return not mention.is_level and ((nameless and not mention.full) or only_units)


def _with_positives(mentions: list[Mention], card: DataCard) -> list[Mention]:
    """Beside `non-union members`, `union members` are the column's other level and not the column."""
    denied = {mention.columns[0]: mention.options[0][1] for mention in mentions if mention.is_level and mention.sure}
    settled = []
    for mention in mentions:
        column = card.column(mention.columns[0])
        negated = column is not None and column.kind == Kind.BINARY and denied.get(column.name) == negative_level(column)
        yes = positive_level(column) if negated and column is not None else None
        alone = mention.sure and not mention.is_level and yes is not None
        settled.append(replace(mention, options=((mention.columns[0], yes),)) if alone else mention)
    return settled


def _numeric(mentions: list[Mention], tokens: tuple[Token, ...], card: DataCard, sheet: StudySheet) -> list[Mention]:
    taken = [(mention.start, mention.end, mention.columns if not mention.is_level else ()) for mention in mentions]
    numeric = with_numeric_levels(taken, tokens, card, sheet.time)
    fresh = [Mention(((column, level),), start, end, end - start, True, 1.0) for column, level, start, end in numeric]
    spared = [mention for mention in mentions if all(mention.end <= new.start or new.end <= mention.start for new in fresh)]
    return sorted((*spared, *fresh), key=lambda mention: mention.start)

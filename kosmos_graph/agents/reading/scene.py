"""One question before one data set: what it names, as text in which columns, levels and numbers are marks."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from kosmos_graph.agents.reading.adjectives import OPTIONAL_QUANTITIES
from kosmos_graph.agents.reading.levels import Option
from kosmos_graph.agents.reading.lexicon import AFTER, BEFORE, NEUTRAL, STOP
from kosmos_graph.agents.reading.mentions import Mention, find_mentions
from kosmos_graph.agents.reading.moments import measurement_pairs
from kosmos_graph.agents.reading.phrasing import plain_text, with_values
from kosmos_graph.agents.reading.tokens import Token, tokenise
from kosmos_graph.agents.reading.words import fold, pieces, stem
from kosmos_graph.domain.data_card import ColumnCard, DataCard
from kosmos_graph.domain.study_sheet import StudySheet

MARK = re.compile(r"[CLND]\d+")
COLUMN = re.compile(r"C\d+")
LEVEL = re.compile(r"L\d+")

SUBJECTS = frozenset(
    [
        "do",
        "does",
        "did",
        "has",
        "have",
        "had",
        "is",
        "are",
        "was",
        "were",
        "the",
        "their",
        "its",
        "his",
        "her",
        "patient",
        "people",
        "s",
    ]
)
GAINS = ("change", "gain", "improvement", "growth", "increase", "decrease", "difference", "reduction", "loss")
MOVING = (
    "change",
    "fall",
    "fell",
    "rise",
    "rose",
    "drop",
    "increas",
    "decreas",
    "improv",
    "grow",
    "grew",
    "declin",
    "go",
    "worsen",
    "shift",
    "differ",
)
SYMBOLS = {"=": "=", ">": "more than", "<": "less than", "≥": "at least", "≤": "at most", "≠": "differs from", "~": "~"}

SOURCE = re.compile(
    r"\b(?:in|from|for|using|within|according to|based on) (?:the |this |these |our |my )?(?:[a-z]+ "
    r"){0,2}?(?:data ?set|data|sample|file|study|survey|records)\b"
)
"""Words that say which data are meant, and no part of what is asked about them."""


@dataclass(frozen=True)
class Scene:
    """A question before a data set.

    `text` is the question in plain words, where `C3` stands for the fourth mention, a column, `L2` for one of a level, `N5` and
    `D5` for the number or date at token 5, and a comma for every stop. Words are lower case, so marks cannot be faked.
    `within` says that the question asks for a comparison within the same units; those words are no longer in the text.
    `full_text` is the text before any of it was cut out.
    """

    tokens: tuple[Token, ...]
    card: DataCard
    sheet: StudySheet
    mentions: tuple[Mention, ...]
    text: str
    notes: tuple[str, ...] = ()
    within: bool = False
    full_text: str = ""

    def column(self, name: str) -> ColumnCard:
        """The card of a column that exists. Raises KeyError otherwise."""
        found = self.card.column(name)
        if found is None:
            raise KeyError(name)
        return found

    def columns_in(self, text: str) -> tuple[str, ...]:
        """Columns that `text` marks, in order, without repeats."""
        return tuple(dict.fromkeys(self.mentions[int(mark[1:])].options[0][0] for mark in COLUMN.findall(text)))

    def levels_in(self, text: str) -> tuple[tuple[str, str], ...]:
        """(column, level) pairs that `text` marks, in order, without repeats."""
        options = (self.mentions[int(mark[1:])].options[0] for mark in LEVEL.findall(text))
        return tuple(dict.fromkeys((column, level) for column, level in options if level is not None))

    @property
    def columns_with_two_levels(self) -> tuple[str, ...]:
        """Columns of which the text marks two or more levels."""
        named = [column for column, _ in self.levels_in(self.text)]
        return tuple(name for name in dict.fromkeys(named) if named.count(name) > 1)

    def number(self, mark: str) -> Token:
        """The number or date token of a mark."""
        return self.tokens[int(mark[1:])]

    def without(self, span: tuple[int, int]) -> Scene:
        """The same scene with a part of its text cut out."""
        return replace(self, text=squeeze(f"{self.text[: span[0]]} , {self.text[span[1] :]}"))

    def words_of(self, text: str) -> str:
        """Words that could name something and that the data do not have, for a sentence to the user."""
        unknown = [word for word in text.split() if word.isalpha() and word.islower() and word not in STOP and word not in NEUTRAL]
        return " ".join(unknown)


def squeeze(text: str) -> str:
    """Single blanks, no stops at the ends or in a row."""
    parts = [part.strip() for part in re.split(r",", re.sub(r"\s+", " ", text))]
    return " , ".join(part for part in parts if part)


def set_scene(question: str, card: DataCard, sheet: StudySheet, *, plain: bool = False) -> Scene:
    """Find the mentions, settle those that could mean several things where the context tells, and write the marked text.

    With `plain`, a column whose name is a plain word (mean, trend, change) counts wherever that word stands.
    """
    tokens = tokenise(question, frozenset(fold(level.name) for column in card.columns for level in column.levels))
    found = find_mentions(tokens, card, sheet, plain)
    mentions = _settle(found, tokens, card, sheet)
    marked = plain_text(squeeze(SOURCE.sub(" ", mark(tokens, mentions))))
    named = {
        f"C{number}": column
        for number, mention in enumerate(mentions)
        if not mention.is_level and (column := card.column(mention.columns[0])) is not None
    }
    text, notes = with_values(marked, named)
    notes = (*notes, *_later_notes(found, mentions, card))
    return Scene(tokens, card, sheet, mentions, squeeze(text), notes, full_text=squeeze(text))


def mark(tokens: tuple[Token, ...], mentions: tuple[Mention, ...]) -> str:
    """The marked text."""
    parts: list[str] = []
    starts = {mention.start: number for number, mention in enumerate(mentions)}
    inside = {place for mention in mentions for place in range(mention.start, mention.end)}
    for place, token in enumerate(tokens):
        if place in starts:
            mention = mentions[starts[place]]
            parts += _grading(tokens, mention)
            parts.append(f"{'L' if mention.is_level else 'C'}{starts[place]}")
        elif place not in inside:
            parts.append(_symbol(token, place))
    return squeeze(" ".join(part for part in parts if part))


def _grading(tokens: tuple[Token, ...], mention: Mention) -> list[str]:
    """`more` and `less` that stand within a mention (sepals longer) are kept before it."""
    return [token.word for token in tokens[mention.start : mention.end] if token.word in ("more", "less", "most", "least")]


def _symbol(token: Token, place: int) -> str:
    if token.kind in ("number", "date"):
        return f"{token.kind[0].upper()}{place}"
    if token.kind == "stop":
        return ","
    if token.kind == "other":
        return SYMBOLS.get(token.text, "")
    return "" if token.added and token.word in OPTIONAL_QUANTITIES else token.word


def _after(mention: Mention, pairs: tuple[tuple[str, str], ...]) -> Mention:
    """The later of two measurements, where either may be meant."""
    pair = next((pair for pair in pairs if {*pair} == {*mention.columns}), None)
    return mention if pair is None or mention.is_level else replace(mention, options=((pair[0], None),))


def _later_notes(found: tuple[Mention, ...], settled: tuple[Mention, ...], card: DataCard) -> tuple[str, ...]:
    """A sentence for each measurement of two that was taken because it is the later one."""
    open_ones = {mention.start: {*mention.columns} for mention in found if not mention.sure}
    pairs = measurement_pairs(card.columns)
    taken = ((mention.columns[0], open_ones.get(mention.start)) for mention in settled if mention.sure)
    earlier = (
        (late, next((before for after, before in pairs if after == late and {after, before} == options), None))
        for late, options in taken
    )
    return tuple(
        f"{late} was taken, and not {before}: it is the later of the two measurements."
        for late, before in earlier
        if before is not None
    )


def _said_again(mention: Mention, mentions: tuple[Mention, ...], tokens: tuple[Token, ...]) -> bool:
    """Whether the words are part of a name that stands in the question in full: `score higher on test_score`."""
    words = {token.stem for token in tokens[mention.start : mention.end]}
    full = (other for other in mentions if other.sure and other.full and not other.is_level and other is not mention)
    return not mention.is_level and any(words <= {stem(word) for word in pieces(other.columns[0])} for other in full)


def _is_result(mention: Mention, tokens: tuple[Token, ...]) -> bool:
    """Whether something else acts on the measurement: no `did the score change`, no `before` and no `after` beside it."""
    told = any(token.word in BEFORE | AFTER for place, token in enumerate(tokens) if not mention.start <= place < mention.end)
    before = [token.word for token in tokens[: mention.start]]
    after = [token.word for token in tokens[mention.end : mention.end + 3]]
    subject = all(word in SUBJECTS for word in before) and any(word.startswith(MOVING) for word in after)
    noun = any(word.startswith(GAINS) for word in (*before[-3:], *after[:1]))
    return not (told or subject or noun)


def _settle(mentions: tuple[Mention, ...], tokens: tuple[Token, ...], card: DataCard, sheet: StudySheet) -> tuple[Mention, ...]:
    sure = {column for mention in mentions if mention.sure for column in mention.columns}
    mentions = tuple(mention for mention in mentions if mention.sure or not _said_again(mention, mentions, tokens))
    pairs = measurement_pairs(card.columns)
    several = len(mentions) > 1
    mentions = tuple(_after(mention, pairs) if several and _is_result(mention, tokens) else mention for mention in mentions)
    chosen = (mention if mention.sure else _choose(mention, sure, mentions, card, sheet) for mention in mentions)
    return tuple(mention for mention in chosen if mention is not None)


def _choose(mention: Mention, sure: set[str], mentions: tuple[Mention, ...], card: DataCard, sheet: StudySheet) -> Mention | None:
    """The mention with one option where the rest of the question settles it; None where it repeats what is named elsewhere."""
    named = [option for option in mention.options if option[0] in sure]
    if not mention.is_level and len(named) > 1:
        return None
    for wanted in (sure, {sheet.primary_outcome}, {sheet.treatment}):
        fits = tuple(option for option in mention.options if option[0] in wanted)
        if len(fits) == 1:
            return replace(mention, options=fits)
    return replace(mention, options=(_level_option(mention, mentions, card),)) if mention.is_level else mention


def _level_option(mention: Mention, mentions: tuple[Mention, ...], card: DataCard) -> Option:
    """Of columns that share a level's name, the one with the most levels named, then the first of the data set."""
    order = {column.name: place for place, column in enumerate(card.columns)}
    named = [option for other in mentions if other.is_level for option in other.options]

    def preference(option: Option) -> tuple[int, int, str]:
        levels = {level for column, level in named if column == option[0]}
        return (-len(levels), order.get(option[0], 0), option[1] or "")

    return min(mention.options, key=preference)


def ambiguous(scene: Scene) -> Mention | None:
    """The first mention that could still mean several columns."""
    return next(
        (scene.mentions[int(found[1:])] for found in COLUMN.findall(scene.text) if not scene.mentions[int(found[1:])].sure), None
    )


def general_words(scene: Scene) -> frozenset[str]:
    """Stems of words that the data set's name and the sheet's unit of analysis add to the general ones."""
    stem_of_file = scene.card.name.rsplit(".", 1)[0]
    return frozenset(stem(word) for word in (*pieces(stem_of_file), *pieces(scene.sheet.unit or "")))


def unknown_words(scene: Scene, text: str) -> tuple[str, ...]:
    """Content words of `text` that are neither marks, general words, nor words for the rows of this data set."""
    known = general_words(scene)
    words = (word for word in text.split() if word.isalpha() and word.islower())
    return tuple(word for word in words if word not in STOP and word not in NEUTRAL and stem(word) not in known)

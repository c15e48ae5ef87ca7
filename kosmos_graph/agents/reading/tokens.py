"""The question as a list of tokens: words glossed to plain English ones, numbers, dates and stops."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from kosmos_graph.agents.reading.adjectives import GRADED
from kosmos_graph.agents.reading.languages import ENGLISH, gloss_table
from kosmos_graph.agents.reading.lexicon import MONTHS
from kosmos_graph.agents.reading.words import PIECE, fold, stem, unaccent

LONGEST = 4000
"""Characters of a question that are read; the rest of a longer one is no question."""

TOKEN = re.compile(
    r"(?P<date>\d{4}-\d{2}(?:-\d{2})?(?!\d))|"
    r"(?P<number>(?<![\w.])[-−]?\d+(?:,\d+)*(?:\.\d+)?(?:e[+-]?\d+)?(?![A-Za-z_\d])|\d+(?=(?:st|nd|rd|th)\b))|"
    r"(?P<stop>[,;:?!.])"
    r"|(?P<word>[^\W_]+)|(?P<percent>%)|(?P<other>[^\s_])"
)
IDIOMS = (
    (re.compile(r"\bau (?:fil|cours) d(?:u|es|e la) (?:temps|annees|periode)\b", re.IGNORECASE), "over time"),
    (re.compile(r"\b(?:im|mit der|uber die) (?:Laufe der )?(?:Zeit|Jahren?)\b", re.IGNORECASE), "over time"),
    (re.compile(r"\bfollow[- ]up\b", re.IGNORECASE), "followup"),
    (re.compile(r"\b(time|day|hour) of (?:the )?(?:day|week|month|year)\b", re.IGNORECASE), r"\1"),
)
CONTRACTIONS = (
    (re.compile(r"n['’]t\b"), " not"),
    (re.compile(r"(?<=\w)['’]s\b"), " "),
    (re.compile(r"(?<=\w)['’](?=\w)"), " "),
    (re.compile(r"(?<=s)['’](?=\s)(?![^'’]*['’](?:\W|$))"), " "),
)


@dataclass(frozen=True)
class Token:
    """One token. `word` is folded and glossed; `start` and `end` are its place in the text; `value` a number's value.

    `added` marks a quantity that an adjective brought along (weight for heavier).
    """

    kind: Literal["word", "number", "date", "stop", "other"]
    text: str
    word: str
    start: int
    end: int
    value: float | None = None
    percent: bool = False
    added: bool = False

    @property
    def stem(self) -> str:
        """The word without its inflection."""
        return stem(self.word)


def tokenise(text: str, levels: frozenset[str] = frozenset()) -> tuple[Token, ...]:
    """Tokens of a question, in order; a word that is one of `levels`, folded, is no adjective (the old programme)."""
    plain = unaccent(_expand(text[:LONGEST]))
    found = list(TOKEN.finditer(plain))
    table = gloss_table([fold(match.group()) for match in found if match.lastgroup == "word"])
    tokens: list[Token] = []
    for match in found:
        if match.lastgroup == "percent":
            _mark_percent(tokens)
        else:
            tokens.extend(_read(match, table, levels))
    return tuple(_with_months(tokens))


def _expand(text: str) -> str:
    for short, full in CONTRACTIONS:
        text = short.sub(full, text)
    for pattern, plain in IDIOMS:
        text = pattern.sub(plain, text)
    return text


def _mark_percent(tokens: list[Token]) -> None:
    if tokens and tokens[-1].kind == "number":
        last = tokens.pop()
        tokens.append(Token("number", last.text, last.word, last.start, last.end, last.value, percent=True))
    else:
        tokens.append(Token("word", "%", "percent", -1, -1))


def _read(match: re.Match[str], table: dict[str, str], levels: frozenset[str]) -> list[Token]:
    text, start, end = match.group(), match.start(), match.end()
    match match.lastgroup:
        case "date":
            return [Token("date", text, text, start, end)]
        case "number":
            value = float(text.replace(",", "").replace("−", "-"))
            return [Token("number", text, text.replace(",", ""), start, end, value)]
        case "stop" | "other":
            return [Token("stop" if match.lastgroup == "stop" else "other", text, text, start, end)]
    return [token for piece in PIECE.finditer(text) for token in _words(piece.group(), start + piece.start(), table, levels)]


def _words(text: str, start: int, table: dict[str, str], levels: frozenset[str]) -> list[Token]:
    word = fold(text)
    if word in levels and GRADED.get(word, "more").split()[0] not in ("more", "less", "most", "least"):
        return [Token("word", text, word, start, start + len(text))]
    if word == "zero" and not table:
        return [Token("number", text, "0", start, start + len(text), 0.0)]
    said = table.get(word, word).split() if table else [word]
    graded = [(part, bool(number)) for said_word in said for number, part in enumerate(GRADED.get(said_word, said_word).split())]
    lone = GRADED.get(word) is not None and len(graded) == 1 and word not in ("higher", "larger", "lower")
    return [Token("word", text, part, start, start + len(text), added=added or lone) for part, added in graded]


def _with_months(tokens: list[Token]) -> list[Token]:
    """Join `February 1983`, `1 October 2013` and `October 1st, 2013` into one date."""
    joined: list[Token] = []
    place = 0
    while place < len(tokens):
        size, date = _date_at(tokens, place)
        if date is None:
            joined.append(tokens[place])
        else:
            window = tokens[place : place + size]
            joined.append(Token("date", window[0].text, date, window[0].start, window[-1].end))
        place += size
    return joined


def _date_at(tokens: list[Token], place: int) -> tuple[int, str | None]:
    """How many tokens from `place` on are a date with a month's name, and the date; one token and None where there is none."""
    if MONTHS.get(tokens[place].word) is None and _day(tokens[place]) is None:
        return 1, None
    month: int | None = None
    day: int | None = None
    for size, token in enumerate(tokens[place : place + 6], start=1):
        if token.kind == "number" and len(token.word) == 4 and token.word.isdigit():
            found = None if month is None else f"{token.word}-{month:02d}" + ("" if day is None else f"-{day:02d}")
            return (size, found) if found else (1, None)
        if month is None and token.word in MONTHS:
            month = MONTHS[token.word]
        elif day is None and _day(token) is not None:
            day = _day(token)
        elif token.word not in ("st", "nd", "rd", "th", "of", ","):
            break
    return 1, None


def _day(token: Token) -> int | None:
    return int(token.word) if token.kind == "number" and re.fullmatch(r"[12]?\d|3[01]|0[1-9]", token.word) else None


def is_foreign(tokens: tuple[Token, ...]) -> bool:
    """Whether the question is in another language than English, by its function words."""
    words = [fold(token.text) for token in tokens if token.kind == "word"]
    return bool(gloss_table(words)) or not any(word in ENGLISH for word in words)

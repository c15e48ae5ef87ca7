"""Words of a question and of column names: splitting, folding, stemming, and how alike two of them are."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from kosmos_graph.agents.reading.lexicon import ABBREVIATIONS, NUMBER_WORDS, PLAIN_WORDS, ROWS, SYNONYMS, UNITS
from kosmos_graph.agents.reading.lexicon import words as word_set

PIECE = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+\d*|[A-Z]+\d*|\d+(?:[.,]\d+)*|[^\W\d_A-Za-z]+")
DERIVED = tuple(
    sorted(
        word_set(
            """ational ations ation ities ity ments ment ions ion ious ors or ers er als al ages age ance ence ive ous ist ship
            ness ly ees ee ics ic"""
        ),
        key=lambda ending: (-len(ending), ending),
    )
)


@lru_cache(maxsize=8192)
def fold(text: str) -> str:
    """Lower case without accents: `Größe` becomes `grosse`."""
    spread = unicodedata.normalize("NFKD", text.replace("ß", "ss"))
    return "".join(letter for letter in spread if not unicodedata.combining(letter)).casefold()


def unaccent(text: str) -> str:
    """Without accents, letter case kept, so that camel case can still be seen."""
    spread = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in spread if not unicodedata.combining(letter))


@lru_cache(maxsize=8192)
def pieces(name: str) -> tuple[str, ...]:
    """The words of a column name or label, folded: snake case, camel case, points and blanks all split."""
    return tuple(fold(piece) for piece in PIECE.findall(unaccent(name)))


@lru_cache(maxsize=8192)
def stem(word: str) -> str:
    """`word` without its inflection: plural, -ing, -ed."""
    if len(word) <= 3:
        return word
    for ending, instead in (("ies", "y"), ("sses", "ss"), ("xes", "x"), ("ches", "ch"), ("shes", "sh"), ("eing", "e")):
        if word.endswith(ending) and len(word) - len(ending) >= 2:
            return word[: -len(ending)] + instead
    for ending in ("ing", "ed", "es", "s", "e"):
        base = word[: -len(ending)]
        if word.endswith(ending) and len(base) >= 3 and not (ending == "s" and word[-2] in "su"):
            return base[:-1] if len(base) > 3 and base[-1] == base[-2] and base[-1] not in "lsz" else base
    return word


ROW_STEMS = frozenset(stem(word) for word in ROWS)
"""Stems of words for what a row may be."""


@lru_cache(maxsize=8192)
def root(word: str) -> str:
    """`word` without inflection and derivation: `survival`, `survived` and `survivors` share one."""
    base = stem(word)
    for ending in DERIVED:
        if base.endswith(ending) and len(base) - len(ending) >= 4:
            base = base[: -len(ending)]
            break
    return base[:-1] if len(base) > 4 and base[-1] in "aeiy" else base


@lru_cache(maxsize=8192)
def meanings(word: str) -> frozenset[int]:
    """Numbers of the synonym groups that `word` belongs to."""
    forms = {word, stem(word)}
    return frozenset(number for number, group in enumerate(SYNONYMS) if forms & group)


@lru_cache(maxsize=65536)
def likeness(asked: str, named: str) -> float:
    """How surely a word of the question means a word of a column's name, from 0 to 1."""
    if asked == named or stem(asked) == stem(named):
        return 1.0
    if asked.isdigit() or named.isdigit():
        return 0.0
    if (
        asked in ABBREVIATIONS.get(named, ())
        or stem(asked) in ABBREVIATIONS.get(named, ())
        or named in ABBREVIATIONS.get(asked, ())
    ):
        return 0.9
    if meanings(asked) & meanings(named):
        return 0.85
    if len(asked) > 4 and len(named) > 4 and root(asked) == root(named):
        return 0.8
    return 0.6 if shortened(named, asked) or prefixed(named, asked) else 0.0


def shortened(short: str, full: str) -> bool:
    """Whether `short` is `full` cut off (`educ`, `temp`), and no word of its own."""
    return 3 <= len(short) <= len(full) - 3 and full.startswith(short) and short not in PLAIN_WORDS and short.isalpha()


def prefixed(longer: str, word: str) -> bool:
    """Whether `longer` is `word` with a letter or two before it, as in pclass or nkids."""
    return len(word) >= 4 and word not in NUMBER_WORDS and 1 <= len(longer) - len(word) <= 2 and longer.endswith(word)


def is_unit(piece: str) -> bool:
    """Whether a word at the end of a column's name is its unit."""
    return piece in UNITS


def squashed(name: str) -> str:
    """A name's letters and digits alone, folded."""
    return "".join(letter for letter in fold(name) if letter.isalnum())


def is_compound(squash: str, words: tuple[str, ...]) -> bool:
    """Whether `squash` is `words` run together, each whole or cut to at least three letters: `foodexp`, `lifeexp`."""
    if not words:
        return not squash
    first, rest = words[0], words[1:]
    for length in range(len(first), min(3, len(first)) - 1, -1):
        if squash.startswith(first[:length]) and is_compound(squash[length:], rest):
            return True
    return False


def is_acronym(short: str, words: tuple[str, ...]) -> bool:
    """Whether `short` is made of the initials of `words`, three at least."""
    return len(short) == len(words) >= 3 and short.isalpha() and short == "".join(word[:1] for word in words)

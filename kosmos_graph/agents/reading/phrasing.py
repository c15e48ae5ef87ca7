"""Rewrites of marked text: many ways of saying one thing become one of them, before any rule reads it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from kosmos_graph.agents.reading.lexicon import LESS_IS_BETTER
from kosmos_graph.agents.reading.words import pieces, stem
from kosmos_graph.domain.data_card import ColumnCard

PLAIN: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), plain)
    for pattern, plain in (
        (
            r"^(?:(?:so|and|but|please|well|ok|hi|hello|hey|dear \w+) (?:, )?){0,3}(?:i|we) (?:\w+ )?(?:suspect|"
            r"think|believe|guess|"
            r"assume|expect|suppose|hypothesi[sz]e|claim) (?:that )?",
            "is it true that ",
        ),
        (r"^is this than ", "is it true that "),
        (r"^(?:my|our) (?:\w+ )?(?:hypothesis|claim|guess|hunch|theory) is (?:that )?", "is it true that "),
        (r" ,? ?(?:and )?(?:is that so|is that (?:right|true|correct)|is it true|am i right|right|correct|true)$", ""),
        (
            r"^(?P<than>compared (?:to|with)|relative to|in comparison (?:to|with)|in contrast to) (?P<b>[^,]+) , (?P<a>.+)$",
            r"\g<a> \g<than> \g<b>",
        ),
        (r"\bgo(?:es|ing)? (?:\w+ly )?up\b(?! to)", "increase"),
        (r"\b(?:went|gone) (?:\w+ly )?up\b(?! to)", "increased"),
        (r"\bgo(?:es|ing)? (?:\w+ly )?down\b(?! to)", "decrease"),
        (r"\b(?:went|gone) (?:\w+ly )?down\b(?! to)", "decreased"),
        (r"\bshrinks?\b", "decrease"),
        (r"\bshrinking\b", "decreasing"),
        (r"\b(?:shrank|shrunk)\b", "decreased"),
        (r"\b(?:down ?wards?|falling|negative) (?:time )?(?P<t>trends?|drift|tendency)\b", r"decreasing \g<t>"),
        (r"\b(?:up ?wards?|rising|positive) (?:time )?(?P<t>trends?|drift|tendency)\b", r"increasing \g<t>"),
        (r"\bhand in hand\b", "together"),
        (r"\b(?:lose|loses|lost|losing) (?:\w+ )?more (?=C\d+)", "have decreased "),
        (r"\b(?:gain|gains|gained|gaining|put on) (?:\w+ )?more (?=C\d+)", "have more "),
        (r"\b(?:play|plays|played) (?:a|any|no) (?:\w+ )?(?:role|part) (?:in|for)\b", "affect"),
        (r"\b(?:make|makes|made) (?:a|any|some) (?:\w+ )?difference (?:to|in|for|on)\b", "affect"),
        (r"\b(?:ha(?:s|ve|d)|having) (?P<of>C\d+|L\d+)ed\b", r"\g<of>"),
        (r"\bmore (?:than =|or equal)\b", "at least"),
        (r"\bless (?:than =|or equal)\b", "at most"),
        (r"\bover and above\b", "beyond"),
        (r"\bnot? (?:greater|more|larger|higher) than (?=N\d)", "at most "),
        (r"\bno (?:less|fewer) than (?=N\d)", "at least "),
        (r"\b(?:on|in) (?:the )?average\b", "on average"),
        (r"\bthe two (?=C|L)", "the "),
    )
)
VALUED = re.compile(r"\b(?P<word>better|worse|best|worst|improv\w*|worsen\w*|deteriorat\w*)\b")
GOOD = {"better": "more", "best": "most", "worse": "less", "worst": "least"}
JUDGED = re.compile(
    r"\b(?:better|worse|best|worst) (?:\w+ )?(?:predict\w*|explain\w*|explanation|indicat\w*|model\w*|fit\w*|correlat\w*|"
    r"measure|sign|than expected)\b|\b(?:predict|explain|model|fit)\w*\b.*\b(?:better|worse|best)\b"
)


def plain_text(text: str) -> str:
    """The text with its idioms replaced."""
    for pattern, plain in PLAIN:
        text = pattern.sub(plain, text)
    return text


def with_values(text: str, named: Mapping[str, ColumnCard]) -> tuple[str, tuple[str, ...]]:
    """`Better` and `worse` as more or less of the column that they are about, and notes on how they were taken.

    `named` gives the column of each mark in the text.
    """
    if VALUED.search(text) is None or JUDGED.search(text):
        return text, ()
    notes: list[str] = []

    def turned(found: re.Match[str]) -> str:
        column = _about(text, found, named)
        cost = column is not None and _is_cost(column)
        if column is not None:
            notes.append(f"{'Lower' if cost else 'Higher'} values of {column.name} were taken as better.")
        return _valued(found.group("word"), cost)

    changed = VALUED.sub(turned, text)
    return changed, tuple(dict.fromkeys(notes))


def _about(text: str, found: re.Match[str], named: Mapping[str, ColumnCard]) -> ColumnCard | None:
    """The column right before a word of value (`is C0 better with C1`), else the first after it, else the last before it."""
    after = [named[mark] for mark in re.findall(r"\bC\d+\b", text[found.end() :]) if mark in named]
    before = [named[mark] for mark in re.findall(r"\bC\d+\b", text[: found.start()]) if mark in named]
    beside = re.search(r"\bC\d+ $", text[: found.start()]) is not None
    return before[-1] if before and (beside or not after) else after[0] if after else None


def _is_cost(column: ColumnCard) -> bool:
    """Whether less of a quantity is better, by its name or label."""
    words = {*pieces(column.name), *pieces(column.label or "")}
    return column.kind.numeric and bool(LESS_IS_BETTER & {*words, *map(stem, words)})


def _valued(word: str, cost: bool) -> str:
    if word in GOOD:
        opposite = {"more": "less", "most": "least", "less": "more", "least": "most"}
        return opposite[GOOD[word]] if cost else GOOD[word]
    up = word.startswith("improv") != cost
    ending = "ing" if word.endswith("ing") else "ed" if word.endswith("ed") else "es" if word.endswith("s") else "e"
    return f"{'increas' if up else 'decreas'}{ending}"

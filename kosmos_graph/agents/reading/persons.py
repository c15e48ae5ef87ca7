"""Nouns for people made from a scale, and verbs of choice: words whose meaning for a column of numbers nothing tells."""

from __future__ import annotations

import re

from kosmos_graph.agents.reading.frame import Claim, Unread
from kosmos_graph.agents.reading.scene import Scene
from kosmos_graph.agents.reading.tokens import is_foreign
from kosmos_graph.agents.reading.words import fold, likeness, pieces
from kosmos_graph.domain.data_card import ColumnCard, Kind

PERSON_ENDINGS = ("ives", "ists", "als", "ers", "ors", "ians")
CHOICE = re.compile(r"\b(?:prefer\w*|favou?r(?:s|ed|ing)?|vot(?:e|es|ed|ing)|endors\w*|supports?|supported|opposes?|opposed)\b")
CHOOSERS = re.compile(
    r"\b(?:voters?|supporters?|followers|fans|opponents) (?:of|for) C\d|\bC\d+ (?:voters?|supporters?|followers|fans)\b"
)


def scale_person(scene: Scene) -> Unread | None:
    """`Are conservatives older?` with a scale of conservatism: which end of it they are is not told."""
    for mention in scene.mentions:
        column = scene.column(mention.columns[0])
        if mention.is_level or not _is_scale(column) or is_foreign(scene.tokens):
            continue
        word = fold(scene.tokens[mention.end - 1].text)
        if mention.end - mention.start == 1 and word.endswith(PERSON_ENDINGS) and not _is_name(word, column):
            return Unread(f"which values of {column.name} “{word}” have is not clear", (column.name,))
    return None


def _is_scale(column: ColumnCard) -> bool:
    return column.kind.numeric or column.kind == Kind.ORDINAL


def _is_name(word: str, column: ColumnCard) -> bool:
    """Whether the data use the word itself, as a name of things (flippers, cylinders) and not of people of one kind."""
    named = pieces(f"{column.name} {column.label or ''}")
    derived = max((likeness(word, part) for part in named), default=0.0) == 0.8
    return word in named or (word.endswith(("als", "ers", "ors")) and not derived)


def choice(scene: Scene, claims: tuple[Claim, ...]) -> Unread | None:
    """`Do older people prefer Smith?` where no level is called Smith, and a number tells something else of Smith."""
    verb, noun = CHOICE.search(scene.full_text), CHOOSERS.search(scene.full_text)
    outcomes = tuple(claim.target.outcome for claim in claims)
    columns = (*outcomes, *(name for claim in claims for name in claim.target.predictors))
    by_verb = verb is not None and any(scene.column(name).kind.numeric for name in outcomes)
    by_noun = noun is not None and all(scene.column(name).kind.numeric for name in columns)
    if not (by_verb or by_noun):
        return None
    return Unread("no column of the data tells who is for or against whom", tuple(dict.fromkeys(columns)))

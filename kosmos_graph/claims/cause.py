"""Whether words of cause are licensed: only a randomised study that shows an effect licenses them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from kosmos_graph.claims.direction import SUPPOSING_SECTIONS
from kosmos_graph.claims.licence import Scope
from kosmos_graph.claims.polarity import Clause, clause_text, followed_by, polarity
from kosmos_graph.claims.tokens import tokenize
from kosmos_graph.claims.words import ACCIDENT, CAUSE_NOUN, CAUSE_PHRASES, CAUSE_VERB
from kosmos_graph.domain.analysis import Section

SIZES = frozenset({"effect", "standardised", "low", "high", "interval", "delta", "minimum_detectable"})
"""References that stand for a size."""


def speaks_of_cause(text: str) -> bool:
    """Whether a question or hypothesis has a word of cause in it."""
    return any(True for _ in _causes(tokenize(text, ())))


def cause_reasons(clause: Clause, scopes: Sequence[Scope], section: Section) -> Iterator[str]:
    """Why the clause's words of cause are not licensed."""
    for place, word in _causes(clause):
        how = polarity(clause, place)
        if (
            how in ("open", "not shown")
            or (how == "supposed" and section in SUPPOSING_SECTIONS)
            or _put_down_to_accident(clause, place)
        ):
            continue
        if how == "denied" and (clause[place].text in CAUSE_NOUN or _instead(clause, place)):
            continue
        if how == "asserted" and scopes and all(scope.causal for scope in scopes):
            continue
        yield f'"{word}" speaks of a cause, which this study does not license: write "associated with" or "goes with"'


def _causes(clause: Clause) -> Iterator[tuple[int, str]]:
    """Places at which the clause speaks of a cause, each with the words that do."""
    text = clause_text(clause)
    for place, token in enumerate(clause):
        if token.kind == "word" and token.text in CAUSE_VERB | CAUSE_NOUN and not _finding_out(clause, place):
            yield place, token.text
    for phrase in CAUSE_PHRASES:
        for found in re.finditer(rf"(?<!\S)(?:{phrase.pattern})(?!\S)", text):
            place = text[: found.start()].count(" ")
            if not _of_a_size(clause, place + found.group().count(" ") + 1):
                yield place, found.group()


def _of_a_size(clause: Clause, after: int) -> bool:
    """Whether a computed size follows ("an effect of {effect}"), not a cause."""
    following = clause[after : after + 1]
    return any(token.kind == "reference" and token.text.rpartition(".")[2] in SIZES for token in following)


def _finding_out(clause: Clause, place: int) -> bool:
    return clause[place].text.startswith("determine") and followed_by(
        clause, place, frozenset({"whether", "if", "how", "which"}), 1
    )


def _put_down_to_accident(clause: Clause, place: int) -> bool:
    reasons = ACCIDENT | {"not", "few", "no"} if clause[place].text == "because" else ACCIDENT
    return followed_by(clause, place, reasons, 6) and clause[place].text not in ("cause", "causes", "caused", "causing")


def _instead(clause: Clause, place: int) -> bool:
    before = [token.text for token in clause[:place]]
    return any(pair in (("rather", "than"), ("instead", "of")) for pair in pairwise(before))

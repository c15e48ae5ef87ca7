"""The check of claims: which sentences a result licenses, and why the others go back."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from kosmos_graph.claims.assertions import assertion_reasons
from kosmos_graph.claims.cause import cause_reasons
from kosmos_graph.claims.direction import direction_reasons
from kosmos_graph.claims.form import hostile_reasons, language_reasons, number_reasons, reference_reasons
from kosmos_graph.claims.licence import Licence, data_names, study_licence, synthesis_licence
from kosmos_graph.claims.polarity import Clause, clauses
from kosmos_graph.claims.references import hypothesis_of
from kosmos_graph.claims.tokens import Token, tokenize
from kosmos_graph.claims.words import CERTAINTY, RESULT_CLAIM
from kosmos_graph.domain.analysis import ClaimsCheck, Rejection, Section, Sentence

__all__ = ["Licence", "check_sentences", "check_words", "data_names", "study_licence", "synthesis_licence"]

LONGEST_WORDS = 1000
"""Characters that a designer's free words may have in one field."""


def check_sentences(key: str, sentences: tuple[Sentence, ...], licence: Licence) -> ClaimsCheck:
    """Sort sentences into those that the licence covers and those that go back, each with all its reasons."""
    reasons = [(sentence, sentence_reasons(sentence, licence)) for sentence in sentences]
    return ClaimsCheck(
        key=key,
        accepted=tuple(sentence for sentence, found in reasons if not found),
        rejected=tuple(Rejection(text=sentence.text, reason="; ".join(found)) for sentence, found in reasons if found),
    )


def sentence_reasons(sentence: Sentence, licence: Licence) -> tuple[str, ...]:
    """Why one sentence goes back; empty for one that may stand."""
    tokens = tokenize(sentence.text, licence.names)
    form = (
        *hostile_reasons(sentence.text, tokens),
        *reference_reasons(tokens, licence.references),
        *number_reasons(tokens),
        *language_reasons(tokens),
    )
    return tuple(dict.fromkeys((*form, *_claim_reasons(tokens, licence, sentence.section))))


def check_words(text: str, names: Collection[str]) -> tuple[str, ...]:
    """Why a designer's free words cannot stand: numbers outside `names`, claims of results, markup. Empty where they can."""
    tokens = tokenize(text, names)
    found = [*hostile_reasons(text, tokens, LONGEST_WORDS), *number_reasons(tokens)]
    claim = RESULT_CLAIM.search(text)
    if claim is not None:
        found.append(f'"{claim.group()}" claims a result, and nothing was computed yet: say what is expected or done')
    certain = next((token.text for token in tokens if token.kind == "word" and token.text in CERTAINTY), None)
    if certain is not None and certain not in ("certain", "establish", "always", "demonstrate"):
        found.append(f'"{certain}" claims certainty: say what is expected')
    return tuple(found)


def _claim_reasons(tokens: tuple[Token, ...], licence: Licence, section: Section) -> Iterator[str]:
    whole = _hypotheses(tokens)
    for clause in clauses(tokens):
        scopes = licence.about(_hypotheses(clause) or whole)
        yield from direction_reasons(clause, scopes, section)
        yield from assertion_reasons(clause, scopes, section)
        yield from cause_reasons(clause, scopes, section)


def _hypotheses(tokens: Clause) -> frozenset[str]:
    found = (hypothesis_of(token.text) for token in tokens if token.kind == "reference")
    return frozenset(name for name in found if name is not None)

"""Whether words of strength, significance, certainty, verdict, cause and existence are licensed by the result."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from kosmos_graph.claims.direction import SUPPOSING_SECTIONS
from kosmos_graph.claims.licence import Scope
from kosmos_graph.claims.polarity import Clause, Polarity, clause_text, followed_by, polarity, within_delta
from kosmos_graph.claims.words import (
    ABSENCE,
    BE,
    CERTAINTY,
    CLAIM_NOUNS,
    CLOSE,
    EXISTENCE,
    SIGNIFICANCE,
    SIZE_OF_STUDY,
    STRENGTH,
    THERE_IS,
    VERDICT,
)
from kosmos_graph.domain.analysis import Section

DOUBTLESS = re.compile(r"\b(?:no|without(?: a)?|beyond(?: any| reasonable)?) (?:doubt|question)\b|\bdoubtless\b")
EMPTY_DENIAL = frozenset({"non-significant", "nonsignificant", "insignificant", "insignificantly"})


def assertion_reasons(clause: Clause, scopes: Sequence[Scope], section: Section) -> Iterator[str]:
    """Why what the clause asserts is not licensed by every one of the scopes."""
    for place, token in enumerate(clause):
        if token.kind != "word":
            continue
        how = polarity(clause, place)
        if how == "supposed" and section not in SUPPOSING_SECTIONS:
            how = "asserted"
        for check in (_strength, _significance, _certainty, _verdict, _existence, _absence, _within):
            reason = check(clause, place, how, scopes)
            if reason is not None:
                yield reason
    if DOUBTLESS.search(clause_text(clause)):
        yield "it claims certainty: leave that out, the verdict says what is settled"


def _within(clause: Clause, place: int, how: Polarity, scopes: Sequence[Scope]) -> str | None:
    """ "Differs by less than {delta}" states equivalence."""
    if clause[place].text != "by" or not within_delta(clause, place - 1) or how != "asserted":
        return None
    return None if all(scope.equivalent for scope in scopes) else "that the effect is within δ was not shown: write {interval}"


def _after_be(clause: Clause, place: int) -> bool:
    return place > 0 and clause[place - 1].text in BE


def _strength(clause: Clause, place: int, how: Polarity, scopes: Sequence[Scope]) -> str | None:
    word = clause[place].text
    loose = word == "most" and followed_by(clause, place, frozenset({"of"}), 1)
    if (
        (word not in STRENGTH and not loose)
        or how in ("open", "not shown", "supposed")
        or followed_by(clause, place, SIZE_OF_STUDY)
    ):
        return None
    small = word in ("negligible", "trivial") and how == "asserted"
    irrelevant = word in ("relevant", "important", "meaningful") and how == "denied"
    if (small or irrelevant) and all(scope.equivalent for scope in scopes):
        return None
    return f'"{word}" judges the size of the effect: leave it out, {{effect}} and {{interval}} say it'


def _significance(clause: Clause, place: int, how: Polarity, scopes: Sequence[Scope]) -> str | None:
    word = clause[place].text
    if word not in SIGNIFICANCE or how in ("open", "not shown", "supposed"):
        return None
    if word == "significance" and followed_by(clause, place, frozenset({"level", "test", "tests"}), 1):
        return None
    denied = (how == "denied") != (word in EMPTY_DENIAL)
    if denied:
        licensed = all(scope.exceeds_alpha or scope.significant is False for scope in scopes)
    else:
        licensed = all(scope.significant for scope in scopes)
    return (
        None if licensed else f'"{word}" is settled by the rule over all hypotheses, not by a sentence: write {{p}} and {{verdict}}'
    )


def _certainty(clause: Clause, place: int, how: Polarity, scopes: Sequence[Scope]) -> str | None:
    word = clause[place].text
    if word not in CERTAINTY or how not in ("asserted", "supposed"):
        return None
    if word == "certain" and not _after_be(clause, place):
        return None
    return f'"{word}" claims certainty: write what the result shows, and {{verdict}}'


def _verdict(clause: Clause, place: int, how: Polarity, scopes: Sequence[Scope]) -> str | None:
    word = clause[place].text
    if word not in VERDICT or how == "open":
        return None
    about_a_claim = any(token.text in CLAIM_NOUNS or token.kind == "reference" for token in clause)
    if how in ("denied", "not shown", "supposed") and not about_a_claim:
        return None
    stem = "supported" if word.startswith("support") else "refuted" if word[:6] in ("refute", "reject") else word
    if how == "asserted" and all(scope.verdict == stem for scope in scopes):
        return None
    return f'"{word}" is a verdict, which the program settles: write {{verdict}}'


def _existence(clause: Clause, place: int, how: Polarity, scopes: Sequence[Scope]) -> str | None:
    """A claim that there is a difference or association; a plain denial of it is a claim of absence."""
    if not _claims_existence(clause, place):
        return None
    word, shown = clause[place].text, all(scope.sign for scope in scopes)
    if how == "asserted" and not shown:
        return f'"{word}" is not shown: the interval includes no difference; write that the data do not show it'
    if how == "denied":
        return _no_relation(word, scopes)
    if how == "not shown" and all(scope.sign for scope in scopes):
        return f'it denies that "{word}" is shown, and the result shows it: write {{direction}} or {{effect}}'
    return None


def _no_relation(word: str, scopes: Sequence[Scope]) -> str:
    if all(scope.sign for scope in scopes):
        return f'it denies "{word}", and the result shows the opposite: write {{effect}}'
    return f'that there is no such thing as "{word}" is not shown: write that the data do not show it'


def _claims_existence(clause: Clause, place: int) -> bool:
    word = clause[place].text
    if within_delta(clause, place):
        return False
    before = [token.text for token in clause[max(0, place - 3) : place]]
    match word:
        case "goes":
            return followed_by(clause, place, frozenset({"with"}), 1)
        case "different" | "related" | "linked":
            return _after_be(clause, place)
        case "relates" | "differently":
            return True
    if word in EXISTENCE:
        return True
    return word in THERE_IS and any(article in before for article in ("a", "an", "any", "no")) and "in" not in before


def _absence(clause: Clause, place: int, how: Polarity, scopes: Sequence[Scope]) -> str | None:
    word = clause[place].text
    if word not in ABSENCE or how in ("open", "not shown", "supposed") or not _claims_absence(clause, place):
        return None
    if how == "denied":
        return None if all(scope.sign for scope in scopes) else f'that they are not "{word}" is not shown: write {{direction}}'
    if word in CLOSE and all(scope.equivalent for scope in scopes):
        return None
    return f'"{word}" claims that there is no difference, which was not shown: write that the data do not show one'


def _claims_absence(clause: Clause, place: int) -> bool:
    match clause[place].text:
        case "equal":
            return _after_be(clause, place)
        case "equivalence":
            return not followed_by(clause, place, frozenset({"test", "tests"}), 1)
        case "independent":
            return followed_by(clause, place, frozenset({"of"}), 1)
        case "same" | "similar" | "comparable":
            exempt = SIZE_OF_STUDY | {"time", "direction", "unit", "question", "outcome", "design", "hypothesis", "way"}
            return not followed_by(clause, place, frozenset(exempt))
    return True

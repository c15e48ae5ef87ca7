"""Hypotheses that the user states on the study sheet, read before the question."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from kosmos_graph.agents.reading.changes import changes_compared
from kosmos_graph.agents.reading.frame import Claim, Frame, Reading, Unread
from kosmos_graph.agents.reading.read import read_question
from kosmos_graph.agents.reading.scene import set_scene
from kosmos_graph.agents.reading.settle import settle
from kosmos_graph.domain.data_card import DataCard
from kosmos_graph.domain.study_sheet import StatedHypothesis, StudySheet

WORKS = re.compile(
    r"\b(?:works?|helps?|effects?|effective\w*|efficac\w*|benefits?|better|treatment|intervention|"
    r"differ\w*|outcome|hypothes\w*|impact)\b"
)


def read_stated(stated: StatedHypothesis, cards: Sequence[DataCard], sheet: StudySheet) -> Reading:
    """A stated hypothesis as claims: its sentence where that settles the stated columns, else the columns as stated."""
    told = read_question(stated.statement, cards, sheet)
    if told.decided and all(_agrees(claim, stated) for claim in told.claims):
        return replace(told, claims=tuple(_directed(claim, stated) for claim in told.claims))
    if stated.outcome is None:
        return told if not told.decided else Reading(undecided=_sentence(stated, "its sentence and its columns do not agree"))
    return _as_stated(stated.outcome, stated, cards, sheet)


def _agrees(claim: Claim, stated: StatedHypothesis) -> bool:
    """Whether the sentence is about the stated columns, where any are stated."""
    predictors = {*claim.target.predictors, *((claim.target.time,) if claim.target.time else ())}
    return stated.outcome in (None, claim.target.outcome) and (not stated.predictors or predictors <= {*stated.predictors})


def _directed(claim: Claim, stated: StatedHypothesis) -> Claim:
    return claim if stated.direction is None or claim.expects != "effect" else replace(claim, direction=stated.direction)


def _as_stated(outcome: str, stated: StatedHypothesis, cards: Sequence[DataCard], sheet: StudySheet) -> Reading:
    named = (outcome, *stated.predictors)
    card = next((card for card in cards if all(card.column(name) is not None for name in named)), None)
    if card is None or not stated.predictors:
        return Reading(
            undecided=_sentence(stated, "no data set has all of its columns" if card is None else "it names no predictor")
        )
    ask = "affect" if len(stated.predictors) > 1 else "relate"
    frame = Frame("affect" if ask == "affect" else "relate", (outcome,), stated.predictors, direction=stated.direction)
    settled = settle(frame, set_scene("", card, sheet), (), ())
    if isinstance(settled, Unread):
        return Reading(undecided=_sentence(stated, settled.reason))
    return Reading(tuple(_directed(claim, stated) for claim in settled[0]), notes=settled[1])


def _sentence(stated: StatedHypothesis, reason: str) -> str:
    return f"The stated hypothesis “{stated.statement}” could not be settled: {reason}."


def read_declared(question: str, cards: Sequence[DataCard], sheet: StudySheet) -> Reading | None:
    """`Does the treatment work?` with treatment and primary outcome declared; None where something else, or a change, is asked."""
    if sheet.treatment is None or sheet.primary_outcome is None or not WORKS.search(question.lower()):
        return None
    if any(changes_compared(set_scene(question, card, sheet)) is not None for card in cards):
        return None
    stated = StatedHypothesis(statement=question, outcome=sheet.primary_outcome, predictors=(sheet.treatment,))
    found = _as_stated(sheet.primary_outcome, stated, cards, sheet)
    taken = f"{sheet.primary_outcome} was taken as the outcome and {sheet.treatment} as the treatment"
    note = f"{taken}, as the study sheet declares them."
    return replace(found, notes=(*found.notes, note)) if found.decided else None

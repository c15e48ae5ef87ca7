"""Plain words of survival (`survive longer`, `risk of death`), where the study sheet states a duration and its event."""

from __future__ import annotations

import re
from dataclasses import replace

from kosmos_graph.agents.reading.frame import Claim
from kosmos_graph.agents.reading.levels import positive_level
from kosmos_graph.domain.data_card import DataCard
from kosmos_graph.domain.hypothesis import Direction
from kosmos_graph.domain.study_sheet import StudySheet

SURVIVAL_TIME = (
    r"(?:overall |mean |average )?(?:survival(?: times?| durations?)?|time (?:to|until|till) (?:the )?{event}|lifetimes?)"
)
LONGER = re.compile(r"\b(?:surviv\w+|liv(?:e|es|ed|ing)) (?:for )?(?:a )?longer(?: time)?\b", re.IGNORECASE)
SHORTER = re.compile(
    r"\b(?:surviv\w+|liv(?:e|es|ed|ing)) (?:for )?(?:a )?(?:shorter|less long|less)(?: time)?\b|\bdie[sd]? (?:sooner|earlier)\b",
    re.IGNORECASE,
)
HOW_LONG = re.compile(r"\bhow long (?:do|does|did|will) (?P<who>[^?]*?) (?:survive|live|last|stay)\b(?P<rest>[^?]*)", re.IGNORECASE)
RISK = r"\b(?:risks?|hazards?|rates?|probabilit(?:y|ies)|chances?|incidence) (?:of|for) (?:the )?(?:death|dying|event|{event})\b"
HAZARD = r"\bmortality(?: rates?)?\b|\bhazards?\b|\bdeath rates?\b"
PROLONGS = re.compile(r"\b(?:prolong|lengthen|extend)(?:e(?=d\b))?(s|d)?\b", re.IGNORECASE)
SHORTENS = re.compile(r"\bshorten(?:e(?=d\b))?(s|d)?\b", re.IGNORECASE)

TURNED: dict[Direction | None, Direction | None] = {"positive": "negative", "negative": "positive", None: None}


def in_columns(sentence: str, card: DataCard, sheet: StudySheet) -> str:
    """The sentence with its words of survival as the names of the sheet's columns; as it is where the sheet states none.

    A word that is in a column's own name or level is left alone, and so is all of a sentence that names the duration.
    """
    columns = _follow_up(card, sheet)
    if columns is None or _names(sentence, columns[0]):
        return sentence
    duration, event = columns
    words = re.escape(event)
    text = HOW_LONG.sub(lambda found: f"What is the median {duration}{found['rest']}", sentence)
    text = LONGER.sub(lambda _: f"have a higher {duration}", text)
    text = SHORTER.sub(lambda _: f"have a lower {duration}", text)
    text = re.sub(
        rf"\b{SURVIVAL_TIME.replace('{event}', words)}(?! (?:curve|probabilit))\b", lambda _: duration, text, flags=re.IGNORECASE
    )
    if text != sentence:
        return SHORTENS.sub(r"reduce\1", PROLONGS.sub(r"increase\1", text))
    return re.sub(f"{RISK.replace('{event}', words)}|{HAZARD}", lambda _: event, sentence, flags=re.IGNORECASE)


def about_duration(claims: tuple[Claim, ...], card: DataCard, sheet: StudySheet) -> tuple[tuple[Claim, ...], tuple[str, ...]]:
    """Claims about the event turned into claims about the duration that waits for it, and a note.

    Rows were followed for different times, so the share of them that had the event says little: more events are shorter
    durations, and a direction changes its sign.
    """
    columns = _follow_up(card, sheet)
    if columns is None:
        return claims, ()
    duration, event = columns
    column = card.column(event)
    happened = positive_level(column) if column is not None else None
    turned = tuple(_turned(_event_first(_as_outcome(claim, duration), event, happened), duration, event) for claim in claims)
    if not any(claim.target.outcome == event or claim.target.predictors == (event,) for claim in claims):
        return turned, ()
    note = f"{event} is the event that {duration} waits for, so the time until it is compared: a higher risk is a shorter time."
    return turned, (note,)


def _follow_up(card: DataCard, sheet: StudySheet) -> tuple[str, str] | None:
    """Duration and event, where the data have both."""
    duration, event = sheet.duration, sheet.event
    if duration is None or event is None or card.column(duration) is None or card.column(event) is None:
        return None
    return duration, event


def _names(sentence: str, column: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(column)}(?!\w)", sentence, re.IGNORECASE) is not None


def _as_outcome(claim: Claim, duration: str) -> Claim:
    """A number that goes with the duration, the other way round: only an outcome may be cut off before its event."""
    target = claim.target
    if claim.task != "associate" or target.predictors != (duration,) or target.success is not None:
        return claim
    return replace(claim, target=target.model_copy(update={"outcome": duration, "predictors": (target.outcome,)}))


def _event_first(claim: Claim, event: str, happened: str | None) -> Claim:
    """A number compared between rows with and without the event (are those who died older?), the other way round."""
    target = claim.target
    if claim.task not in ("compare", "associate") or target.predictors != (event,) or target.success is not None:
        return claim
    opposite = target.levels is not None and target.levels[0] != happened
    about = target.model_copy(update={"outcome": event, "predictors": (target.outcome,), "levels": None})
    return replace(claim, target=about, direction=TURNED[claim.direction] if opposite else claim.direction)


def _turned(claim: Claim, duration: str, event: str) -> Claim:
    """The claim about the duration, if it relates the event to columns other than the duration."""
    target = claim.target
    tested = claim.task in ("compare", "affect", "associate") and bool(target.predictors) and target.baseline is None
    if not tested or target.outcome != event or target.pair is not None or duration in (*target.predictors, *claim.covariates):
        return claim
    about = target.model_copy(update={"outcome": duration, "success": None, "quantity": None})
    return replace(
        claim, task="affect" if claim.task == "associate" else claim.task, target=about, direction=TURNED[claim.direction]
    )

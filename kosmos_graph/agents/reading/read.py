"""Reads a question against the cards of the data: which columns it is about, and what it asks about them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from kosmos_graph.agents.reading.accounting import unaccounted
from kosmos_graph.agents.reading.clauses import Clauses, cut_clauses, level_filters
from kosmos_graph.agents.reading.comparisons import compare_levels
from kosmos_graph.agents.reading.follow_up import about_duration, in_columns
from kosmos_graph.agents.reading.frame import Claim, Frame, Reading, Unread
from kosmos_graph.agents.reading.jointly import jointly
from kosmos_graph.agents.reading.limits import refusal, stated_delta, stated_method, unexplained, without_method
from kosmos_graph.agents.reading.mentions import is_plain_name
from kosmos_graph.agents.reading.open_affect import what_affects
from kosmos_graph.agents.reading.pairing import change_of_units, compare_measurements, with_units_cut
from kosmos_graph.agents.reading.persons import choice, scale_person
from kosmos_graph.agents.reading.quantities import against_value, estimate, with_quantile
from kosmos_graph.agents.reading.relations import (
    denied_trait,
    graded_by,
    graded_pair,
    relate,
    share_by_level,
    single_level,
    trait,
    with_direction,
)
from kosmos_graph.agents.reading.restrictions import cut_restrictions
from kosmos_graph.agents.reading.scene import COLUMN, Scene, ambiguous, set_scene, unknown_words
from kosmos_graph.agents.reading.series import over_time
from kosmos_graph.agents.reading.settle import settle
from kosmos_graph.agents.reading.sides import sided
from kosmos_graph.agents.reading.signs import asks_sameness
from kosmos_graph.agents.reading.words import pieces
from kosmos_graph.domain.data_card import DataCard
from kosmos_graph.domain.design import Alternative
from kosmos_graph.domain.filters import Filter
from kosmos_graph.domain.study_sheet import StudySheet

LONGEST = 1200
"""Characters of one question that are read."""

MOST_MENTIONS = 30
"""Names of columns and levels in one question; a longer list is no question."""
Rule = Callable[[Scene], Frame | Unread | None]
RULES: tuple[Rule, ...] = (
    over_time,
    compare_measurements,
    what_affects,
    estimate,
    against_value,
    compare_levels,
    denied_trait,
    change_of_units,
    share_by_level,
    graded_by,
    relate,
    graded_pair,
    trait,
    single_level,
)
ABBREVIATED = re.compile(r"\b(St|Dr|Mr|Mrs|Ms|Prof|No|Nr|vs|approx|etc|[A-Z])\.(?=\s*[^\s.])")
"""Abbreviations whose point ends no sentence."""
SENTENCE = re.compile(r"[^?!.\n]+(?:\.(?=\w)[^?!.\n]+)*[?!.]*")


@dataclass(frozen=True)
class Attempt:
    """One question read against one data set: its reading and how much of the data set the question names."""

    card: DataCard
    reading: Reading
    named: int


def read_question(question: str, cards: Sequence[DataCard], sheet: StudySheet) -> Reading:
    """What `question` asks about the data, or why that could not be settled. The question is words and nothing else."""
    return _read_once(question, tuple(cards), sheet)


@lru_cache(maxsize=64)
def _read_once(question: str, cards: tuple[DataCard, ...], sheet: StudySheet) -> Reading:
    """The reading, remembered: every design of a run starts from it."""
    if not cards:
        return Reading(undecided="There are no data to answer the question from: give at least one data file.")
    sentences = asked(question)
    if not sentences:
        return _undecided(Unread("it is empty"), cards)
    readings = [_read_sentence(sentence, cards, sheet) for sentence in sentences]
    decided = next((reading for reading in readings if reading.decided), None)
    if decided is None:
        return readings[0]
    others = len(sentences) > 1
    decided = replace(decided, method=decided.method or stated_method(question[: 4 * LONGEST]))
    note = ("Only the first question that the data could answer was taken up; ask the others on their own.",) if others else ()
    return replace(decided, notes=(*decided.notes, *note))


def asked(question: str) -> tuple[str, ...]:
    """The sentences that ask; all of the text where no sentence ends in a question mark."""
    text = ABBREVIATED.sub(r"\1", " ".join(question.replace("¿", " ").split())[: 4 * LONGEST])
    sentences = [found.group().strip() for found in SENTENCE.finditer(text) if re.search(r"\w", found.group())]
    asking = tuple(sentence[:LONGEST] for sentence in sentences if sentence.endswith("?"))
    return asking or ((text[:LONGEST],) if re.search(r"\w", text) else ())


def _read_sentence(sentence: str, cards: Sequence[DataCard], sheet: StudySheet) -> Reading:
    attempts = [_attempt(sentence, card, sheet) for card in cards]
    decided = [attempt for attempt in attempts if attempt.reading.decided]
    if not decided:
        return max(attempts, key=lambda attempt: attempt.named).reading
    best = max(attempt.named for attempt in decided)
    first = [attempt for attempt in decided if attempt.named == best]
    called = [attempt for attempt in first if _is_called(attempt.card, sentence)]
    if len(first) == 1 or len(called) == 1:
        return (called or first)[0].reading
    names = ", ".join(attempt.card.name for attempt in first)
    return Reading(undecided=f"The question fits several data sets ({names}): name the one that is meant.", considered=())


def _is_called(card: DataCard, sentence: str) -> bool:
    words = {word for word in pieces(card.name.rsplit(".", 1)[0]) if len(word) > 2}
    return card.name.lower() in sentence.lower() or (bool(words) and words <= set(pieces(sentence)))


def _attempt(sentence: str, card: DataCard, sheet: StudySheet) -> Attempt:
    """The sentence read; once more, if that fails, with columns whose names are plain words (mean, trend, change)."""
    sentence = in_columns(sentence, card, sheet)
    first = _read_with(sentence, card, sheet, plain=False)
    words = set(re.findall(r"\w+", sentence))
    if first.reading.decided or not any(column.name in words and is_plain_name(column.name) for column in card.columns):
        return first
    second = _read_with(sentence, card, sheet, plain=True)
    return second if second.reading.decided else first


def _read_with(sentence: str, card: DataCard, sheet: StudySheet, *, plain: bool) -> Attempt:
    scene = with_units_cut(set_scene(without_method(sentence), card, sheet, plain=plain))
    named = sum(mention.matched for mention in scene.mentions)
    read = _read_scene(scene)
    if isinstance(read, Unread):
        considered = tuple(dict.fromkeys((*read.considered, *(column for mention in scene.mentions for column in mention.columns))))
        return Attempt(card, _undecided(Unread(read.reason, considered), (card,)), named)
    claims, followed = about_duration(read[0], card, sheet)
    notes = (*read[1], *followed)
    directed = any(claim.direction is not None for claim in claims)
    taken = tuple(note for note in scene.notes if directed or "later" in note)
    return Attempt(card, _reading(sentence, scene, claims, (*taken, *notes)), named)


def _reading(sentence: str, scene: Scene, claims: tuple[Claim, ...], notes: tuple[str, ...]) -> Reading:
    alternative, note = _alternative(sentence, claims)
    same = next((claim for claim in claims if claim.expects == "no effect"), None)
    delta = stated_delta(scene, same.target.reference) if same is not None else None
    return Reading(claims, alternative, delta, stated_method(sentence), (*notes, *note))


def _alternative(sentence: str, claims: tuple[Claim, ...]) -> tuple[Alternative, tuple[str, ...]]:
    """One-sided only where the question asks for it and says in which direction."""
    if not re.search(r"\bone[- ](?:sided|tailed)\b|\beinseitig|\bunilateral", sentence.lower()):
        return "two-sided", ()
    directions = {claim.direction for claim in claims}
    if directions == {"positive"}:
        return "greater", ()
    if directions == {"negative"}:
        return "less", ()
    return "two-sided", ("A one-sided test was asked for without a direction; the test is two-sided.",)


def _read_scene(scene: Scene) -> tuple[tuple[Claim, ...], tuple[str, ...]] | Unread:
    many = Unread("it names too many columns and levels at once") if len(scene.mentions) > MOST_MENTIONS else None
    joint = None if many or ambiguous(scene) else jointly(scene)
    if joint is not None:
        return joint if isinstance(joint, Unread) else _settled(joint, scene, (), ())
    refused = many or refusal(scene) or scale_person(scene)
    if refused is not None:
        return refused
    clauses = cut_clauses(scene)
    if isinstance(clauses, Unread):
        return clauses
    rest, selected = cut_restrictions(clauses.scene)
    clauses = replace(clauses, scene=rest, filters=(*clauses.filters, *selected))
    frame = _understood(clauses)
    if isinstance(frame, Unread):
        return frame
    scene = clauses.scene
    return _settled(frame, scene, clauses.covariates, (*clauses.filters, *_leftover_filters(frame, scene)))


def _settled(
    frame: Frame, scene: Scene, covariates: tuple[str, ...], filters: tuple[Filter, ...]
) -> tuple[tuple[Claim, ...], tuple[str, ...]] | Unread:
    settled = settle(frame, scene, covariates, filters)
    if isinstance(settled, Unread):
        return settled
    return unaccounted(scene, settled[0]) or choice(scene, settled[0]) or settled


def _understood(clauses: Clauses) -> Frame | Unread:
    """The frame with its levels and its direction; Unread where it leaves a part of the question out."""
    frame = _frame(clauses)
    if isinstance(frame, Unread):
        return frame
    return _beside(frame, clauses.scene) or sided(with_quantile(with_direction(frame, clauses.scene), clauses.scene), clauses.scene)


def _frame(clauses: Clauses) -> Frame | Unread:
    scene = clauses.scene
    for rule in RULES:
        unsure = ambiguous(scene)
        if unsure is not None and rule is not compare_measurements:
            if rule is over_time:
                continue
            columns = unsure.columns
            return Unread(f"“{_said(scene, unsure.start, unsure.end)}” may mean {' or '.join(columns)}: name one of them", columns)
        frame = rule(scene)
        if frame is not None:
            return frame
    return _last_resort(scene)


def _said(scene: Scene, start: int, end: int) -> str:
    return " ".join(dict.fromkeys(token.text for token in scene.tokens[start:end]))


def _last_resort(scene: Scene) -> Frame | Unread:
    """Two columns and nearly no other word: they are related."""
    columns = scene.columns_in(scene.text)
    words = unknown_words(scene, scene.text)
    if len(columns) == 2 and len(words) <= 1 and len(COLUMN.findall(scene.text)) == 2:
        if scene.column(columns[1]).kind.categorical and scene.column(columns[0]).kind.numeric:
            columns = columns[::-1]
        return Frame("relate", (columns[1],), (columns[0],), mutual=_alike(scene, columns), equal=asks_sameness(scene.text))
    if not columns and not scene.levels_in(scene.text):
        return Unread(f"no column of the data matches “{' '.join(words[:6])}”" if words else "it names no column of the data")
    return Unread("it names only one column" if len(columns) < 2 else "what it asks about these columns is not clear", columns)


def _alike(scene: Scene, columns: tuple[str, ...]) -> bool:
    """Whether outcome and predictor may change places: a number does not explain what group a row is in."""
    return not (scene.column(columns[0]).kind.categorical and scene.column(columns[1]).kind.numeric)


def _beside(frame: Frame, scene: Scene) -> Unread | None:
    """A column, a number or a compared quantity that the frame does not use means that the question was not understood."""
    used = {*frame.outcomes, *frame.predictors, frame.baseline, frame.time, *(condition.column for condition in frame.filters)}
    extra = tuple(name for name in scene.columns_in(scene.text) if name not in used)
    if extra:
        return Unread(f"what it asks about {extra[0]} beside the rest is not clear", (*frame.outcomes, *frame.predictors, *extra))
    return unexplained(frame, scene)


def _leftover_filters(frame: Frame, scene: Scene) -> tuple[Filter, ...]:
    """Levels of columns that have no role select rows: `among females`, `for Gentoo penguins`."""
    used = {*frame.outcomes, *frame.predictors, frame.baseline, frame.time, *(condition.column for condition in frame.filters)}
    return level_filters(scene, tuple(option for option in scene.levels_in(scene.text) if option[0] not in used))


def _undecided(why: Unread, cards: Sequence[DataCard]) -> Reading:
    considered = why.considered
    columns = tuple(column.name for card in cards for column in card.columns)
    told = f"Columns considered: {', '.join(considered)}." if considered else f"The data have the columns {_listed(columns)}."
    return Reading(undecided=f"The question could not be settled: {why.reason}. {told}", considered=considered or columns)


def _listed(columns: tuple[str, ...]) -> str:
    return ", ".join(columns[:12]) + (f" and {len(columns) - 12} more" if len(columns) > 12 else "")

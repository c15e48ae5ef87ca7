"""Plain words of survival (`survive longer`, `risk of death`), where the study sheet states a duration and its event."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from kosmos_graph.agents.reading.frame import Claim
from kosmos_graph.agents.reading.levels import positive_level
from kosmos_graph.agents.reading.lexicon import POSITIVE_LEVELS
from kosmos_graph.agents.reading.words import fold
from kosmos_graph.domain.data_card import DataCard
from kosmos_graph.domain.hypothesis import Direction
from kosmos_graph.domain.study_sheet import StudySheet

SURVIVAL_TIME = (
    r"(?:overall )?(?:survival(?: times?| durations?)?|time (?:to|until|till) (?:the |a )?{event}|{event} times?|lifetimes?)"
)
ADVERB = r"(?:(?:on average|in general|typically|usually|any|much|even|still|(?!only|likely)\w+ly) )?"
LATE = r"(?P<late>later|longer|more time|less quickly|more slowly|slower)"
SOON = r"(?P<soon>sooner|earlier|faster|more quickly|quicker|less long|less time|shorter|shorter time)"
WHEN = rf"{ADVERB}(?:{LATE}|{SOON})(?: time)?\b"
UNTIL = r"(?:to|until|till|before|for)"
LIVE = r"(?:surviv(?:es?|ed|ing)|liv(?:es?|ed|ing)|stay(?:s|ed)? alive)"
DEATHS = frozenset(("death", "dead", "died", "die", "dies", "deceased", "mortality"))
PASSING = (
    r"(?: (?:do|does|did|will|would|is|was|it|takes?|took|lasts?|go(?:es)? by|pass(?:es)?|elapse|on average|typically|usually|they)"
    r"(?![\w-]))*"
)
BESIDE = frozenset(
    [
        "with",
        "without",
        "of",
        "after",
        "since",
        "from",
        "in",
        "during",
        "a",
        "an",
        "the",
        "and",
        "or",
        "no",
        "by",
        "between",
        "their",
        "its",
        "following",
        "is",
        "was",
    ]
)
"""Words after which an event is not what is waited for."""
SOME_OF = frozenset(("first", "second", "third", "last", "next", "all", "every", "each", "any", "most", "some", "half", "another"))
"""Words after which the time is not that of any one row."""
RISK = r"\b(?:risks?|hazards?|rates?|probabilit(?:y|ies)|chances?|incidence) (?:of|for) (?:the )?(?:death|dying|event|{event})\b"
HAZARD = r"\bmortality(?: rates?)?\b|\bhazards?\b|\bdeath rates?\b"
PROLONGS = re.compile(r"\b(?:prolong|lengthen|extend)(?:e(?=d\b))?(s|d)?\b", re.IGNORECASE)
SHORTENS = re.compile(r"\bshorten(?:e(?=d\b))?(s|d)?\b", re.IGNORECASE)
MARKED = "\x00"
"""Stands for the duration while a sentence is rewritten, so that no rule reads its name as a word."""

TURNED: dict[Direction | None, Direction | None] = {"positive": "negative", "negative": "positive", None: None}


def in_columns(sentence: str, card: DataCard, sheet: StudySheet) -> str:
    """The sentence with its words of survival as the names of the sheet's columns; as it is where the sheet states none.

    `How many weeks until relapse` and `relapse later` are about the duration. Beyond that, a word that is in a column's own name
    or level is left alone, and so is all of a sentence that names the duration.
    """
    columns = _follow_up(card, sheet)
    if columns is None:
        return sentence
    duration, event = columns
    text = _waited_for(sentence, card, duration, event)
    if text != sentence or _names(sentence, duration):
        return text.replace(MARKED, duration)
    words = rf"(?:{'|'.join(_called(card, duration, event))})"
    text = re.sub(
        rf"\b{SURVIVAL_TIME.replace('{event}', words)}(?! (?:curve|probabilit))\b", lambda _: duration, text, flags=re.IGNORECASE
    )
    if text != sentence:
        return SHORTENS.sub(r"reduce\1", PROLONGS.sub(r"increase\1", text))
    pattern = "|".join((RISK.replace("{event}", words), HAZARD, *(rf"\b{word}\b" for word in _awaited(duration))))
    return re.sub(pattern, lambda _: event, sentence, flags=re.IGNORECASE)


def _waited_for(sentence: str, card: DataCard, duration: str, event: str) -> str:
    """The sentence with the time until the event, and its coming sooner or later, as more or less of the duration."""
    it = rf"(?:(?:the|a|an|their|his|her|its|first) )*(?:{'|'.join(_called(card, duration, event))})"
    column = card.column(duration)
    units = "|".join(re.escape(unit) for unit in (duration, column.unit if column is not None else None) if unit)
    asked = (
        rf"(?:after )?(?:how (?:long|soon|quickly|fast|early|late)|how (?:many|much) (?:{units}|time)|"
        r"^when(?= (?:do|does|did|will|is|was)\b))"
    )
    happens = r"(?: (?:come|comes|came|occur|occurs|occurred|happens?|happened|starts?|started|appears?|appeared))?"
    before = rf"(?:is|are|was|were|does|do|did|has|have) (?:the )?(?:time of )?{it}{happens}"
    median = partial(_median, levels=frozenset(level.name.lower() for one in card.columns for level in one.levels))
    rules: tuple[tuple[str, Callable[[re.Match[str]], str]], ...] = (
        (rf"\b{asked}\b(?P<who>[^?,]*?) (?:to|until|till|before) {it}\b{happens}(?P<rest>[^?]*)", median),
        (rf"\b{asked}\b(?P<who>[^?,]*?) {it}\b{happens}(?P<rest>[^?]*)", median),
        (rf"\b{asked}\b(?P<who>[^?]*?) (?:{LIVE}|last|stay)\b(?P<rest>[^?]*)", median),
        (rf"\b(?:does|do|did|is|was|will) it (?:take )?{WHEN} {UNTIL} {it}\b", lambda found: f"is {MARKED} {_grade(found)}"),
        (rf"\b(?:takes?|took|needs?|needed|waits?|waited) {WHEN} {UNTIL} {it}\b", _have),
        (rf"\b(?:stays?|stayed|remains?|remained|are|is) {it}[ -]free (?:for )?(?:a )?{WHEN}", _have),
        (rf"\b(?:stays?|stayed|remains?|remained) (?:for )?{WHEN} {it}[ -]free\b", _have),
        (rf"^{before} {WHEN}", lambda found: f"is {MARKED} {_grade(found)}"),
        (
            r"(?<!to )(?<!til )(?<!till )(?<!until )(?<!before )\b"
            rf"(?:(?:have|has|had|gets?|got|suffer(?:s|ed)?|experience[sd]?) )?{it} {WHEN}",
            _have,
        ),
        (rf"\b{LIVE} (?:for )?(?:a )?{WHEN}", _have),
        (r"\bdie[sd]? (?:sooner|earlier)\b", lambda _: f"have a lower {MARKED}"),
        (rf"^(?P<is>is|are|was|were) {it} (?P<late>delayed|postponed)(?: by\b)?", lambda _: f"is {MARKED} higher with"),
        (rf"\b(?:delay|postpone|put off)(?P<s>s|ed|d)? {it}\b", lambda _: f"increase {MARKED}"),
        (rf"\b(?:hasten|accelerate|speed up|bring forward)(?P<s>s|ed|d)? {it}\b", lambda _: f"reduce {MARKED}"),
    )
    for pattern, rewritten in rules:
        text = re.sub(pattern, rewritten, sentence, count=1, flags=re.IGNORECASE)
        if text != sentence:
            return text
    return sentence


def _called(card: DataCard, duration: str, event: str) -> tuple[str, ...]:
    """Patterns for the event: its column's name in the forms of a noun and a verb, the level that says that it happened, and what
    the duration's name waits for.
    """
    column = card.column(event)
    level = positive_level(column) if column is not None else None
    names = [name for name in (event, level) if name is not None and fold(name) not in POSITIVE_LEVELS]
    words = [r"[ _-]".join(map(re.escape, re.split(r"[ _-]+", name))) + r"(?:s|d|ed)?" for name in names]
    died = (r"die[sd]?", r"dying", r"deaths?") if DEATHS & {fold(name) for name in names} else ()
    return (*words, *died, *_forms(event), *_awaited(duration), "event")


def _awaited(duration: str) -> tuple[str, ...]:
    """Patterns for what a duration's own name waits for: `failure` in days_to_failure."""
    told = re.search(r"(?:^|[_ -])(?:to|until|till)[_ -](?P<what>[^\W_]+)$", duration)
    return _forms(told["what"]) if told is not None else ()


def _forms(name: str) -> tuple[str, ...]:
    """The pattern of one word as a noun and a verb (failure, fail, fails, failed); none for a short or a compound one."""
    root = re.sub(r"(?:ures?|ed|ing|es?)$", "", name, flags=re.IGNORECASE)
    return (rf"{re.escape(root)}(?:ures?|e?s|e?d|e|ing)?",) if re.fullmatch(r"[^\W\d_]{4,}", root) else ()


def _grade(found: re.Match[str]) -> str:
    return "higher" if found["late"] else "lower"


def _have(found: re.Match[str]) -> str:
    return f"have a {_grade(found)} {MARKED}"


def _median(found: re.Match[str], levels: frozenset[str]) -> str:
    """The median, of those whom the question names between its first words and the event; `levels` are single words.

    `Until a steel part fails` is about steel ones. Which of them `a cheap part` or `all parts` are is not known.
    """
    who = re.sub(rf"^{PASSING}|{PASSING}$", "", found["who"]).strip()
    until = re.match(r"(?:until|till|before)\b(?P<whom>.*)", who, re.IGNORECASE)
    if until is not None:
        who = until["whom"].strip()
        named = re.split(r" (?:in|on|with|without|from)\b", who.lower(), maxsplit=1)[0].split()
        beside = [word for word in named if word not in {"a", "an", "the", *levels}]
        if len(beside) > 1 or not SOME_OF.isdisjoint(beside):
            return found.group()
    if not BESIDE.isdisjoint((who or found["who"]).lower().split()[-1:]):
        return found.group()
    return f"What is the median {MARKED}{f' for {who}' if who else ''}{found['rest']}"


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
    if any(one.target.outcome == event for one in turned):
        return turned, (
            f"{event} is the event that {duration} waits for, and a share of it ignores how long each row was followed.",
        )
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
    name = r"[ _-]+".join(map(re.escape, re.split(r"[ _-]+", column)))
    return re.search(rf"(?<!\w){name}(?!\w)", sentence, re.IGNORECASE) is not None


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

"""What a reading must account for: every level and number that the question names, its restrictions, and its direction."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from kosmos_graph.agents.reading.frame import Claim, Unread
from kosmos_graph.agents.reading.lexicon import MONTHS, NARROW, NEUTRAL, NUMBER_WORDS, STOP, UNITS
from kosmos_graph.agents.reading.limits import IGNORED, WITHIN
from kosmos_graph.agents.reading.scene import Scene, general_words, unknown_words
from kosmos_graph.agents.reading.tokens import Token, is_foreign
from kosmos_graph.agents.reading.words import ROW_STEMS, pieces, stem
from kosmos_graph.domain.hypothesis import Target

RESTRICTED = re.compile(
    r"(?:^|(?<=, ))(?:among|amongst|within|for|in|considering|restricted to|limited to|only|of) (?:(?:all|"
    r"the|only|those|our|these) ){0,3}"
    r"(?P<who>(?:[a-z]+ ){0,2}[a-z]+)(?= ,| who\b| that\b)"
    r"|\b(?:among|amongst|restricted to|limited to) (?:(?:all|the|only|those|our|these) ){0,3}(?P<last>(?:[a-z]+ ){0,2}[a-z]+)$"
)
EMPHASISED = frozenset(
    [
        "and",
        "or",
        "not",
        "but",
        "is",
        "are",
        "was",
        "were",
        "the",
        "all",
        "any",
        "more",
        "less",
        "than",
        "only",
        "no",
        "yes",
        "does",
        "do",
        "did",
        "in",
        "of",
        "for",
        "with",
        "vs",
        "if",
    ]
)


NARROW_STEMS = frozenset(stem(word) for word in NARROW)


def unaccounted(scene: Scene, claims: Sequence[Claim]) -> Unread | None:
    """The first thing in the question that none of the claims uses; None where all is used."""
    return (
        _level(scene, claims)
        or _number(scene, claims)
        or _restriction(scene, claims)
        or _adjective(scene, claims)
        or _comparative(scene, claims)
        or _within(scene, claims)
        or (_name(scene) if not is_foreign(scene.tokens) else None)
    )


def _within(scene: Scene, claims: Sequence[Claim]) -> Unread | None:
    tasks = {claim.task for claim in claims}
    if not scene.within or tasks <= {"change", "trend", "step", "estimate"}:
        return None
    return Unread("it asks about the same units, and no column tells which rows belong to one unit", claims[0].target.columns)


def _level(scene: Scene, claims: Sequence[Claim]) -> Unread | None:
    used = {option for claim in claims for option in _levels_used(scene, claim.target)}
    for column, level in scene.levels_in(" ".join(f"L{n}" for n, mention in enumerate(scene.mentions) if mention.is_level)):
        if (column, level) not in used:
            return Unread(f"what it asks about {level} ({column}) is not clear", (column,))
    return None


def _levels_used(scene: Scene, target: Target) -> Iterable[tuple[str, str]]:
    grouping = target.predictors[0] if target.predictors else ""
    yield from ((grouping, level) for level in target.levels or ())
    if target.levels is None or target.interaction:
        yield from ((name, level.name) for name in target.predictors for level in scene.column(name).levels)
    outcome = scene.column(target.outcome)
    yield from ((outcome.name, level.name) for level in outcome.levels if target.success is None or len(outcome.levels) == 2)
    yield (target.outcome, target.success or "")
    for condition in target.filters:
        values = condition.value if isinstance(condition.value, tuple) else (condition.value,)
        yield from ((condition.column, _label(value)) for value in values)
        if isinstance(condition.value, str):
            yield (condition.column, condition.value[:4])
    if target.time is not None and target.change_at is not None:
        yield (target.time, target.change_at[:4])


def _label(value: float | str | None) -> str:
    if isinstance(value, float):
        return str(int(value)) if value == int(value) else repr(value)
    return str(value)


def _number(scene: Scene, claims: Sequence[Claim]) -> Unread | None:
    spoken = scene.full_text
    ignored = {mark for found in IGNORED.finditer(spoken) for mark in found.groups() if mark}
    if any(claim.expects == "no effect" for claim in claims):
        ignored |= set(WITHIN.findall(spoken))
    used = {value for claim in claims for value in _values_used(scene, claim)}
    for mark in dict.fromkeys(re.findall(r"\b[ND]\d+", spoken)):
        token = scene.number(mark)
        if mark in ignored or _is_used(token, used) or _in_names(token, scene, claims):
            continue
        return Unread("what the number in it stands for is not clear", tuple(claims[0].target.columns))
    return None


def _values_used(scene: Scene, claim: Claim) -> Iterable[str]:
    target = claim.target
    for number in (target.reference, target.quantile):
        if number is not None:
            yield from (_label(float(number)), _label(float(round(number * 100, 6))))
    for condition in target.filters:
        values = condition.value if isinstance(condition.value, tuple) else (condition.value,)
        for value in values:
            yield from (_label(value), str(value)[:4], str(value)[:7], str(value)[:10])
            if isinstance(value, str) and re.match(r"\d{4}-01-01", value):
                yield str(int(value[:4]) - 1)
    if target.change_at is not None:
        yield from (target.change_at, target.change_at[:4], target.change_at[:7])
    yield from target.levels or ()
    if target.interaction:
        yield from (level.name for name in target.predictors for level in scene.column(name).levels)


def _is_used(token: Token, used: set[str]) -> bool:
    value = _label(token.value) if token.value is not None else token.word
    return value in used or token.word in used


def _in_names(token: Token, scene: Scene, claims: Sequence[Claim]) -> bool:
    """Whether a number is part of what a used column is called: 1971 of wt71, or of a label `weight in 1971`."""
    columns = [scene.column(name) for claim in claims for name in (*claim.target.columns, *claim.covariates)]
    digits = {digit for column in columns for digit in re.findall(r"\d+", f"{column.name} {column.label or ''}")}
    return token.word in digits or (len(token.word) == 4 and token.word[2:] in digits and token.word[:2] in ("19", "20"))


def _restriction(scene: Scene, claims: Sequence[Claim]) -> Unread | None:
    """`Among nurses, ...` where no level is called so and nurses are not what the rows are known to be."""
    known = general_words(scene)
    for found in RESTRICTED.finditer(scene.full_text):
        words = (found.group("who") or found.group("last") or "").split()
        content = [word for word in words if word not in STOP and word not in NEUTRAL and stem(word) not in known]
        strange = [word for word in content if stem(word) not in ROW_STEMS - NARROW_STEMS and word not in NUMBER_WORDS]
        if strange:
            return Unread(
                f"it is about “{' '.join(words)}”, and no column or level of the data matches that", tuple(claims[0].target.columns)
            )
    return None


def _adjective(scene: Scene, claims: Sequence[Claim]) -> Unread | None:
    """`Do retired women earn less`: a word before the rows or a level that narrows them, and that the data do not have."""
    for found in re.finditer(r"\b(?P<word>[a-z]+) (?P<noun>[a-z]+|L\d+)\b", scene.full_text):
        noun = found.group("noun")
        of_rows = noun.startswith("L") or (stem(noun) in ROW_STEMS and noun not in VERBS)
        brought = {token.word for token in scene.tokens if token.added}
        if (
            found.group("word") in brought
            or not of_rows
            or not unknown_words(scene, found.group("word"))
            or VERB_LIKE.search(found.group("word"))
        ):
            continue
        if stem(found.group("word")) not in ROW_STEMS:
            return Unread(f"no column or level of the data matches “{found.group('word')}”", tuple(claims[0].target.columns))
    return None


def _comparative(scene: Scene, claims: Sequence[Claim]) -> Unread | None:
    """`Safer than`: a comparison by a word that the rules do not know has a direction that would be lost."""
    if any(claim.direction is not None for claim in claims):
        return None
    found = re.search(r"\b(?P<word>[a-z]{3,}er) (?:than|in|on|at|with|for|among|during|when)\b", scene.full_text)
    word = found.group("word") if found is not None else ""
    if not word or not unknown_words(scene, word) or stem(word) in ROW_STEMS:
        return None
    return Unread(f"what “{word}” means in terms of the data is not clear", claims[0].target.columns)


VERBS = frozenset(
    [
        "order",
        "orders",
        "place",
        "cases",
        "state",
        "states",
        "house",
        "houses",
        "name",
        "record",
        "match",
        "matches",
        "plant",
        "stores",
        "trips",
    ]
)
VERB_LIKE = re.compile(r"ing$")


def _name(scene: Scene) -> Unread | None:
    """A capitalised word within the sentence that is no word of the data names something that the data do not have."""
    tokens = [token for token in scene.tokens if token.kind == "word" and not token.added]
    capital = [token for token in tokens if token.text[:1].isupper()]
    if len(capital) > max(4, len(tokens) // 2):
        return None
    inside = {place for mention in scene.mentions for place in range(mention.start, mention.end)}
    known = general_words(scene)
    for place, token in enumerate(scene.tokens):
        if token.kind != "word" or place in inside or not token.text[:1].isupper() or token.text in ("A", "I"):
            continue
        starts = place == 0 or scene.tokens[place - 1].text in ".:?!\"“'`("
        plain = token.word in NEUTRAL or token.stem in known or token.word in MONTHS or token.stem in ROW_STEMS or token.added
        inner = place > 0 and scene.tokens[place - 1].end == token.start
        if inner or token.word in UNITS:
            continue
        small = token.word in STOP and not (token.text.isupper() and token.word not in EMPHASISED)
        if starts or plain or small or _said_elsewhere(token, scene):
            continue
        return Unread(f"no column or level of the data matches “{token.text}”")
    return None


def _said_elsewhere(token: Token, scene: Scene) -> bool:
    """Whether the word belongs to a name or label of the data, or to a common abbreviation of the field."""
    words = {word for column in scene.card.columns for word in pieces(f"{column.name} {column.label or ''} {column.unit or ''}")}
    return token.word in words or stem(token.word) in {stem(word) for word in words} or token.word in ABBREVIATED


ABBREVIATED = frozenset(
    [
        "anova",
        "ancova",
        "ci",
        "sd",
        "se",
        "iqr",
        "tost",
        "hc",
        "welch",
        "fisher",
        "student",
        "mann",
        "whitney",
        "spearman",
        "pearson",
        "kendall",
        "wilcoxon",
        "holm",
    ]
)

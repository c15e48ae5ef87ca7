"""Parts of the rows that a question is about: levels beside a relation that is complete without them."""

from __future__ import annotations

import re

from kosmos_graph.agents.reading.clauses import level_filters
from kosmos_graph.agents.reading.levels import negative_level, positive_level
from kosmos_graph.agents.reading.lexicon import STOP
from kosmos_graph.agents.reading.pairing import RELATED
from kosmos_graph.agents.reading.scene import COLUMN, LEVEL, Scene
from kosmos_graph.agents.reading.signs import sign
from kosmos_graph.agents.reading.words import ROW_STEMS, stem
from kosmos_graph.domain.data_card import Kind
from kosmos_graph.domain.filters import Filter

LEAD = (
    r"(?:(?:in|among|amongst|for|within|at|on|of|from|with|during|considering|restrict\w+ to|limit\w+ to|looking at|taking|"
    r"using|if|when|where|given|only) )"
)
FILL = r"(?:(?:only|just|all|the|those|these|who|that|which|are|is|were|was|a|an|[a-z]+) ){0,4}?"
TAIL = (
    r"(?: (?!(?:and|or|but|more|less|most|least|high|low|increas\w*|decreas\w*|related|"
    r"associated)\b)[a-z]+){0,2}?(?= ,|$| (?:is|are|do|does|did|was|were|has|have|how|what|which|than|"
    r"with|and|in|on|for)\b)"
)
ASKED_ABOUT = re.compile(
    r"\b(?:be|being|been|become|becoming|share of|proportion of|percentage of|percent of|fraction of|rate of|prevalence of|"
    r"likely to|chance of|risk of|odds of) (?:a |an |the |in |on |at )?$"
)
TRAIT = re.compile(
    r"(?:^|(?<= ))(?:in|among|amongst|for|within) (?:the |all |only )?(?P<not>non |not )?(?P<c>C\d+) [a-z]+(?= ,|$)|"
    r"(?:^|(?<=, )|(?:in|among|for|within) (?:[a-z]+ ){1,4})(?:with|who have|having|who are|who had|(?P<no>without)) "
    r"(?P<d>C\d+)(?: [a-z]+)?(?= ,|$)"
)
PHRASES = (
    re.compile(r"^(?:only )?(?:among|amongst|within|for|in) (?P<who>[^,]*[CL]\d+[^,]*?) ,"),
    re.compile(r"(?<= )(?:among|amongst|within|for|in) (?P<who>(?:(?!among|amongst|within|for|in)(?:[a-z]+|[CL]\d+) ?){1,5})$"),
)
LISTED = re.compile(r"\bC\d+(?: [a-z]+)? (?:,|and|or) (?:[a-z]+ )?C\d+")
COMPARES = re.compile(r"\bdiffer\w*\b|\bcompar\w*\b|\bthe same\b|\bvar(?:y|ies)\b")


def cut_restrictions(scene: Scene) -> tuple[Scene, tuple[Filter, ...]]:
    """The scene without the levels that only select rows, and the conditions that they stand for."""
    scene, led = _cut_phrases(scene)
    filters: list[Filter] = [*led]
    for option in scene.levels_in(scene.text):
        marks = [mark for mark in dict.fromkeys(LEVEL.findall(scene.text)) if scene.levels_in(mark) == (option,)]
        if not marks or not _only_selects(scene, option[0], marks):
            continue
        filters += level_filters(scene, (option,))
        for mark in marks:
            scene = scene.without(_phrase(scene.text, mark) or _place(scene.text, mark))
    trait = _trait(scene)
    if trait is not None:
        condition, span = trait
        return scene.without(span), (*dict.fromkeys(filters), condition)
    return scene, tuple(dict.fromkeys(filters))


def _cut_phrases(scene: Scene) -> tuple[Scene, tuple[Filter, ...]]:
    """Without `among married men` at the start or the end: all that it names selects rows, and nothing in it is compared."""
    filters: list[Filter] = []
    for pattern in PHRASES:
        found = pattern.search(scene.text)
        chosen = _selected(scene, found) if found is not None else None
        if found is not None and chosen is not None:
            filters += level_filters(scene, chosen)
            scene = scene.without(found.span())
    return scene, tuple(filters)


def _selected(scene: Scene, found: re.Match[str]) -> tuple[tuple[str, str], ...] | None:
    """The levels that a phrase selects; None where it is no restriction or too little is left without it."""
    phrase = found.group("who")
    words = [word for word in re.findall(r"\b[a-z]+\b", phrase) if word not in STOP]
    if any(stem(word) not in ROW_STEMS for word in words) or re.search(r"\b(?:not|without|each|every|which|what)\b", phrase):
        return None
    rest = f"{scene.text[: found.start()]} , {scene.text[found.end() :]}"
    traits = _traits(scene, phrase)
    chosen = (*scene.levels_in(phrase), *(traits or ()))
    columns = [column for column, _ in chosen]
    left = {*scene.columns_in(rest), *(column for column, _ in scene.levels_in(rest))}
    joined = re.search(r"\b(?:and|or)\b|,", phrase) is not None or len(set(columns)) < len(columns)
    one_list = len(set(columns)) == 1 and found.start() == 0 and len(scene.columns_in(rest)) > 1
    if traits is None or not chosen or left & {*columns} or len(left) < 2 or (joined and not one_list):
        return None
    outcomes_only = not scene.levels_in(rest) and LISTED.search(rest) is not None and bool(sign(rest) or COMPARES.search(rest))
    return None if outcomes_only and not RELATED.search(rest) else chosen


def _traits(scene: Scene, phrase: str) -> tuple[tuple[str, str], ...] | None:
    """The yes of each yes/no column in a phrase, as `married` in `married men`; None where a column there is no trait of rows."""
    found: list[tuple[str, str]] = []
    for mark in COLUMN.findall(phrase):
        column = scene.column(scene.columns_in(mark)[0])
        yes = positive_level(column)
        of_rows = re.search(rf"\b{mark} (?:[a-z]+|[CL]\d+)\b|^the {mark}$", phrase.strip()) is not None
        if column.kind != Kind.BINARY or yes is None or not of_rows:
            return None
        found.append((column.name, yes))
    return tuple(found)


def _place(text: str, mark: str) -> tuple[int, int]:
    found = re.search(rf"\b{mark}\b", text)
    return found.span() if found is not None else (0, 0)


def _trait(scene: Scene) -> tuple[Filter, tuple[int, int]] | None:
    """`Among insured patients, ...` where insured is a yes/no column: rows in which it is yes."""
    found = TRAIT.search(scene.text)
    if found is None:
        return None
    column = scene.column(scene.columns_in(found.group("c") or found.group("d"))[0])
    rest = scene.text[: found.start()] + scene.text[found.end() :]
    level = negative_level(column) if found.group("not") or found.group("no") else positive_level(column)
    if column.kind != Kind.BINARY or level is None or column.name in scene.columns_in(rest):
        return None
    whole = len(scene.columns_in(rest)) > 1 or scene.columns_with_two_levels
    return (Filter(column=column.name, operator="==", value=level), found.span()) if whole else None


def _phrase(text: str, mark: str) -> tuple[int, int] | None:
    found = None
    for lead in re.finditer(rf"(?:^|(?<= )){LEAD}", text):
        here = re.compile(rf"{LEAD}{FILL}{mark}\b{TAIL}").match(text, lead.start())
        found = here or found
    return found.span() if found is not None else None


def _only_selects(scene: Scene, column: str, marks: list[str]) -> bool:
    """Whether what is left without the level is a whole question, and the level is neither compared nor asked about."""
    before = scene.text[: _place(scene.text, marks[0])[0]]
    rest = re.sub(rf"\b(?:{'|'.join(marks)})\b", "", scene.text)
    named = {name for name, _ in scene.levels_in(rest)}
    if column in named or column in scene.columns_in(rest) or ASKED_ABOUT.search(before):
        return False
    columns = tuple(name for name in scene.columns_in(rest) if scene.column(name).kind not in (Kind.TEXT, Kind.EMPTY))
    others = [name for name in scene.columns_with_two_levels if name != column]
    if others:
        return bool(set(columns) - {*others}) or len(named) > 1
    if len(columns) < 2:
        return False
    if len(scene.column(column).levels) != 2:
        return True
    if _denied(rest):
        return False
    return RELATED.search(rest) is not None or not _one_list(scene, columns, rest)


def _denied(text: str) -> bool:
    """Whether one level is compared with not having it: `those who smoke ... than those who do not`."""
    return re.search(r"\bthan\b(?: [a-z]+){0,4} (?:not|without|non)\b", text) is not None


def _one_list(scene: Scene, columns: tuple[str, ...], text: str) -> bool:
    """Whether the columns are one list of outcomes that is compared: `are C0 and C1 more in L2`."""
    marks = [
        f"C{number}" for number, mention in enumerate(scene.mentions) if not mention.is_level and mention.columns[0] in columns
    ]
    marks = [mark for mark in marks if re.search(rf"\b{mark}\b", text)]
    listed = r"(?: [a-z]+)?(?: ,)?(?: and| or)?(?: the| a| more| less)? ".join(rf"{mark}\b" for mark in marks)
    return re.search(listed, text) is not None and bool(sign(text) or COMPARES.search(text))

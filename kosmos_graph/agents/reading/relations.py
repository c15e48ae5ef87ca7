"""Questions about how one thing goes with another: who is the outcome, who the predictor, and which sign is asked about."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from kosmos_graph.agents.reading.comparisons import listed
from kosmos_graph.agents.reading.frame import Frame, Unread
from kosmos_graph.agents.reading.levels import comparison_levels, negative_level, positive_level
from kosmos_graph.agents.reading.pairing import THAN
from kosmos_graph.agents.reading.scene import COLUMN, LEVEL, MARK, Scene, unknown_words
from kosmos_graph.agents.reading.signs import DOWN, UP, asks_sameness, direction, sign
from kosmos_graph.domain.data_card import Kind

REL = r"(?:relationships?|relations?|associations?|correlations?|links?|connections?|dependenc\w+|interplay|ties?|correspondence)"
LINKED = (
    r"(?:correlat\w*|associat\w*|relate[sd]?|related|linked|tied|connected|correspond\w*|go along|goes "
    r"along|go|goes|move|moves|coupled)"
)
AFFECT = (
    r"(?:affect\w*|influenc\w*|impact\w*|driv\w+|determin\w*|predict(?:s|ed|ing)?|explain\w*|caus(?:e|es|"
    r"ed|ing)|rais(?:e|es|ed|ing)|reduc\w*|"
    r"improv\w*|boost\w*|alter\w*|shap(?:e|es|ed)|contribut\w* to|matters? (?:for|to)|chang(?:e|es|ed) "
    r"(?=C)|shift\w*|leads? to|led to|help\w*|"
    r"produc\w*|increas(?:e|es|ed)|decreas(?:e|es|ed)|makes?|results? in|hurt\w*|harm\w*|slow\w*|speed\w* up)"
)
VARY = (
    r"(?:differ\w*|var(?:y|ies|ied|ying)|chang\w*|increas\w*|decreas\w*|ris(?:e|es|ing)|rose|grow\w*|grew|"
    r"fall\w*|fell|drop\w*|declin\w*|scale\w*|unequal|distributed)"
)
ACROSS = (
    r"(?:between|among|amongst|across|by|with|according to|depending on|as a function of|over|per|from|"
    r"for|in|on|as|when|if|within|to|at|toward)"
)
BY = (
    r"(?:by|across|per|between|among|for each|for every|in each|within each|for different|in different|"
    r"according to|as a function of|depending on|versus|vs)"
)


@dataclass(frozen=True)
class Slots:
    """The two sides of a relation, as marked text. `verb` is what stands between them."""

    x: str
    y: str
    mutual: bool
    verb: str = ""


def _compile(*patterns: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern) for pattern in patterns)


PAIRED = _compile(
    rf"\b{REL} (?:\w+ )*?between (?P<pair>.+)",
    rf"\b{REL} of (?P<pair>.+ (?:with|and|to) .+)",
    r"\b(?:is|are|was|were|do|does|did|if|that|whether|how \w+)\b (?P<pair>.+ (?:and|with) .+?) (?:\w+ "
    r"){0,3}?(?:correlat\w*|associat\w*|relate[sd]?|linked|connected|"
    r"independent|dependent|unrelated|uncorrelated|covary|related|go together|move together|vary together|"
    r"tied|go hand)(?: \w+){0,3}$",
)
DIRECTED = _compile(
    r"\b(?P<verb>effects?|impacts?|influence|bearing|consequences?|role|benefit) (?:of|from) (?P<x>.+?) "
    r"(?:on|upon|for|in) (?P<y>.+)",
    r"\b(?P<verb>effects?|impacts?|influence|role|bearing) (?:do|does|did) (?P<x>.+?) (?:have|has|play|"
    r"exert) (?:on|in|for|upon) (?P<y>.+)",
    r"(?P<x>.+?) (?P<verb>(?:have|has|had|play|plays|exert\w*|with)\b(?: \w+)*? (?:effects?|impacts?|"
    r"influence|bearing|role)) (?:on|upon|in|for) (?P<y>.+)",
    r"^(?:has|have|do|does) (?P<x>C\d+)(?P<verb>(?: \w+)*? (?:effects?|impacts?|influence)) (?:on|in) (?P<y>.+)",
    r"\b(?P<verb>differ\w*) (?:in|of|for|on) (?P<y>.+?) (?:between|among|amongst|across|by|depending on|"
    r"according to|for|with|from) (?P<x>.+)",
    r"\b(?P<verb>differ\w*) (?:between|among|amongst|across|by) (?P<x>.+?) (?:in terms of|with respect to|"
    r"with regard to|regarding|concerning|when it comes to|in|on|for) (?P<y>.+)",
    r"(?P<x>.+?) (?P<verb>differ\w*|vary|varies)(?: \w+ly)? (?:in terms of|with respect to|with regard to|"
    r"regarding|in|on) (?:their |its )?(?P<y>.+)",
    rf"\bcompar\w* (?P<verb>)(?P<y>.*?[CL]\d.*?) {BY} (?P<x>.+)",
    r"\bcompar\w* (?P<verb>)(?P<x>.*?[CL]\d.*?) (?:in terms of|with respect to|with regard to|regarding|on|in|by) (?P<y>.+)",
    r"(?P<y>.+?) (?:\w+ly )?(?P<verb>affected|influenced|impacted|determined|predicted|driven|explained|"
    r"caused|shaped|governed|altered|moved) (?:\w+ )?(?:by|from|through) (?P<x>.+)",
    r"(?P<y>.*?C\d.*?) (?P<verb>depend\w*)(?: \w+ly)? (?:on|upon|of) (?P<x>.+)",
    r"\bdepend\w* (?P<verb>)(?P<y>.+?) (?:on|of) (?P<x>.+)",
    r"(?P<y>.+?) (?P<verb>depend\w*)(?: \w+ly)? (?:on|upon|of) (?P<x>.+)",
    r"\b(?P<verb>predict\w*|explain\w*|model\w*|infer\w*|guess\w*) (?P<y>.+?) (?:from|with|using|based on|by) (?P<x>.+)",
    r"(?P<x>.+?) (?P<verb>(?:predictors?|predictive|determinants?|drivers?|indicators?|risk factors?|"
    r"causes?|sign)) (?:of|for) (?P<y>.+)",
    rf"(?P<y>.+?) (?P<verb>{VARY})(?: \w+ly)? {ACROSS} (?P<x>.+)",
    rf"(?P<y>.+?) (?P<verb>different)(?: \w+ly)? {ACROSS} (?P<x>.+)",
    r"(?P<y>.+?) (?P<verb>same|equal\w*|similar|identical|constant|unchanged|comparable|higher|"
    rf"highest)(?: \w+)?? {ACROSS} (?P<x>.+)",
    rf"^(?P<verb>differ|vary|affect|change) (?P<y>C\d+) {ACROSS} (?P<x>.+)",
    rf"(?P<x>.+?) (?P<verb>{AFFECT}) (?P<y>.+)",
    r"^(?:do|does|did|can|will) (?P<x>.*?C\d+) (?P<verb>less|more) (?P<y>C\d+)$",
    r"^(?P<verb>affect|influence) (?P<x>C\d+) (?:the )?(?P<y>C\d+)$",
)
LINKS = _compile(
    rf"(?P<x>.+?) (?P<verb>{LINKED})(?: \w+ly)? (?:with|to) (?P<y>.+)",
    r"(?P<x>.+?) (?P<verb>(?:in)?dependent|unrelated|uncorrelated|(?:in)?sensitive) (?:of|on|to|with) (?P<y>.+)",
    r"^correlat\w* (?P<verb>)(?P<x>.+?) (?:with|and) (?P<y>.+)",
    r"^(?P<y>[^~]*C\d+) (?P<verb>~) (?P<x>.*C\d+)",
    r"(?P<x>.*?\b(?:more|less|high|low) C\d+.*?) (?P<verb>have|has|had|get|mean|means|come with|comes "
    r"with|bring|brings|show) (?P<y>.*(?:more|less|high|low) .*)",
)
NOUNS = _compile(rf"(?P<y>.*?C\d+)(?P<verb>(?: [a-z]+){{0,2}}) {BY} (?P<x>.+)")


def find_slots(text: str) -> Slots | None:
    """The first relation that the text expresses, or None."""
    for pattern in PAIRED:
        if (found := pattern.search(text)) is not None and (pair := split_pair(found.group("pair"))) is not None:
            return Slots(pair[0], pair[1], mutual=True, verb=text[: found.start("pair")])
    for patterns, mutual in ((DIRECTED, False), (LINKS, True), (NOUNS, False)):
        for pattern in patterns:
            if (found := pattern.search(text)) is not None and MARK.search(found.group("x") + found.group("y")):
                return Slots(found.group("x"), found.group("y"), mutual, found.group("verb"))
    return None


def split_pair(region: str) -> tuple[str, str] | None:
    """`A and B` in two: where both sides name something if that is possible, else at the first `and`."""
    cuts = [found.span() for found in re.finditer(r" (?:and|with|to|versus|vs|or) ", region)]
    both = [cut for cut in cuts if MARK.search(region[: cut[0]]) and MARK.search(region[cut[1] :])]
    if not cuts:
        return None
    start, end = (both or cuts)[0]
    return region[:start], region[end:]


def relate(scene: Scene) -> Frame | Unread | None:
    """The frame of a relation between columns; None where the text expresses none."""
    slots = find_slots(scene.text)
    if slots is None:
        return None
    x, y = (_side(scene, side) for side in (slots.x, slots.y))
    if isinstance(x, Unread) or isinstance(y, Unread):
        return x if isinstance(x, Unread) else y if isinstance(y, Unread) else None
    if set(x.columns) & set(y.columns) and not x.level:
        x, y = _apart(x, y)
        if not x.columns or not y.columns:
            return Unread("both sides of the relation name the same column", x.columns or y.columns)
    if THAN.search(scene.text) and len(x.columns) + len(y.columns) > 2:
        return Unread("it compares how strongly columns are related, for which there is no method here", (*x.columns, *y.columns))
    notes = tuple(note for name in y.columns if (note := _not_foretold(scene, name, x.columns)) is not None)
    causal = re.search(r"\bcaus\w*|\beffects? (?:of|do)|\bimpacts? (?:of|do)|\beffects? on\b", scene.text) is not None
    return Frame(
        "affect" if len(x.columns) > 1 and not slots.mutual and not _separately(scene, slots, x) else "relate",
        outcomes=y.columns,
        predictors=x.columns,
        levels=x.level,
        success=y.success,
        direction=direction(_sign(slots, scene.text)),
        mutual=slots.mutual,
        equal=asks_sameness(scene.text),
        causal=causal,
        notes=notes,
    )


def _not_foretold(scene: Scene, outcome: str, predictors: tuple[str, ...]) -> str | None:
    """What is done instead where a prediction is asked for that no method makes; None where none is asked for, or one does."""
    kind = scene.column(outcome).kind
    if not re.search(r"\b(?:predict|foretell|foretold)", scene.text) or kind.numeric or kind == Kind.BINARY:
        return None
    return (
        f"{outcome} is {kind.value}, and predictions are made of numbers or of two levels: whether {' and '.join(predictors)} goes "
        "with it was tested, and not how well it is foretold."
    )


def _separately(scene: Scene, slots: Slots, x: Side) -> bool:
    """`Differ between C0 and between C1`: a comparison for each grouping, without adjustment, which was not asked for."""
    grouped = all(scene.column(name).kind.categorical for name in x.columns)
    return grouped and re.match(r"(?:differ|vary|varies|varied|compar)", slots.verb) is not None


@dataclass(frozen=True)
class Side:
    """What one side of a relation names: columns, or one column of two levels by one of them (`level` is then A and B)."""

    columns: tuple[str, ...]
    level: tuple[str, str] | None = None
    success: str | None = None


def _apart(x: Side, y: Side) -> tuple[Side, Side]:
    """Without the columns of one side that the other repeats."""
    return Side(tuple(name for name in x.columns if name not in y.columns), x.level), Side(y.columns, y.level, y.success)


def _side(scene: Scene, text: str) -> Side | Unread:
    columns = scene.columns_in(text)
    if columns:
        return Side(columns)
    for column, level in scene.levels_in(text):
        card = scene.column(column)
        if len(card.levels) == 2:
            other = next(name.name for name in card.levels if name.name != level)
            return Side((column,), (level, other), level)
        return Unread(f"it names one level of {column}, which has several: name the level to compare with", (column,))
    words = unknown_words(scene, text)
    if words:
        return Unread(f"no column or level of the data matches {_quoted(words)}")
    return Unread("it names only one column", scene.columns_in(scene.text))


def _quoted(words: tuple[str, ...]) -> str:
    return " ".join(words[:6]).join("“”")


def _sign(slots: Slots, text: str) -> int:
    """The sign of the relation: from the verb, times the signs of the two sides where both have one."""
    x, y = sign(_near(slots.x)), sign(_near(slots.y))
    if slots.mutual:
        adverb = re.search(r"\b(?:positive\w*|negative\w*|invers\w*)\b", text)
        stated = (sign(adverb.group()) if adverb else 0) or sign(slots.verb) or (sign(text) if not (x or y) else 0)
        return stated or (x * y if x else y)
    verb = sign(slots.verb)
    if verb and (x or not y):
        return verb * (x or 1)
    return (x or 1) * y if not verb else 0


def _near(side: str) -> str:
    """The words just before the first mark of a side, and just after its last."""
    marks = list(MARK.finditer(side))
    return " ".join((*side[: marks[0].start()].split()[-4:], *side[marks[-1].end() :].split()[:3])) if marks else ""


GRADED_PAIR = re.compile(
    r"\b(?P<a>more|less|high|low) (?:(?!than|likely|often)[a-z]+ ){0,2}?(?P<x>C\d+).*?"
    r"(?:\b(?P<b>more|less|high|low)(?: likely| often| frequently)?(?: to)?(?: be| have| a| the)* (?:(?!than)[a-z]+ ){0,2}?"
    r"(?P<y>C\d+)|(?P<z>C\d+) (?P<c>more|less)\b)"
)


def graded_pair(scene: Scene) -> Frame | None:
    """`Do more C0 have more C1`: two columns, each with a direction, and no relation named."""
    found = GRADED_PAIR.search(scene.text)
    if found is None or " than " in scene.text[found.start() :]:
        return None
    x, y = scene.columns_in(found.group("x"))[0], scene.columns_in(found.group("y") or found.group("z"))[0]
    signed = sign(found.group("a")) * sign(found.group("b") or found.group("c"))
    return None if x == y else Frame("relate", (y,), (x,), direction=direction(signed))


GRADE = r"(?:more|less|most|least|high|low)"
GRADED_BY = re.compile(
    r"^(?P<y>(?:(?!\bthan\b)[^,])*?\bC\d+(?:(?!\bthan\b)[^,])*?) (?:with|at|in|when|if|where|for|under|given|among) "
    r"(?P<x>(?:(?!\bthan\b)[^,])*?\bC\d+(?:(?!\bthan\b)[^,])*)$"
)
OTHER_VERB = re.compile(rf"\b(?:{LINKED}|{AFFECT}|{VARY}|come|comes|came|mean|means|hand|bring|brings)\b")


def graded_by(scene: Scene) -> Frame | None:
    """`Is C0 higher with a higher C1?`, `Is there more C0 when C1 is low?`: the first is the outcome."""
    found = GRADED_BY.search(scene.text)
    if found is None:
        return None
    grades = [sign(" ".join(re.findall(rf"\b{GRADE}\b", found.group(side))[:1])) for side in "yx"]
    columns = [scene.columns_in(found.group(side)) for side in "yx"]
    marks = [COLUMN.findall(found.group(side)) for side in "yx"]
    if 0 in grades or any(len(side) != 1 for side in (*columns, *marks)) or OTHER_VERB.search(found.group("y")):
        return None
    return None if columns[0] == columns[1] else Frame("relate", columns[0], columns[1], direction=direction(grades[0] * grades[1]))


def trait(scene: Scene) -> Frame | None:
    """`Do married people earn more?`: a yes/no column as an attribute, and one numeric outcome with a direction."""
    columns = scene.columns_in(scene.text)
    if len(columns) != 2 or scene.levels_in(scene.text) or THAN.search(scene.text) or not sign(scene.text):
        return None
    x, y = (scene.column(name) for name in columns)
    if y.kind == Kind.BINARY and x.kind.numeric and re.search(r"\b(?:more|less) C\d+ (?:on|in|among|during|at|for) ", scene.text):
        x, y = y, x
    elif re.search(r"\b(?:more|less|high|low) C\d+.*C\d+ *$", scene.text):
        return None
    yes = positive_level(x) if x.kind == Kind.BINARY else None
    if yes is None or not (y.kind.numeric or y.kind == Kind.BINARY):
        return None
    no = next(level.name for level in x.levels if level.name != yes)
    return Frame("relate", (y.name,), (x.name,), (yes, no), direction(sign(scene.text)))


def share_by_level(scene: Scene) -> Frame | None:
    """`Is the share of smokers higher at dinner?`: levels of two columns, the first one's share between those of the other."""
    levels = scene.levels_in(scene.text)
    found = re.search(
        r"\b(?:proportion|share|percentage|percent|fraction|rate|number|frequency|prevalence) of (?:the )?(?P<of>L\d+)", scene.text
    )
    if found is None or len(levels) != 2 or scene.columns_in(scene.text) or not (sign(scene.text) or "differ" in scene.text):
        return None
    outcome, success = scene.levels_in(found.group("of"))[0]
    column, level = next(option for option in levels if option != (outcome, success))
    card = scene.column(column)
    if column == outcome or len(card.levels) != 2:
        return None
    other = next(name.name for name in card.levels if name.name != level)
    return Frame("relate", (outcome,), (column,), (level, other), direction(sign(scene.text)), success)


OPEN = re.compile(r"^(?:what|which|who|how|where|when|by how)\b|, (?:what|which|who|whose)\b")
GRADES = re.compile(r"\b(?<!no )(?:more|less|increas\w*|decreas\w*)\b(?! than (?:one|two|N\d))")


def with_direction(frame: Frame, scene: Scene) -> Frame:
    """The frame with the sign of the words of comparison, where the rule that made it found none and they agree on one."""
    asks = OPEN.search(scene.text) is not None or " or " in scene.text
    words = GRADES.findall(scene.text)
    open_ended = frame.mutual and len(words) != 2
    if frame.ask != "relate" or frame.direction is not None or frame.equal or open_ended or asks or len(frame.predictors) != 1:
        return frame
    grouped = scene.column(frame.predictors[0]).kind.categorical
    if not words or len(words) > (1 if grouped else 2):
        return frame
    signed = sign(words[0]) * (sign(words[1]) if len(words) > 1 else 1)
    return replace(frame, direction=direction(signed))


DENIED = re.compile(
    r"\b(?:than|and|from|versus|vs|or|to)\b(?: (?:the|those|people|ones|others|[a-z]+s|who|that|which|did|do|does|were|are|was|"
    r"is|have|has|had)){0,4} (?:not|without|non)\b(?: (?:C\d+|L\d+|[a-z]+))?(?: (?:it|them|so|one|any))?(?: ,|$| in | on )"
)


def denied_trait(scene: Scene) -> Frame | None:
    """`Do people who C0 have more C1 than those who do not?`: a yes/no column (or a level of two) against its denial."""
    found = DENIED.search(scene.text)
    if found is None:
        return None
    before = scene.text[: found.start()]
    columns = scene.columns_in(scene.text)
    traits = [name for name in scene.columns_in(before) if _pair_of(scene, name) is not None]
    levels = [option for option in scene.levels_in(before) if len(scene.column(option[0]).levels) == 2]
    outcomes = [name for name in columns if name not in traits and name not in {column for column, _ in levels}]
    if len(outcomes) != 1 or len(traits) + len(levels) != 1:
        return None
    pair = _against_other(scene, levels[0]) if levels else _pair_of(scene, traits[0])
    column = levels[0][0] if levels else traits[0]
    graded = re.findall(r"\b(?:more|less|most|least|high|low)\b", before)
    equal = asks_sameness(scene.text.replace(" not", " "))
    asked = direction(sign(graded[-1])) if graded and " or " not in found.group() else None
    return Frame("relate", tuple(outcomes), (column,), pair, None if equal else asked, equal=equal)


def _pair_of(scene: Scene, name: str) -> tuple[str, str] | None:
    column = scene.column(name)
    yes, no = positive_level(column), negative_level(column)
    return (yes, no) if column.kind == Kind.BINARY and yes is not None and no is not None else None


def _against_other(scene: Scene, option: tuple[str, str]) -> tuple[str, str]:
    return option[1], next(level.name for level in scene.column(option[0]).levels if level.name != option[1])


def single_level(scene: Scene) -> Frame | Unread | None:
    """`Do smokers have higher charges?`: one level of a two-level column, and one outcome."""
    outcomes = scene.columns_in(scene.text)
    levels = scene.levels_in(scene.text)
    if (
        not outcomes
        or not levels
        or not (UP.search(scene.text) or DOWN.search(scene.text) or "differ" in scene.text or asks_sameness(scene.text))
    ):
        return None
    first = LEVEL.search(scene.text)
    candidates = [(column, level) for column, level in levels if len(scene.column(column).levels) == 2 and column not in outcomes]
    several = [(column, level) for column, level in levels if len(scene.column(column).levels) > 2 and column not in outcomes]
    if len(candidates) != 1 or (len(outcomes) > 1 and not listed(scene, outcomes)) or first is None:
        names = tuple(dict.fromkeys(column for column, _ in several))
        return Unread("it names one level and not what to compare it with", (*outcomes, *names)) if several else None
    column, level = candidates[0]
    a, b = comparison_levels(scene.column(column))
    pair = (level, b if level == a else a)
    return Frame("relate", outcomes, (column,), pair, direction(sign(scene.text)), equal=asks_sameness(scene.text))

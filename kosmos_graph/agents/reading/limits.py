"""Where the reading stops: questions of a sort that is not offered, and words or numbers that nothing accounts for."""

from __future__ import annotations

import re

from kosmos_graph.agents.reading.frame import Frame, Unread
from kosmos_graph.agents.reading.scene import Scene, unknown_words
from kosmos_graph.domain.study_sheet import SmallestEffect
from kosmos_graph.experiments.catalogue import CATALOGUE

REFUSALS = tuple(
    (re.compile(pattern), reason)
    for pattern, reason in (
        (
            r"\b(?:interact\w*|moderat(?:e|es|ed|or|ing|ion)\b|mediat\w*|modif(?:y|ies) the)",
            "it asks whether one relation depends on another column, for which there is no method here",
        ),
        (
            r"\b(?:forecast\w*|next (?:year|month|week|day|decade|quarter)|in the future|tomorrow|future)\b|"
            r"\bwill (?:the |it )?[CL]\d+.* be\b",
            "it asks for a forecast, for which there is no method here",
        ),
        (
            r"\b(?:cluster\w*|classif\w*|segment\w*|principal components?|pca|neural|machine learning|outliers?|"
            r"anomal\w*|deep learning)\b",
            "it asks for a procedure that is not among the methods here",
        ),
        (
            r"^(?:please )?(?:plot|draw|visuali[sz]e|list|print|sort|summari[sz]e|describe|translate|write|delete|"
            r"ignore|show me|rank)\b",
            "it asks for something to be done and not for a finding",
        ),
        (
            r"^(?:what|how) (?:does|do|is) (?:the )?(?:column |variable )?C\d+ (?:mean|measured|defined|"
            r"calculated|coded)$",
            "it asks what a column means, which only those who made the data can say",
        ),
        (
            r"\b(?:should (?:i|we|you|they|one)|how (?:can|do|could) (?:i|we|you) (?:improve|increase|reduce|"
            r"lower|raise))\b",
            "it asks for advice and not for a finding",
        ),
        (
            r"\b(?:if (?:we|i|you|they) (?:had|were|doubled?|set|change)|what would happen|what if)\b",
            "it asks about something that was not observed",
        ),
        (
            r"\b(?:nonlinear|non linear|quadratic|u shaped|exponential|curv\w*|threshold|lagged?|granger|"
            r"cointegrat\w*|stationar\w*|seasonal\w*|autocorrel\w*|periodic\w*|cyclic\w*|volatil\w*)\b",
            "it asks about a shape or a dependence that no method here tests",
        ),
        (
            r"\b(?:normally distributed|normal distribution|follow\w* a (?:normal|poisson|binomial|uniform)|"
            r"skewed|gaussian|more variable|less variable|variance\w*|variability|more spread|standard "
            r"deviations?|more consistent|vary more)\b",
            "it asks about the shape or spread of a distribution, for which there is no method here",
        ),
        (
            r"\b(?:twice|thrice|double|triple|(?:two|three|four|N\d+) times|half) (?:as|the|more|that)\b",
            "it asks about a ratio, for which there is no method here",
        ),
    )
)
WHY = re.compile(r"^(?:so |and |but )?why\b")
THREEFOLD = re.compile(
    r"\b(?:effects?|relationships?|relations?|associations?|correlations?|differences?|slopes?|impacts?|"
    r"links?|gap|influence|dependence)\b"
    r".*[CL]\d+.*\b(?:differ\w*|depend\w*|vary|varies|changes?|changed|strong\w*|weak\w*|more|less|same|"
    r"holds?|similar\w*|equal\w*)\b"
    r".*\b(?:for|between|across|in|by|on|with|than|among|within|at|as)\b.*[CL]\d+"
)
LEADS = r"(?:use|using|run|perform|apply|do|with|by|via|conduct|based on|according to|in)"
PROCEDURE = re.compile(
    rf"\b{LEADS}\s+(?:an?\s+|the\s+)?(?:(?!{LEADS}\b)[\w']+[- ]){{0,4}}?"
    r"(?:test|correlation|regression|anova|ancova|analysis|u-test|t-test)\b(?:\s*,)?"
    r"(?:\s+to\s+(?:test|check|see|determine|find out|assess))?(?:\s+(?:whether|if))?",
    re.IGNORECASE,
)
WITHIN = re.compile(r"\b(?:within|plus or minus|no more than|at most|margin of|to within|by less than)(?: [a-z]+){0,2} (N\d+)")
IGNORED = re.compile(
    r"\b(?:alpha|level|confidence|significance|p)(?: [a-z=]+){0,2} (N\d+)|(N\d+)(?: [a-z]+){0,1} "
    r"(?:confidence|significance|level|interval)"
)
REST = re.compile(r"\b(?:others?|rest|remaining|elsewhere)\b")
NEW_QUANTITY = re.compile(r"\b(?:more|less|most|least) (?P<rest>(?:[a-z]+ ?){1,3})(?P<mark>[CL]\d+)?")


def refusal(scene: Scene) -> Unread | None:
    """Why a question is of a sort that no method here answers; None where it may be answered."""
    text = scene.text
    for pattern, reason in REFUSALS:
        if pattern.search(text):
            return Unread(reason)
    if WHY.search(text) and not re.search(r"\b(?:vary|varies|differ)(?: so much)?$", text):
        return Unread("it asks why, which data alone do not tell; ask what affects the outcome")
    names = {*scene.columns_in(text), *(column for column, _ in scene.levels_in(text))}
    if len(names) > 2 and THREEFOLD.search(text):
        return Unread("it asks whether one relation depends on another column, for which there is no method here")
    return None


def unexplained(frame: Frame, scene: Scene) -> Unread | None:
    """A compared quantity that the data do not have, or too many unknown words."""
    named = {column for column, _ in scene.levels_in(scene.text)}
    whole = [name for name in frame.predictors if name in named and frame.levels is None and not frame.filters]
    if whole and len(scene.column(whole[0]).levels) > 2 and REST.search(scene.text) and frame.ask == "relate":
        listed = {level for column, level in scene.levels_in(scene.text) if column == whole[0]}
        if len(listed) == 1:
            return Unread(f"it compares one level of {whole[0]} with all the others: name two levels", (*frame.outcomes, *whole))
    unknown = unknown_words(scene, scene.text)
    for found in NEW_QUANTITY.finditer(scene.text) if frame.ask in ("relate", "paired") else ():
        words = unknown_words(scene, found.group("rest"))
        if words and not found.group("mark"):
            return Unread(f"no column of the data matches “{words[0]}”", (*frame.outcomes, *frame.predictors))
    if len(unknown) > 4:
        return Unread(f"too much of it names nothing in the data: “{' '.join(unknown[:6])}”", (*frame.outcomes, *frame.predictors))
    return None


def stated_delta(scene: Scene, reference: float | None) -> SmallestEffect | None:
    """A margin that a question of sameness states: `the same within 50 g`; the value compared with is none."""
    for found in WITHIN.finditer(scene.text):
        token = scene.number(found.group(1))
        if token.value is not None and token.value > 0 and token.value != reference:
            return SmallestEffect(value=token.value / 100 if token.percent else token.value, source="user")
    return None


def without_method(sentence: str) -> str:
    """The sentence without the words that ask for a method (`use a Welch t-test to see whether …`)."""
    found = PROCEDURE.search(sentence)
    return sentence if found is None or stated_method(found.group()) is None else sentence.replace(found.group(), " ")


def stated_method(sentence: str) -> str | None:
    """The method that a question asks for by name. A later one of the catalogue is the more particular: a logistic regression is
    also a regression.
    """
    text = sentence.lower()
    asked = ((method.name, method.asked_for) for method in reversed(tuple(CATALOGUE.values())))
    return next((name for name, pattern in asked if pattern and re.search(pattern, text)), None)

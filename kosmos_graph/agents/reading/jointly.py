"""Questions about several columns at once: `Does the effect of A on Y depend on B?`, `How well do A and B predict Y?`."""

from __future__ import annotations

import re

from kosmos_graph.agents.reading.changes import changes_compared
from kosmos_graph.agents.reading.frame import Frame, Unread
from kosmos_graph.agents.reading.scene import Scene

LINK = r"(?:effects?|impacts?|influences?)"
RELATION = r"(?:relationships?|relations?|associations?|correlations?|links?|connections?)"
DIFFERENCE = r"(?:differences?|gaps?)"
DEPENDS = (
    r"(?:depend\w*|differ\w*|vary|varies|changes?|(?:is |are )?(?:the same|stronger|weaker|larger|smaller|different|moderated))"
    r"(?: (?:on|upon|by|between|across|with|for|in|among|according to|of|the|levels?))*"
)
X, Y, Z = (rf"(?P<{place}>[^,]*?[CL]\d+[^,]*?)" for place in "xyz")
LAST_Y, LAST_Z = (rf"(?P<{place}>[^,]*[CL]\d+.*)$" for place in "yz")
DO = r"^(?:do |does )?"
INTERACTIONS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\b{LINK} of {X} on {Y} {DEPENDS} {LAST_Z}",
        rf"\b{RELATION} (?:between|of) {X} (?:and|with|to) {Y} {DEPENDS} {LAST_Z}",
        rf"\b{DIFFERENCE} in {Y} (?:between|across|by|among) {X} {DEPENDS} {LAST_Z}",
        rf"\binteractions? (?:effects? )?(?:between|of) {X} (?:and|with|by) {Z} (?:on|in|for|when predicting) {LAST_Y}",
        rf"{DO}{X} (?:and|with) {Z} interact\w* (?:on|in|for|in their effects? on|to affect) {LAST_Y}",
        rf"{DO}{X} interact\w* with {Z} (?:on|in|for|in (?:its|their) effects? on|to affect) {LAST_Y}",
        rf"{DO}{Z} (?:moderat\w*|modif\w*) the (?:{LINK}|{RELATION}) of {X} (?:on|with|and|to) {LAST_Y}",
    )
)
HOW_WELL = r"how (?:well|accurately|precisely|reliably)"
FROM = r"(?:from|by|with|using|based on|out of|on the basis of)"
PREDICT = r"(?:predict\w*|foretell|foretold)"
PREDICTIONS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\b{HOW_WELL} (?:can|could|do|does|may|would) (?:we |one |i |you )?{PREDICT} (?P<y>[^,]*?[CL]\d+)(?: {FROM} (?P<x>.+))?$",
        rf"\b{HOW_WELL} (?:can|could|is|are|may|would) (?P<y>[^,]*?[CL]\d+) (?:be )?{PREDICT}(?: {FROM} (?P<x>.+))?$",
        rf"\b{HOW_WELL} (?:can|could|do|does|would) (?P<x>.*[CL]\d+) (?:together )?{PREDICT} (?P<y>[^,]*[CL]\d+)$",
        rf"\bhow predictable is (?P<y>[^,]*?[CL]\d+)(?: {FROM} (?P<x>.+))?$",
    )
)


def jointly(scene: Scene) -> Frame | Unread | None:
    """The frame of a question for an interaction, or for how well an outcome is foretold; None for other questions."""
    text = scene.text.strip(" ,")
    changed = changes_compared(scene)
    if changed is not None:
        return changed
    for pattern in INTERACTIONS:
        found = pattern.search(text)
        if found is not None:
            return _interaction(scene, *(found.group(part) for part in "xyz"))
    for pattern in PREDICTIONS:
        found = pattern.search(text)
        if found is not None:
            return _prediction(scene, found.group("y"), found.group("x"))
    return None


def _interaction(scene: Scene, x: str, y: str, z: str) -> Frame | Unread | None:
    """Three columns, each in its place; a place may name levels of its column instead."""
    parts = [_columns(scene, text) for text in (x, y, z)]
    if any(len(part) != 1 for part in parts) or len({part[0] for part in parts}) < len(parts):
        return None
    predictor, outcome, moderator = (part[0] for part in parts)
    if scene.column(outcome).kind.categorical and scene.column(predictor).kind.numeric:
        return Unread(
            f"whether a relation with {outcome} depends on another column has no method here", (predictor, outcome, moderator)
        )
    return Frame("interact", (outcome,), (predictor, moderator))


def _prediction(scene: Scene, y: str, x: str | None) -> Frame | Unread | None:
    """One outcome, and the columns it is to be foretold from; none named means all."""
    outcomes, predictors = scene.columns_in(y), scene.columns_in(x or "")
    if len(outcomes) != 1 or set(outcomes) & set(predictors):
        return None
    if x is not None and not predictors and not re.search(r"\b(?:everything|all|others?|rest|remaining|data)\b", x):
        return None
    return Frame("predict", outcomes, predictors, quantity="skill")


def _columns(scene: Scene, text: str) -> tuple[str, ...]:
    levels = (column for column, _ in scene.levels_in(text))
    return tuple(dict.fromkeys((*scene.columns_in(text), *levels)))

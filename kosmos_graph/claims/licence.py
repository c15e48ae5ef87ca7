"""What results license to be said: references, names, and for each result its direction, cause and certainty."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from kosmos_graph.claims.references import study_references, synthesis_references
from kosmos_graph.claims.shape import (
    UNSIDED,
    Shape,
    Sign,
    adjusted_for,
    groups_compared,
    shape_of,
    shown_sign,
    tests_equivalence,
)
from kosmos_graph.domain.analysis import Judgement, Study, Verdict
from kosmos_graph.domain.data_card import DataCard
from kosmos_graph.domain.design import Design
from kosmos_graph.domain.hypothesis import Hypothesis
from kosmos_graph.domain.results import TestResult
from kosmos_graph.domain.study_sheet import StudySheet

Found = tuple[Hypothesis, Study, Judgement]


@dataclass(frozen=True)
class Contrast:
    """Two groups and the side on which A − B has been shown to lie; 0 where it has not."""

    a: str
    b: str
    sign: Sign


@dataclass(frozen=True)
class Scope:
    """What one result licenses. `key` is its hypothesis in a synthesis, "" in a study.

    `sign` is the side shown (1 for "there is one" where the effect has no direction). `contrasts` are the pairs of groups of
    which a direction may be said. `significant` is None while the adjusted p is unknown; `exceeds_alpha` says that no
    adjustment can make it significant. `verdict` is None while it is not set.
    """

    key: str
    shape: Shape
    sign: Sign
    directed: bool
    contrasts: tuple[Contrast, ...]
    quantity: str
    causal: bool
    equivalent: bool
    significant: bool | None
    exceeds_alpha: bool
    verdict: Verdict | None
    focus: frozenset[str]
    held: frozenset[str]

    @property
    def groups(self) -> frozenset[str]:
        """Every group of which a direction may be said."""
        return frozenset(name for contrast in self.contrasts for name in (contrast.a, contrast.b))

    def between(self, first: str, second: str) -> Sign | None:
        """The side on which `first` minus `second` was shown to lie; None for two groups that were not compared."""
        for contrast in self.contrasts:
            if (first, second) == (contrast.a, contrast.b):
                return contrast.sign
            if (first, second) == (contrast.b, contrast.a):
                return -contrast.sign
        return None


@dataclass(frozen=True)
class Licence:
    """What may be said: `references` that have a value, `names` of the data that may carry digits, a scope for each result."""

    references: frozenset[str]
    names: frozenset[str]
    scopes: tuple[Scope, ...]

    def about(self, hypotheses: Collection[str]) -> tuple[Scope, ...]:
        """The scopes of these hypotheses; all where none of them is known."""
        return tuple(scope for scope in self.scopes if scope.key in hypotheses) or self.scopes


def data_names(cards: Iterable[DataCard]) -> frozenset[str]:
    """Names of data files, columns and levels."""
    found: set[str] = set()
    for card in cards:
        found.add(card.name)
        for column in card.columns:
            found |= {column.name, *(level.name for level in column.levels)}
            found |= {name for name in (column.label, column.unit) if name}
    return frozenset(found)


def study_licence(
    hypothesis: Hypothesis,
    design: Design,
    result: TestResult,
    sheet: StudySheet,
    alpha: float,
    card: DataCard | None = None,
) -> Licence:
    """What one result licenses, before verdicts are set."""
    names = _design_names(design, result) | data_names([card] if card is not None else [])
    references = frozenset(study_references(hypothesis, design, result, sheet))
    return Licence(references, names, (_scope("", hypothesis, design, result, sheet, alpha, None),))


def synthesis_licence(found: Sequence[Found], cards: Iterable[DataCard], sheet: StudySheet) -> Licence:
    """What judged results license together; those without a result license nothing."""
    answered = [(h, study, judgement, study.execution.result) for h, study, judgement in found]
    scopes, names, references = [], set(data_names(cards)), []
    for hypothesis, study, judgement, result in answered:
        if result is not None:
            alpha = _alpha_of(result)
            scopes.append(_scope(hypothesis.id, hypothesis, study.design, result, sheet, alpha, judgement))
            references.append((hypothesis.id, study_references(hypothesis, study.design, result, sheet)))
            names |= _design_names(study.design, result)
    return Licence(synthesis_references(references), frozenset(names), tuple(scopes))


def _alpha_of(result: TestResult) -> float:
    """Alpha in force, from the level of the effect's interval; equivalence tests carry an interval at 1 − 2·alpha."""
    missed = 1 - result.effect.level
    return missed / 2 if tests_equivalence(result) else missed


def _scope(
    key: str,
    hypothesis: Hypothesis,
    design: Design,
    result: TestResult,
    sheet: StudySheet,
    alpha: float,
    judgement: Judgement | None,
) -> Scope:
    sign = shown_sign(result, alpha)
    tested = result.p_value is not None and not tests_equivalence(result)
    shape = shape_of(hypothesis, design, result)
    return Scope(
        key=key,
        shape=shape,
        sign=sign,
        directed=result.effect.directed and shape not in UNSIDED,
        contrasts=_contrasts(design, result, sign),
        quantity=f"{result.effect.name} {result.effect.label}".casefold(),
        causal=is_randomised(design, sheet) and sign != 0,
        equivalent=_equivalent(result, judgement, alpha),
        significant=_significant(judgement, alpha) if tested else None,
        exceeds_alpha=tested and result.p_value is not None and result.p_value > alpha,
        verdict=judgement.verdict if judgement is not None else None,
        focus=frozenset(name for name in (design.target.outcome, *design.target.predictors[:1]) if name),
        held=frozenset(adjusted_for(design)),
    )


def is_randomised(design: Design, sheet: StudySheet) -> bool:
    """Whether the study assigned what the design compares, so that a cause may be spoken of."""
    if sheet.design != "randomised":
        return False
    return sheet.treatment is None or design.target.predictors[:1] == (sheet.treatment,)


def _equivalent(result: TestResult, judgement: Judgement | None, alpha: float) -> bool:
    if judgement is not None and judgement.p_equivalence_adjusted is not None:
        return judgement.p_equivalence_adjusted <= alpha
    return result.equivalence is not None and result.equivalence.p_value <= alpha


def _significant(judgement: Judgement | None, alpha: float) -> bool | None:
    if judgement is None or judgement.p_adjusted is None:
        return None
    return judgement.p_adjusted <= alpha


def _contrasts(design: Design, result: TestResult, sign: Sign) -> tuple[Contrast, ...]:
    pair = groups_compared(design, result)
    if result.effect.directed:
        return (Contrast(*pair, sign),) if pair is not None else ()
    labels = [group.label for group in result.groups]
    pairs = {f"{a} − {b}": (a, b) for a in labels for b in labels if a != b}
    found = ((pairs[term.name], term.low, term.high) for term in result.terms if term.name in pairs)
    return tuple(Contrast(*named, _side(low, high)) for named, low, high in found)


def _side(low: float | None, high: float | None) -> Sign:
    if low is not None and low > 0:
        return 1
    return -1 if high is not None and high < 0 else 0


def _design_names(design: Design, result: TestResult) -> frozenset[str]:
    target = design.target
    values = (one.value for one in target.filters)
    listed = (value if isinstance(value, tuple) else (value,) for value in values)
    found = {
        target.dataset,
        *target.columns,
        *design.covariates,
        *(target.levels or ()),
        target.success,
        *(one.column for one in target.filters),
        *(value for several in listed for value in several),
        *(group.label for group in result.groups),
        result.effect.unit,
    }
    return frozenset(name for name in found if isinstance(name, str) and name)

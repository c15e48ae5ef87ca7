"""The rule that settles verdicts; no other place sets one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from kosmos_graph.domain.analysis import Judgement, Verdict
from kosmos_graph.domain.hypothesis import Hypothesis
from kosmos_graph.domain.results import TestResult
from kosmos_graph.experiments.catalogue import CATALOGUE
from kosmos_graph.experiments.multiplicity import holm

Entry = tuple[Hypothesis, TestResult]
Ruling = tuple[Verdict, str]

EQUIVALENCE_METHODS = frozenset(method.name for method in CATALOGUE.values() if method.needs.delta)
"""Methods whose own p is that of the equivalence test, so that they say nothing against the null of no effect."""
WITHOUT_DELTA = "no smallest effect that matters was locked for this test, so it cannot show that there is none"


@dataclass(frozen=True)
class Evidence:
    """What the rule looks at for one hypothesis: its result, Holm-adjusted p-values, and the error rate.

    `p` is against no effect, `p_equivalence` against an effect of δ or more, `p_relevance` against one of δ or less.
    """

    hypothesis: Hypothesis
    result: TestResult
    p: float | None
    p_equivalence: float | None
    p_relevance: float | None
    alpha: float

    @property
    def significant(self) -> bool:
        """Whether the adjusted p of the test is at most alpha."""
        return self.p is not None and self.p <= self.alpha

    @property
    def equivalent(self) -> bool:
        """Whether the adjusted p of the equivalence test is at most alpha."""
        return self.p_equivalence is not None and self.p_equivalence <= self.alpha

    @property
    def relevant(self) -> bool:
        """Whether the adjusted p against an effect within ±δ is at most alpha."""
        return self.p_relevance is not None and self.p_relevance <= self.alpha

    @property
    def predicted(self) -> int:
        """Sign that the hypothesis predicts, 0 where it predicts none."""
        return {"positive": 1, "negative": -1, None: 0}[self.hypothesis.direction]

    @property
    def shown(self) -> int:
        """Sign that a small p speaks for; 0 where the estimate lies on the side that a one-sided test does not look at."""
        sign = self.result.effect.sign
        tested = {"two-sided": sign, "greater": 1, "less": -1}[self.result.alternative]
        return sign if sign == tested else 0


def judge(entries: Sequence[Entry], alpha: float, family_size: int) -> tuple[Judgement, ...]:
    """One judgement per entry, in the order of the entries, on which nothing else depends.

    The tests of all entries but the estimates make one family, their tests against ±δ others; each is Holm-adjusted to
    `family_size`, the number of locked hypotheses with a test, whether or not it could be run. Raises ValueError where two
    entries have one hypothesis or the family is smaller than its tests.

    An effect is supported by significance with the predicted sign (any sign where none was predicted), refuted by significance
    with the opposite sign, or by equivalence. Where an effect is both significant as predicted and equivalent, it is supported,
    and the basis says that it lies within ±δ: it exists, and is too small to matter. No effect is supported by equivalence and
    refuted by an interval wholly outside ±δ, provided that this, too, holds with adjustment.
    """
    if len({hypothesis.id for hypothesis, _ in entries}) < len(entries):
        raise ValueError("a hypothesis was entered twice")
    tested = {hypothesis.id: result for hypothesis, result in entries if hypothesis.expects != "estimate"}
    p, p_equivalence, p_relevance = (adjusted(tested, p_of, family_size) for p_of in (null_p, equivalence_p, relevance_p))
    return tuple(
        judgement(Evidence(h, result, p.get(h.id), p_equivalence.get(h.id), p_relevance.get(h.id), alpha)) for h, result in entries
    )


def null_p(result: TestResult) -> float | None:
    """The p against no effect, None where the method does not test it."""
    return None if result.method in EQUIVALENCE_METHODS else result.p_value


def relevance_p(result: TestResult) -> float | None:
    """The p against an effect within ±δ: on the side of the estimate it complements that of the equivalence test, and is doubled
    where the data chose the side, as in the two-sided interval.
    """
    if result.equivalence is None:
        return None
    one_side = 1 - result.equivalence.p_value
    return min(1.0, 2 * one_side) if result.alternative == "two-sided" else one_side


def equivalence_p(result: TestResult) -> float | None:
    """The p of the result's equivalence test, None where it has none."""
    return None if result.equivalence is None else result.equivalence.p_value


def adjusted(tested: dict[str, TestResult], p_of: Callable[[TestResult], float | None], family_size: int) -> dict[str, float]:
    """Holm-adjusted p-values of those results that have one."""
    found = {name: p for name, result in tested.items() if (p := p_of(result)) is not None}
    return holm(found, family_size)


def judgement(evidence: Evidence) -> Judgement:
    """The verdict that follows from the evidence."""
    match evidence.hypothesis.expects:
        case "estimate":
            return Judgement(
                hypothesis=evidence.hypothesis.id, verdict=None, p_adjusted=None, basis="an estimate is described, not tested"
            )
        case "effect":
            verdict, basis = rule_on_effect(evidence)
        case "no effect":
            verdict, basis = rule_on_no_effect(evidence)
    return Judgement(
        hypothesis=evidence.hypothesis.id,
        verdict=verdict,
        p_adjusted=evidence.p_equivalence if evidence.result.method in EQUIVALENCE_METHODS else evidence.p,
        p_equivalence_adjusted=evidence.p_equivalence,
        basis=basis,
    )


def rule_on_effect(evidence: Evidence) -> Ruling:
    """Verdict on a hypothesis that there is an effect."""
    if evidence.significant:
        ruling = rule_on_significant_effect(evidence)
        if ruling[0] != "inconclusive":
            return ruling
    if evidence.equivalent:
        return "refuted", "the effect lies within ±δ by two one-sided tests, adjusted for the number of hypotheses"
    if evidence.significant:
        return rule_on_significant_effect(evidence)
    if evidence.p is None:
        return "inconclusive", "no test against the absence of an effect gave a p-value"
    if evidence.p_equivalence is None:
        return "inconclusive", f"the adjusted p-value exceeds alpha, and {WITHOUT_DELTA}"
    return "inconclusive", "the adjusted p-value exceeds alpha, and the effect was not shown to lie within ±δ"


def rule_on_significant_effect(evidence: Evidence) -> Ruling:
    """Verdict where the adjusted p is at most alpha: the sign decides."""
    negligible = "; the effect nevertheless lies within ±δ, so it is too small to matter" if evidence.equivalent else ""
    if not evidence.result.effect.directed:
        if evidence.predicted:
            return "inconclusive", "the test shows that there is an effect but not its direction, which the hypothesis predicts"
        return "supported", "the adjusted p-value is at most alpha, and no direction was predicted"
    if not evidence.shown:
        return "inconclusive", "the estimate lies on the side that the one-sided test does not look at"
    if not evidence.predicted:
        return "supported", f"the adjusted p-value is at most alpha, and no direction was predicted{negligible}"
    if evidence.shown == evidence.predicted:
        return "supported", f"the adjusted p-value is at most alpha, and the sign is the predicted one{negligible}"
    return "refuted", f"the adjusted p-value is at most alpha, and the sign is opposite to the predicted one{negligible}"


def rule_on_no_effect(evidence: Evidence) -> Ruling:
    """Verdict on a hypothesis of no difference."""
    if evidence.p_equivalence is None:
        return "inconclusive", WITHOUT_DELTA
    if evidence.equivalent:
        return "supported", "the effect lies within ±δ by two one-sided tests, adjusted for the number of hypotheses"
    if not wholly_outside(evidence.result):
        return "inconclusive", "the effect was not shown to lie within ±δ, and its interval is not wholly outside"
    if not evidence.relevant:
        return "inconclusive", "the interval lies wholly outside ±δ, but not when adjusted for the number of hypotheses"
    return "refuted", "the interval lies wholly outside ±δ, also when adjusted for the number of hypotheses"


def wholly_outside(result: TestResult) -> bool:
    """Whether the confidence interval has no point within ±δ of the null.

    The equivalence test's narrower interval has to agree: it is on δ's scale by construction.
    """
    equivalence, effect = result.equivalence, result.effect
    if equivalence is None:
        return False
    above = effect.low is not None and effect.low > effect.null + equivalence.delta and equivalence.low > equivalence.delta
    below = effect.high is not None and effect.high < effect.null - equivalence.delta and equivalence.high < -equivalence.delta
    return above or below

"""The rule that settles verdicts."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from kosmos_graph.domain.analysis import Judgement
from kosmos_graph.domain.design import Alternative
from kosmos_graph.domain.hypothesis import Direction, Expectation, Hypothesis, Target
from kosmos_graph.domain.results import Effect, TestResult
from kosmos_graph.experiments.catalogue import CATALOGUE
from kosmos_graph.experiments.tost import two_one_sided_tests
from kosmos_graph.experiments.verdict import EQUIVALENCE_METHODS, Entry, judge

ALPHA = 0.05
ERROR = 1.0


def hypothesis(name: str = "c1h1", *, expects: Expectation = "effect", direction: Direction | None = None) -> Hypothesis:
    return Hypothesis(
        id=name,
        cycle=1,
        statement="",
        rationale="",
        task="estimate" if expects == "estimate" else "compare",
        expects=expects,
        direction=direction,
        target=Target(dataset="data.csv", outcome="y"),
        author="rules",
    )


def result(
    value: float,
    *,
    delta: float | None = None,
    alternative: Alternative = "two-sided",
    directed: bool = True,
    method: str = "welch_t",
    null: float = 0.0,
) -> TestResult:
    """A z test of an estimate that lies `value` standard errors from its null."""
    p = {"two-sided": 2 * stats.norm.sf(abs(value)), "greater": stats.norm.sf(value), "less": stats.norm.cdf(value)}[alternative]
    equivalence = two_one_sided_tests(value, ERROR, None, delta, ALPHA)
    half = float(stats.norm.ppf(0.975))
    effect = Effect(
        name="difference of means",
        label="A − B",
        value=value + null,
        low=value + null - half,
        high=value + null + half,
        level=0.95,
        null=null,
        directed=directed,
    )
    if method in EQUIVALENCE_METHODS and equivalence is not None:
        p = equivalence.p_value
    return TestResult(
        method=method,
        title="",
        estimand="",
        statistic_name="z",
        statistic=value,
        p_value=float(p),
        alternative=alternative,
        effect=effect,
        n_read=100,
        n_analysed=100,
        equivalence=equivalence,
    )


def verdict_of(found: TestResult, family: int = 1, **options: Any) -> Judgement:
    return judge([(hypothesis(**options), found)], ALPHA, family)[0]


def test_a_significant_effect_is_supported_in_any_direction_where_none_was_predicted() -> None:
    assert [verdict_of(result(value)).verdict for value in (4.0, -4.0)] == ["supported", "supported"]


def test_the_predicted_sign_supports_and_the_opposite_refutes() -> None:
    assert verdict_of(result(4.0), direction="positive").verdict == "supported"
    assert verdict_of(result(-4.0), direction="positive").verdict == "refuted"
    assert verdict_of(result(-4.0), direction="negative").verdict == "supported"
    assert verdict_of(result(4.0), direction="negative").verdict == "refuted"


def test_the_sign_is_taken_from_the_null_of_the_effect() -> None:
    assert verdict_of(result(-4.0, null=50.0), direction="positive").verdict == "refuted"


def test_without_significance_nothing_is_settled() -> None:
    found = verdict_of(result(1.0), direction="positive")
    assert found.verdict == "inconclusive"
    assert found.p_adjusted == pytest.approx(2 * stats.norm.sf(1))
    assert "no smallest effect" in found.basis


def test_the_family_decides_about_significance() -> None:
    assert verdict_of(result(2.2)).verdict == "supported"
    assert verdict_of(result(2.2), 2).verdict == "inconclusive"
    assert verdict_of(result(2.2), 2).p_adjusted == pytest.approx(4 * stats.norm.sf(2.2))


def test_alpha_itself_is_significant() -> None:
    found = result(3.0).model_copy(update={"p_value": ALPHA})
    assert verdict_of(found).verdict == "supported"


def test_equivalence_refutes_an_effect() -> None:
    found = verdict_of(result(0.3, delta=4.0), direction="positive")
    assert (found.verdict, "within ±δ" in found.basis) == ("refuted", True)
    assert found.p_equivalence_adjusted == pytest.approx(stats.norm.sf(3.7))


def test_equivalence_has_to_hold_in_the_family() -> None:
    assert verdict_of(result(0.0, delta=2.0)).verdict == "refuted"
    assert verdict_of(result(0.0, delta=2.0), 4).verdict == "inconclusive"


def test_an_effect_that_exists_and_does_not_matter_is_supported_and_called_small() -> None:
    found = verdict_of(result(4.0, delta=10.0), direction="positive")
    assert found.verdict == "supported"
    assert "too small to matter" in found.basis


def test_a_hypothesis_of_no_difference_is_supported_by_equivalence() -> None:
    assert verdict_of(result(0.3, delta=4.0), expects="no effect").verdict == "supported"


def test_a_hypothesis_of_no_difference_is_refuted_by_an_interval_wholly_outside() -> None:
    assert verdict_of(result(6.0, delta=2.0), expects="no effect").verdict == "refuted"
    assert verdict_of(result(-6.0, delta=2.0), expects="no effect").verdict == "refuted"
    assert verdict_of(result(3.5, delta=2.0), expects="no effect").verdict == "inconclusive"


def test_lying_outside_has_to_hold_in_the_family() -> None:
    found = result(4.2, delta=2.0)
    assert verdict_of(found, expects="no effect").verdict == "refuted"
    assert verdict_of(found, 10, expects="no effect").verdict == "inconclusive"


def test_absence_of_evidence_is_no_evidence_of_absence() -> None:
    for value in (0.0, 5.0):
        found = verdict_of(result(value), expects="no effect")
        assert (found.verdict, "no smallest effect" in found.basis) == ("inconclusive", True)


def test_an_interval_on_another_scale_than_delta_refutes_nothing() -> None:
    found = result(3.0, delta=2.5)
    ratio = found.effect.model_copy(update={"value": 90.0, "low": 80.0, "high": 100.0})
    assert verdict_of(found.model_copy(update={"effect": ratio}), expects="no effect").verdict == "inconclusive"


def test_a_one_sided_p_speaks_for_its_side_alone() -> None:
    assert verdict_of(result(4.0, alternative="greater"), direction="positive").verdict == "supported"
    assert verdict_of(result(-4.0, alternative="greater"), direction="positive").verdict == "inconclusive"
    assert verdict_of(result(-4.0, alternative="less"), direction="negative").verdict == "supported"
    contradictory = result(-4.0, alternative="greater").model_copy(update={"p_value": 0.001})
    assert verdict_of(contradictory, direction="negative").verdict == "inconclusive"


def test_a_test_without_direction_does_not_settle_a_direction() -> None:
    found = result(4.0, directed=False)
    assert verdict_of(found).verdict == "supported"
    for direction in ("positive", "negative"):
        assert verdict_of(found, direction=direction).verdict == "inconclusive"


def test_an_estimate_has_no_verdict_and_is_not_in_the_family() -> None:
    entries = [(hypothesis("c1h1", expects="estimate"), result(4.0)), (hypothesis("c1h2"), result(2.2))]
    estimate, tested = judge(entries, ALPHA, 1)
    assert (estimate.verdict, estimate.p_adjusted) == (None, None)
    assert tested.verdict == "supported"


def test_a_result_without_p_settles_nothing() -> None:
    assert verdict_of(result(4.0).model_copy(update={"p_value": None})).verdict == "inconclusive"


def test_the_p_of_an_equivalence_test_never_supports_an_effect() -> None:
    found = result(0.2, delta=4.0, method="tost")
    assert verdict_of(found, direction="positive").verdict == "refuted"
    assert verdict_of(found, expects="no effect").verdict == "supported"
    assert verdict_of(found).p_adjusted == found.p_value


def test_the_equivalence_methods_are_those_that_need_a_delta() -> None:
    assert {name for name, method in CATALOGUE.items() if method.needs.delta} == EQUIVALENCE_METHODS


def test_a_hypothesis_entered_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="twice"):
        judge([(hypothesis(), result(1.0))] * 2, ALPHA, 2)


VALUES = st.floats(-8, 8)
RESULTS = st.builds(
    result, VALUES, delta=st.one_of(st.none(), st.floats(0.1, 9)), alternative=st.sampled_from(["two-sided", "greater", "less"])
)
CLAIMS = st.tuples(st.sampled_from(["effect", "no effect", "estimate"]), st.sampled_from([None, "positive", "negative"]))
FAMILIES = st.lists(st.tuples(CLAIMS, RESULTS), min_size=1, max_size=6)


def entries_of(family: list[Any]) -> list[Entry]:
    return [
        (hypothesis(f"c1h{place}", expects=expects, direction=direction), found)
        for place, ((expects, direction), found) in enumerate(family)
    ]


@settings(deadline=None, max_examples=60)
@given(FAMILIES, st.randoms(use_true_random=False))
def test_the_order_of_entries_does_not_matter(family: list[Any], random: Any) -> None:
    entries = entries_of(family)
    shuffled = random.sample(entries, len(entries))
    here, there = (judge(order, ALPHA, len(entries)) for order in (entries, shuffled))
    assert {judgement.hypothesis: judgement for judgement in here} == {judgement.hypothesis: judgement for judgement in there}
    assert [judgement.hypothesis for judgement in there] == [claim.id for claim, _ in shuffled]


@settings(deadline=None, max_examples=100)
@given(FAMILIES, VALUES, st.floats(0.1, 9))
def test_another_hypothesis_never_makes_a_verdict_stronger(family: list[Any], value: float, delta: float) -> None:
    entries = entries_of(family)
    before = judge(entries, ALPHA, len(entries))
    more = [*entries, (hypothesis("c1h99"), result(value, delta=delta))]
    for old, new in zip(before, judge(more, ALPHA, len(more)), strict=False):
        assert new.verdict != "supported" or old.verdict == "supported"
        assert new.verdict != "refuted" or old.verdict == "refuted" or "too small to matter" in old.basis
        assert (new.p_adjusted or 0) >= (old.p_adjusted or 0)


@settings(deadline=None, max_examples=150)
@given(FAMILIES)
def test_no_effect_is_supported_against_its_sign(family: list[Any]) -> None:
    entries = entries_of(family)
    for (claim, found), judgement in zip(entries, judge(entries, ALPHA, len(entries)), strict=True):
        if claim.expects == "effect" and judgement.verdict == "supported":
            assert claim.direction is None or found.effect.sign == {"positive": 1, "negative": -1}[claim.direction]
        if claim.expects == "effect" and judgement.verdict == "refuted" and "within ±δ by" not in judgement.basis:
            assert found.effect.sign == {"positive": -1, "negative": 1, None: 0}[claim.direction]


@settings(deadline=None, max_examples=60)
@given(FAMILIES)
def test_no_basis_holds_a_number(family: list[Any]) -> None:
    for judgement in judge(entries_of(family), ALPHA, len(family)):
        assert not re.search(r"\d", judgement.basis)


@settings(deadline=None, max_examples=60)
@given(FAMILIES)
def test_turning_all_signs_around_turns_no_verdict_around(family: list[Any]) -> None:
    opposite = {"positive": "negative", "negative": "positive", None: None}
    sides = {"two-sided": "two-sided", "greater": "less", "less": "greater"}
    turned = [
        (
            (expects, opposite[direction]),
            result(-found.effect.value, delta=found.equivalence and found.equivalence.delta, alternative=sides[found.alternative]),
        )
        for (expects, direction), found in family
    ]
    here, there = (judge(entries_of(side), ALPHA, len(family)) for side in (family, turned))
    assert [judgement.verdict for judgement in here] == [judgement.verdict for judgement in there]


def test_no_effect_is_refuted_by_an_adjusted_p_of_two_sides() -> None:
    """δ is next to nothing, so either side can refute: with two hypotheses each takes 2.5 %, 1.25 % on each side (z of 2.24)."""
    for value, verdict in ((2.2, "inconclusive"), (2.3, "refuted"), (-2.2, "inconclusive"), (-2.3, "refuted")):
        entry = hypothesis(expects="no effect"), result(value, delta=1e-6)
        assert judge([entry], ALPHA, 2)[0].verdict == verdict

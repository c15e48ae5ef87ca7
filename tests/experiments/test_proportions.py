"""Proportions: one group against a stated value, two groups, exact tests."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, special, stats
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint, proportions_ztest

from kosmos_graph.data.dataset import Dataset
from kosmos_graph.domain.data_card import Kind
from kosmos_graph.domain.results import TestResult
from kosmos_graph.experiments.catalogue.counts import Tally
from kosmos_graph.experiments.catalogue.proportion_intervals import constrained_share, newcombe, score_statistic, wilson
from kosmos_graph.experiments.method import NotApplicable
from tests.experiments.factories import make_context, make_dataset, make_design, run_method

Z = float(stats.norm.ppf(0.975))
TWO_GROUP_METHODS = ("risk_difference", "boschloo_exact", "fisher_exact")


def one_group(hits: int, n: int) -> Dataset:
    return make_dataset({"cured": ["yes"] * hits + ["no"] * (n - hits)})


def two_groups(a: int, n_a: int, b: int, n_b: int) -> Dataset:
    cured = ["yes"] * a + ["no"] * (n_a - a) + ["yes"] * b + ["no"] * (n_b - b)
    return make_dataset(
        {"cured": cured, "arm": ["A"] * n_a + ["B"] * n_b},
        orders={"cured": ["no", "yes"]},
        kinds={"cured": Kind.BINARY},
    )


def compare(method: str, counts: tuple[int, int, int, int], **options: Any) -> TestResult:
    options = {"levels": ("A", "B"), "success": "yes", **options}
    return run_method(two_groups(*counts), make_design(method, "cured", ("arm",), **options))


def against(hits: int, n: int, reference: float, **options: Any) -> TestResult:
    return run_method(
        one_group(hits, n), make_design("one_sample_proportion", "cured", reference=reference, success="yes", **options)
    )


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_gives_the_published_intervals(hits: int, n: int, low: float, high: float) -> None:
    """Newcombe 1998, Stat Med 17:857, table I, method 3."""
    assert wilson(hits, n, Z) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(
    ("counts", "low", "high"),
    [
        ((56, 70, 48, 80), 0.0524, 0.3339),
        ((9, 10, 3, 10), 0.1705, 0.8090),
        ((6, 7, 2, 7), 0.0582, 0.8062),
        ((5, 56, 0, 29), -0.0381, 0.1926),
        ((0, 10, 0, 20), -0.1611, 0.2775),
        ((0, 10, 0, 10), -0.2775, 0.2775),
        ((10, 10, 0, 20), 0.6791, 1.0),
        ((10, 10, 0, 10), 0.6075, 1.0),
    ],
)
def test_newcombe_gives_the_published_intervals(counts: tuple[int, int, int, int], low: float, high: float) -> None:
    """Newcombe 1998, Stat Med 17:873, table II, method 10."""
    a, b = Tally("A", *counts[:2]), Tally("B", *counts[2:])
    assert newcombe(a, b, Z) == pytest.approx((low, high), abs=5e-5)


def test_one_sample_proportion_agrees_with_the_binomial_sum_and_statsmodels() -> None:
    found = against(7, 20, 0.5)
    mass = [math.comb(20, k) * 0.5**20 for k in range(21)]
    assert found.p_value == pytest.approx(sum(m for m in mass if m <= mass[7] * (1 + 1e-9)), rel=1e-12)
    assert (found.effect.low, found.effect.high) == pytest.approx(proportion_confint(7, 20, method="wilson"), rel=1e-9)
    assert (found.effect.value, found.effect.null, found.effect.sign) == (0.35, 0.5, -1)
    assert (found.n_analysed, found.groups[0].n_success) == (20, 7)


def test_one_sided_binomial_p_values_are_the_tails() -> None:
    assert against(7, 20, 0.5, alternative="less").p_value == pytest.approx(stats.binom.cdf(7, 20, 0.5), rel=1e-12)
    greater = against(7, 20, 0.5, alternative="greater")
    assert greater.p_value == pytest.approx(stats.binom.sf(6, 20, 0.5), rel=1e-12)
    assert greater.effect.high == 1.0


def test_one_sample_equivalence_is_two_exact_binomial_tests() -> None:
    found = against(51, 100, 0.5, delta=0.15).equivalence
    assert found is not None
    assert found.p_value == pytest.approx(max(stats.binom.sf(50, 100, 0.35), stats.binom.cdf(51, 100, 0.65)), rel=1e-12)


def test_a_reference_that_is_no_proportion_is_refused() -> None:
    with pytest.raises(NotApplicable, match="between 0 and 1"):
        against(7, 20, 50)


def test_a_proportion_of_one_has_finite_results() -> None:
    found = against(12, 12, 0.9, delta=0.05)
    assert found.effect.high == 1.0
    assert found.p_value == pytest.approx(stats.binomtest(12, 12, 0.9).pvalue)


def test_risk_difference_agrees_with_scipy_and_statsmodels() -> None:
    found = compare("risk_difference", (56, 70, 48, 80))
    z, p = proportions_ztest([56, 48], [70, 80])
    assert (found.statistic, found.p_value) == pytest.approx((z, p), rel=1e-9)
    chi = stats.chi2_contingency([[56, 14], [48, 32]], correction=False)
    assert (found.statistic or 0) ** 2 == pytest.approx(chi.statistic, rel=1e-9)
    expected = confint_proportions_2indep(56, 70, 48, 80, method="newcomb", compare="diff")
    assert (found.effect.low, found.effect.high) == pytest.approx(expected, rel=1e-9)
    assert found.effect.value == pytest.approx(0.2)
    assert found.effect.label == "A − B"


def test_ratios_of_the_physicians_health_study_are_the_published_ones() -> None:
    """Agresti 2007, An Introduction to Categorical Data Analysis, section 2.2–2.3: heart attacks under placebo and aspirin."""
    found = compare("risk_difference", (189, 11034, 104, 11037))
    risk, odds = found.other_effects
    assert (round(risk.value, 2), round(risk.low or 0, 2), round(risk.high or 0, 2)) == (1.82, 1.43, 2.31)
    assert (round(odds.value, 2), round(odds.low or 0, 2), round(odds.high or 0, 2)) == (1.83, 1.44, 2.33)
    assert round(found.effect.value, 4) == 0.0077
    assert (risk.null, odds.null) == (1.0, 1.0)


def test_ratio_intervals_agree_with_scipy() -> None:
    risk, odds = compare("risk_difference", (27, 122, 44, 487)).other_effects
    katz = stats.contingency.relative_risk(27, 122, 44, 487).confidence_interval()
    woolf = stats.contingency.odds_ratio([[27, 95], [44, 443]], kind="sample").confidence_interval()
    assert (risk.low, risk.high) == pytest.approx((katz.low, katz.high), rel=1e-9)
    assert (odds.low, odds.high) == pytest.approx((woolf.low, woolf.high), rel=1e-9)


def test_fishers_tea_tasting_has_the_published_p() -> None:
    assert compare("fisher_exact", (3, 4, 1, 4)).p_value == pytest.approx(34 / 70, rel=1e-9)
    assert compare("fisher_exact", (3, 4, 1, 4), alternative="greater").p_value == pytest.approx(17 / 70, rel=1e-9)


def boschloo_by_enumeration(counts: tuple[int, int, int, int]) -> float:
    """One-sided p for A > B: the probability, at the worst common proportion, of tables with no larger Fisher p."""
    hits_a, n_a, hits_b, n_b = counts

    def fisher(x: int, y: int) -> float:
        return float(stats.hypergeom.sf(x - 1, n_a + n_b, x + y, n_a))

    seen = fisher(hits_a, hits_b)
    extreme = [(x, y) for x in range(n_a + 1) for y in range(n_b + 1) if fisher(x, y) <= seen * (1 + 1e-13)]

    def size(share: float) -> float:
        return sum(float(stats.binom.pmf(x, n_a, share) * stats.binom.pmf(y, n_b, share)) for x, y in extreme)

    best = max(np.linspace(0.01, 0.99, 99), key=size)
    found = optimize.minimize_scalar(lambda share: -size(share), bounds=(best - 0.01, best + 0.01), method="bounded")
    return -float(found.fun)


def test_boschloo_agrees_with_enumeration() -> None:
    found = compare("boschloo_exact", (7, 8, 3, 9), alternative="greater")
    assert found.p_value == pytest.approx(boschloo_by_enumeration((7, 8, 3, 9)), rel=1e-6)


def test_boschloo_and_fisher_have_the_published_p() -> None:
    """The example of scipy's reference, job satisfaction of two professions: 0.0356 against Fisher's 0.0483."""
    counts = (74, 117, 31, 63)
    assert compare("boschloo_exact", counts, alternative="greater").p_value == pytest.approx(0.0356, abs=5e-5)
    assert compare("fisher_exact", counts, alternative="greater").p_value == pytest.approx(0.0483, abs=5e-5)


def test_boschloo_is_at_least_as_sharp_as_fisher() -> None:
    counts = (7, 8, 3, 9)
    boschloo, fisher = (compare(method, counts, alternative="greater").p_value for method in ("boschloo_exact", "fisher_exact"))
    assert boschloo is not None
    assert fisher is not None
    assert boschloo <= fisher


def test_boschloo_refuses_more_rows_than_it_can_take() -> None:
    with pytest.raises(NotApplicable, match="up to 1000 rows"):
        compare("boschloo_exact", (300, 600, 320, 600))


@pytest.mark.parametrize("method", TWO_GROUP_METHODS)
def test_swapping_the_groups_turns_the_effect_around(method: str) -> None:
    found, swapped = (compare(method, (9, 12, 4, 15), levels=levels) for levels in (("A", "B"), ("B", "A")))
    assert swapped.p_value == pytest.approx(found.p_value, rel=1e-9)
    assert swapped.effect.value == pytest.approx(-found.effect.value)
    assert (swapped.effect.low, swapped.effect.high) == pytest.approx((-(found.effect.high or 0), -(found.effect.low or 0)))
    assert swapped.effect.label == "B − A"


@pytest.mark.parametrize("method", TWO_GROUP_METHODS)
def test_counting_failures_turns_the_effect_around(method: str) -> None:
    found, failures = (compare(method, (9, 12, 4, 15), success=success) for success in ("yes", "no"))
    assert failures.p_value == pytest.approx(found.p_value, rel=1e-9)
    assert failures.effect.value == pytest.approx(-found.effect.value)


@pytest.mark.parametrize("method", TWO_GROUP_METHODS)
def test_the_alternative_looks_at_the_named_side(method: str) -> None:
    greater, less = (compare(method, (11, 12, 4, 15), alternative=side) for side in ("greater", "less"))
    assert (greater.p_value or 1) < 0.05 < (less.p_value or 0)
    assert (greater.effect.high, less.effect.low) == (1.0, -1.0)


@pytest.mark.parametrize("method", TWO_GROUP_METHODS)
@pytest.mark.parametrize("counts", [(12, 12, 15, 15), (0, 12, 0, 15)])
def test_an_outcome_that_never_varies_is_refused(method: str, counts: tuple[int, int, int, int]) -> None:
    with pytest.raises(NotApplicable, match="the same in every row"):
        compare(method, counts)


@pytest.mark.parametrize("method", TWO_GROUP_METHODS)
def test_a_single_group_is_refused(method: str) -> None:
    with pytest.raises(NotApplicable):
        compare(method, (5, 12, 0, 0))


def test_an_empty_cell_leaves_the_ratios_out_and_says_so() -> None:
    found = compare("fisher_exact", (10, 10, 3, 10))
    assert found.other_effects == ()
    assert any("left out" in caveat for caveat in found.caveats)


def test_small_expected_counts_are_a_caveat_of_the_score_test() -> None:
    assert any("approximate" in caveat for caveat in compare("risk_difference", (3, 6, 1, 7)).caveats)
    assert compare("risk_difference", (30, 60, 20, 70)).caveats == ()


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 40), st.integers(1, 40), st.data(), st.floats(-0.9, 0.9).filter(lambda d: abs(d) > 1e-3))
def test_the_constrained_proportion_maximises_the_likelihood(n_a: int, n_b: int, data: st.DataObject, difference: float) -> None:
    a, b = data.draw(st.integers(0, n_a)), data.draw(st.integers(0, n_b))

    def loss(share: float) -> float:
        q = min(max(share - difference, 0.0), 1.0)
        return -float(
            special.xlogy(a, share) + special.xlogy(n_a - a, 1 - share) + special.xlogy(b, q) + special.xlogy(n_b - b, 1 - q)
        )

    bounds = max(0.0, difference), min(1.0, 1 + difference)
    numeric = optimize.minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-10})
    found = constrained_share(Tally("A", a, n_a), Tally("B", b, n_b), difference)
    assert loss(found) <= float(numeric.fun) + 1e-7


@settings(deadline=None, max_examples=25)
@given(st.integers(2, 60), st.integers(2, 60), st.data(), st.floats(0.01, 0.99))
def test_equivalence_only_gets_easier_with_a_wider_delta(n_a: int, n_b: int, data: st.DataObject, delta: float) -> None:
    a, b = Tally("A", data.draw(st.integers(0, n_a)), n_a), Tally("B", data.draw(st.integers(0, n_b)), n_b)
    wider = min(0.995, delta + 0.2)
    assert score_statistic(a, b, -wider) >= score_statistic(a, b, -delta) - 1e-9
    assert score_statistic(a, b, wider) <= score_statistic(a, b, delta) + 1e-9


def test_equivalence_of_equal_proportions_in_large_groups_is_shown() -> None:
    found = compare("risk_difference", (500, 1000, 502, 1000), delta=0.1).equivalence
    assert found is not None
    assert found.p_value < 1e-4
    assert -0.1 < found.low < found.high < 0.1
    assert compare("risk_difference", (500, 1000, 502, 1000)).equivalence is None


def test_equivalence_within_more_than_everything_is_certain() -> None:
    found = compare("risk_difference", (5, 10, 6, 10), delta=1.5).equivalence
    assert found is not None
    assert found.p_value == 0.0


def test_minimum_detectable_difference_is_the_textbook_one() -> None:
    found = run_method(
        two_groups(50, 100, 50, 100), make_design("risk_difference", "cured", ("arm",), success="yes"), make_context()
    )
    expected = (stats.norm.ppf(0.975) + stats.norm.ppf(0.8)) * math.sqrt(0.25 * 2 / 100)
    assert found.minimum_detectable == pytest.approx(expected, rel=1e-9)


def test_a_success_level_that_does_not_exist_is_refused() -> None:
    with pytest.raises(NotApplicable, match="no level called"):
        compare("risk_difference", (5, 10, 6, 10), success="maybe")

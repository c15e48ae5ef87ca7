"""Rank methods against published values, scipy, and brute force."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from kosmos_graph.experiments.catalogue import order_statistics
from kosmos_graph.experiments.catalogue.order_statistics import (
    pairwise_differences,
    rank_sum_distribution,
    signed_rank_distribution,
    walsh_averages,
)
from kosmos_graph.experiments.method import NotApplicable
from tests.experiments.factories import make_dataset, make_design, pair_columns, run_method, two_columns

DEPRESSION_BEFORE = [1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30]
DEPRESSION_AFTER = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29]
"""Hollander and Wolfe 1973, p. 29: Hamilton depression scale factor, as in the help of R's wilcox.test."""
PERMEABILITY_A = [0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46]
PERMEABILITY_B = [1.15, 0.88, 0.90, 0.74, 1.21]
"""Hollander and Wolfe 1973, p. 69: permeability of the human chorioamnion, as in the help of R's wilcox.test."""
PAIN_A = [1, 2, 1, 1, 1, 1, 1, 1, 1, 1, 2, 4, 1, 1]
PAIN_B = [3, 3, 4, 3, 1, 2, 3, 1, 1, 5, 4]
"""Brunner and Munzel 2000, Biom J 42:17: pain scores, as in the help of R's lawstat."""

numbers = st.lists(st.integers(-60, 60).map(float), min_size=6, max_size=14).filter(
    lambda found: len(set(found)) > 2 and any(found)
)
quickly = settings(max_examples=25, deadline=None)


def signed(after, before, **design):
    return run_method(pair_columns(after, before), make_design("wilcoxon_signed_rank", "after", baseline="before", **design))


def mann_whitney(a, b, **design):
    return run_method(two_columns({"A": a, "B": b}), make_design("mann_whitney", "y", ("g",), levels=("A", "B"), **design))


def test_signed_rank_gives_the_values_published_for_the_depression_data():
    result = signed(DEPRESSION_BEFORE, DEPRESSION_AFTER, alternative="greater")
    assert result.statistic == 40
    assert result.p_value == pytest.approx(0.01953, abs=5e-6)


def test_pseudo_median_of_the_depression_data_is_hollander_and_wolfes():
    result = signed(DEPRESSION_AFTER, DEPRESSION_BEFORE)
    assert result.effect.value == pytest.approx(-0.46, abs=1e-12)
    assert (result.effect.low, result.effect.high) == (pytest.approx(-0.786, abs=1e-12), pytest.approx(-0.010, abs=1e-12))


def test_mann_whitney_gives_the_values_published_for_the_permeability_data():
    result = mann_whitney(PERMEABILITY_A, PERMEABILITY_B, alternative="greater")
    assert result.statistic == 35
    assert result.p_value == pytest.approx(0.1272, abs=5e-5)


def test_hodges_lehmann_shift_of_the_permeability_data_is_the_published_one():
    shift = mann_whitney(PERMEABILITY_A, PERMEABILITY_B).other_effects[0]
    assert shift.value == pytest.approx(0.305, abs=1e-12)
    assert (shift.low, shift.high) == (pytest.approx(-0.15, abs=1e-9), pytest.approx(0.76, abs=1e-9))


def test_brunner_munzel_interval_is_the_published_one():
    result = mann_whitney(PAIN_B, PAIN_A)
    assert result.effect.value == pytest.approx(0.788961, abs=5e-7)
    assert (result.effect.low, result.effect.high) == (pytest.approx(0.5952169, abs=5e-8), pytest.approx(0.9827052, abs=5e-8))
    assert result.terms[0].statistic == pytest.approx(3.1375, abs=5e-5)
    assert result.terms[0].p_value == pytest.approx(0.005786, abs=5e-7)


@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
def test_mann_whitney_and_brunner_munzel_agree_with_scipy(alternative):
    found = mann_whitney(PAIN_A, PAIN_B, alternative=alternative)
    expected = stats.mannwhitneyu(PAIN_A, PAIN_B, alternative=alternative)
    # scipy's Brunner–Munzel statistic is positive where the second sample is higher
    mirrored = {"two-sided": "two-sided", "greater": "less", "less": "greater"}[alternative]
    beside = stats.brunnermunzel(PAIN_A, PAIN_B, alternative=mirrored)
    assert (found.statistic, found.p_value) == (expected.statistic, pytest.approx(expected.pvalue, rel=1e-12))
    assert found.terms[0].statistic == pytest.approx(-beside.statistic, rel=1e-10)
    assert found.terms[0].p_value in (pytest.approx(beside.pvalue, rel=1e-8), pytest.approx(1 - beside.pvalue, rel=1e-8))
    assert (found.terms[0].p_value < 0.5) == (alternative != "greater")


def test_probability_of_superiority_is_counted_pair_by_pair():
    counted = np.mean([(a > b) + 0.5 * (a == b) for a, b in product(PAIN_A, PAIN_B)])
    assert mann_whitney(PAIN_A, PAIN_B).effect.value == pytest.approx(counted, rel=1e-12)


def test_groups_that_do_not_overlap_have_a_test_and_no_interval():
    result = mann_whitney([5, 6, 7, 8], [1, 2, 3, 4])
    assert (result.effect.value, result.effect.low, result.effect.high) == (1.0, None, None)
    assert result.p_value == pytest.approx(2 / 70)
    assert any("do not overlap" in caveat for caveat in result.caveats)


@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
def test_signed_rank_agrees_with_scipy(alternative):
    found = signed(DEPRESSION_AFTER, DEPRESSION_BEFORE, alternative=alternative)
    expected = stats.wilcoxon(DEPRESSION_AFTER, DEPRESSION_BEFORE, alternative=alternative)
    assert found.p_value == pytest.approx(expected.pvalue, rel=1e-12)


def test_one_sample_wilcoxon_moves_with_its_reference():
    data = make_dataset({"y": DEPRESSION_BEFORE})
    result = run_method(data, make_design("one_sample_wilcoxon", "y", reference=1.0))
    assert result.p_value == pytest.approx(stats.wilcoxon(np.array(DEPRESSION_BEFORE) - 1.0).pvalue, rel=1e-12)
    assert result.effect.null == 1.0
    assert result.effect.low < np.median(DEPRESSION_BEFORE) < result.effect.high


def test_null_distributions_are_those_of_enumeration():
    sums = [sum(rank for rank, sign in enumerate(signs, 1) if sign) for signs in product((0, 1), repeat=6)]
    assert np.allclose(signed_rank_distribution(6) * 64, np.bincount(sums))
    exact = stats.mannwhitneyu([7, 8, 9], [1, 2, 3, 4], alternative="greater", method="exact").pvalue
    assert rank_sum_distribution(3, 4)[-1] == pytest.approx(exact, rel=1e-12)
    assert rank_sum_distribution(3, 4).sum() == pytest.approx(1)


def test_the_interval_of_the_pseudo_median_agrees_with_the_exact_test():
    result = signed(DEPRESSION_AFTER, DEPRESSION_BEFORE)
    change = np.array(DEPRESSION_AFTER) - np.array(DEPRESSION_BEFORE)
    for end, outwards in ((result.effect.low, -1e-6), (result.effect.high, 1e-6)):
        assert stats.wilcoxon(change - (end + outwards), method="exact").pvalue <= 0.05
        assert stats.wilcoxon(change - (end - outwards), method="exact").pvalue > 0.05


@quickly
@given(numbers, st.integers(1, 20))
def test_selection_by_bisection_finds_what_sorting_finds(found, k):
    collection, other = np.array(found), np.array(found[:4]) + 0.5
    with pytest.MonkeyPatch.context() as patch:
        sorted_walsh, sorted_differences = walsh_averages(collection), pairwise_differences(collection, other)
        patch.setattr(order_statistics, "MOST_SUMS", 0)
        assert walsh_averages(collection)[0](k) == pytest.approx(sorted_walsh[0](k), abs=1e-12)
        assert pairwise_differences(collection, other)[0](k) == pytest.approx(sorted_differences[0](k), abs=1e-12)


def test_many_rows_are_ranked_in_little_memory():
    generator = np.random.default_rng(5)
    result = mann_whitney(list(generator.normal(0.3, 1, 4000)), list(generator.normal(0, 1, 4000)))
    assert result.other_effects[0].low < 0.3 < result.other_effects[0].high


@quickly
@given(numbers, numbers)
def test_swapping_the_groups_mirrors_the_probability(a, b):
    one, other = mann_whitney(a, b), mann_whitney(b, a)
    assert one.effect.value == pytest.approx(1 - other.effect.value, abs=1e-12)
    assert one.p_value == pytest.approx(other.p_value, rel=1e-9)
    assert one.other_effects[0].value == pytest.approx(-other.other_effects[0].value, abs=1e-12)


@quickly
@given(numbers, numbers)
def test_ranks_do_not_see_a_monotone_change_of_scale(a, b):
    one, other = mann_whitney(a, b), mann_whitney([x**3 for x in a], [x**3 for x in b])
    assert one.effect == other.effect
    assert one.p_value == other.p_value


@quickly
@given(numbers)
def test_reversing_the_pairs_flips_the_pseudo_median(found):
    zeros = [0.0] * len(found)
    one, other = signed(found, zeros), signed(zeros, found)
    assert one.effect.value == pytest.approx(-other.effect.value, abs=1e-12)
    assert one.p_value == pytest.approx(other.p_value, rel=1e-9)
    assert one.other_effects[0].value == pytest.approx(-other.other_effects[0].value, abs=1e-12)


def test_sign_test_is_the_exact_binomial_test_of_the_pairs_that_differ():
    result = run_method(
        pair_columns([3, 4, 5, 6, 7, 1, 2], [1, 1, 1, 1, 1, 3, 2]), make_design("sign_test", "after", baseline="before")
    )
    expected = stats.binomtest(5, 6)
    ends = expected.proportion_ci(0.95)
    assert result.p_value == pytest.approx(expected.pvalue, rel=1e-12)
    assert (result.effect.value, result.effect.low, result.effect.high) == (
        5 / 6,
        pytest.approx(ends.low),
        pytest.approx(ends.high),
    )
    assert any("1 of 7 pairs" in caveat for caveat in result.caveats)


def test_ordered_levels_are_ranked_by_their_order_and_not_by_their_names():
    order = ["poor", "fair", "good"]
    data = make_dataset({"y": ["poor"] * 3 + ["fair"] * 3 + ["good"] * 4, "g": ["A"] * 4 + ["B"] * 6}, orders={"y": order})
    result = run_method(data, make_design("mann_whitney", "y", ("g",), levels=("B", "A")))
    assert result.effect.value == pytest.approx(stats.mannwhitneyu([1, 1, 2, 2, 2, 2], [0, 0, 0, 1]).statistic / 24)
    assert result.other_effects == ()


def test_ordered_pairs_need_the_same_levels():
    columns = {"after": ["low", "high", "low"], "before": ["a", "b", "a"]}
    data = make_dataset(columns, orders={"after": ["low", "high"], "before": ["a", "b"]})
    with pytest.raises(NotApplicable, match="same ordered levels"):
        run_method(data, make_design("sign_test", "after", baseline="before"))


def test_equal_values_cannot_be_ranked():
    with pytest.raises(NotApplicable, match="equal"):
        mann_whitney([1, 1, 1], [1, 1, 1])
    with pytest.raises(NotApplicable, match="zero"):
        signed([1, 2, 3], [1, 2, 3])


def test_equivalence_by_signed_ranks_agrees_with_its_interval():
    change = [0.1, -0.2, 0.15, -0.05, 0.02, -0.1, 0.12, 0.07, -0.03, 0.01]
    equivalence = signed(change, [0.0] * 10, delta=0.3).equivalence
    assert equivalence.p_value == pytest.approx(2**-10)
    assert -0.3 < equivalence.low < equivalence.high < 0.3

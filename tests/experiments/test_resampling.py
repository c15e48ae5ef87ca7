"""Resampling methods against enumeration and scipy."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from kosmos_graph.experiments.catalogue.bootstrap import bca, means_left_out, quantiles_left_out
from kosmos_graph.experiments.catalogue.resampling import welch_statistics
from kosmos_graph.experiments.method import NotApplicable
from tests.experiments.factories import make_context, make_design, run_method, two_columns

A, B = [4.1, 5.6, 3.9, 7.2, 6.5], [2.8, 4.4, 3.1, 5.0]
LARGE_A = list(np.random.default_rng(1).exponential(2.0, 40))
LARGE_B = list(np.random.default_rng(2).exponential(1.2, 35))


def compare(method, a, b, context=None, **design):
    return run_method(two_columns({"A": a, "B": b}), make_design(method, "y", ("g",), levels=("A", "B"), **design), context)


def welch_t(a, b):
    return stats.ttest_ind(a, b, equal_var=False).statistic


@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
def test_the_permutation_p_of_a_small_sample_counts_every_relabelling(alternative):
    pool, observed = np.array(A + B), welch_t(A, B)
    relabelled = [welch_t(pool[list(chosen)], np.delete(pool, list(chosen))) for chosen in combinations(range(len(pool)), len(A))]
    above = np.mean([found >= observed - 1e-9 for found in relabelled])
    below = np.mean([found <= observed + 1e-9 for found in relabelled])
    expected = {"two-sided": min(1.0, 2 * min(above, below)), "greater": above, "less": below}[alternative]
    result = compare("permutation_test", A, B, alternative=alternative)
    assert result.p_value == pytest.approx(expected, rel=1e-12)
    assert "126 relabellings (all)" in result.caveats[0]


def test_a_drawn_permutation_p_is_never_zero_and_repeats_with_its_seed():
    one, again = (compare("permutation_test", [x + 9 for x in LARGE_A], LARGE_B, make_context(seed=3)) for _ in range(2))
    assert one == again
    assert one.p_value == 2 / 10_000


def test_the_permutation_p_is_near_welchs_where_both_hold():
    result = compare("permutation_test", LARGE_A, LARGE_B)
    assert result.p_value == pytest.approx(stats.ttest_ind(LARGE_A, LARGE_B, equal_var=False).pvalue, abs=0.02)


def test_equal_means_are_seldom_told_apart_where_only_the_spreads_differ():
    """Relabelling the plain difference rejected 20 % here, beside an interval that held 95 %."""
    generator = np.random.default_rng(6)
    found = [
        compare("permutation_test", generator.normal(0, 3, 10), generator.normal(0, 1, 30), make_context(seed=seed))
        for seed in range(150)
    ]
    assert np.mean([result.p_value <= 0.05 for result in found]) < 0.13
    assert all((result.p_value <= 0.05) == (result.effect.low > 0 or result.effect.high < 0) for result in found)


@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
def test_the_permutation_interval_reaches_zero_at_its_p(alternative):
    for a, b in ((A, B), ([x + 1 for x in LARGE_A], LARGE_B), ([1.0, 2, 2, 3], [1.0, 1, 2, 2])):
        p = compare("permutation_test", a, b, alternative=alternative).p_value
        for alpha, excluded in ((p, True), (p * 0.999, False)):
            if 0.0005 < alpha < 0.6:
                effect = compare("permutation_test", a, b, make_context(alpha=alpha), alternative=alternative).effect
                assert ((effect.low or 0) > 0 or (effect.high or 0) < 0) == excluded


def test_relabelled_groups_that_are_constant_count_as_infinitely_far_apart():
    labels = np.array([[1.0, 1, 0, 0], [1, 0, 1, 0]])
    assert welch_statistics(labels, np.array([1.0, 1, -1, -1])).tolist() == [np.inf, 0.0]


def test_swapping_the_groups_keeps_the_exact_permutation_p():
    assert compare("permutation_test", A, B).p_value == compare("permutation_test", B, A).p_value


def test_the_bca_interval_agrees_with_scipys_within_the_noise_of_drawing():
    result = compare("bootstrap_interval", LARGE_A, LARGE_B)
    expected = stats.bootstrap(
        (LARGE_A, LARGE_B),
        lambda a, b, axis: a.mean(axis) - b.mean(axis),
        method="BCa",
        n_resamples=20_000,
        rng=np.random.default_rng(9),
    ).confidence_interval
    width = expected.high - expected.low
    assert result.effect.low == pytest.approx(expected.low, abs=0.03 * width)
    assert result.effect.high == pytest.approx(expected.high, abs=0.03 * width)


def test_a_difference_of_medians_has_an_interval_too():
    result = compare("bootstrap_interval", LARGE_A, LARGE_B, quantity="quantile", quantile=0.5)
    assert result.effect.name == "difference of medians"
    assert result.effect.value == pytest.approx(np.median(LARGE_A) - np.median(LARGE_B), rel=1e-12)
    assert result.effect.low < result.effect.value < result.effect.high
    assert result.standardised is None


@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
def test_the_bootstrap_p_of_an_intervals_end_is_one_minus_its_level(alternative):
    x, y = np.array(LARGE_A), np.array(LARGE_B)
    boot = bca(x, y, lambda rows: rows.mean(axis=1), (means_left_out(x), means_left_out(y)), 0)
    ends = [end for end in boot.ends(alternative, 0.9) if end is not None]
    assert [boot.p_value(end, alternative) for end in ends] == pytest.approx([0.1] * len(ends), abs=0.002)


def test_statistics_with_one_value_left_out_are_those_of_deleting_it():
    found = np.sort(np.array(LARGE_A[:9]))
    without = [np.delete(found, place) for place in range(9)]
    assert means_left_out(found) == pytest.approx([rest.mean() for rest in without])
    for probability in (0.1, 0.5, 0.75, 0.999):
        assert quantiles_left_out(found, probability) == pytest.approx([np.quantile(rest, probability) for rest in without])


def test_bootstrap_moves_with_shift_and_scale_because_its_draws_do_not_depend_on_values():
    one, other = (
        compare("bootstrap_interval", LARGE_A, LARGE_B),
        compare("bootstrap_interval", [4 * x + 8 for x in LARGE_A], [4 * x + 8 for x in LARGE_B]),
    )
    assert other.effect.low == pytest.approx(4 * one.effect.low, rel=1e-9)
    assert other.p_value == pytest.approx(one.p_value, rel=1e-9)


def test_bootstrap_equivalence_agrees_with_its_interval():
    equivalence = compare("bootstrap_interval", LARGE_A, LARGE_B, delta=50.0).equivalence
    assert equivalence.p_value < 0.05
    assert -50 < equivalence.low < equivalence.high < 50


def test_a_quantile_outside_the_unit_interval_is_refused():
    with pytest.raises(NotApplicable, match="between 0 and 1"):
        compare("bootstrap_interval", LARGE_A, LARGE_B, quantity="quantile", quantile=1.0)


@pytest.mark.parametrize("method", ["permutation_test", "bootstrap_interval"])
def test_constant_groups_and_enormous_samples_are_refused(method):
    with pytest.raises(NotApplicable, match="do not vary"):
        compare(method, [1.0] * 4, [2.0] * 4)
    with pytest.raises(NotApplicable, match="rows"):
        compare(method, list(range(11_000)), list(range(10_000)))


def test_bootstrap_intervals_of_few_rows_are_said_to_be_too_short():
    """Of two groups of ten with equal means, nine in a hundred are told apart at 5 %."""
    generator = np.random.default_rng(15)
    found = [compare("bootstrap_interval", generator.normal(size=10), generator.normal(size=10)) for _ in range(120)]
    assert np.mean([one.p_value <= 0.05 for one in found]) > 0.06
    assert all(any("too short" in caveat for caveat in one.caveats) for one in found)
    few = compare("bootstrap_interval", LARGE_A, LARGE_B, quantity="quantile", quantile=0.9)
    assert any("too short" in caveat for caveat in few.caveats)
    for quantity in ("mean", "quantile"):
        many = compare("bootstrap_interval", LARGE_A * 2, LARGE_B * 2, quantity=quantity, quantile=0.5)
        assert not any("too short" in caveat for caveat in many.caveats)

"""Methods for several groups against published values, scipy, statsmodels, and formulas written out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.oneway import anova_oneway

from kosmos_graph.experiments.catalogue.games_howell import range_quantile
from kosmos_graph.experiments.catalogue.relative_effects import relative_effects, relative_f
from kosmos_graph.experiments.catalogue.stochastic import superiority
from kosmos_graph.experiments.method import NotApplicable
from tests.experiments.factories import make_dataset, make_design, run_method, two_columns

CLEARANCE = {
    "normal": [2.9, 3.0, 2.5, 2.6, 3.2],
    "obstructive": [3.8, 2.7, 4.0, 2.4],
    "asbestosis": [2.8, 3.4, 3.7, 2.2, 2.0],
}
"""Hollander and Wolfe 1973, p. 116: mucociliary efficiency, as in the help of R's kruskal.test."""
RAISED = {"a": [2.9, 3.0, 2.5, 2.6, 3.2], "b": [4.8, 3.7, 5.0, 3.4], "c": [5.8, 6.4, 9.7, 5.2, 7.0, 8.1]}

values = st.lists(st.integers(-100, 100).map(float), min_size=4, max_size=7).filter(lambda found: len(set(found)) > 2)
quickly = settings(max_examples=10, deadline=None)


def compare(method, groups, **design):
    return run_method(two_columns(groups), make_design(method, "y", ("g",), **design))


def ordered(groups):
    columns = {
        "y": [value for found in groups.values() for value in found],
        "g": [name for name, found in groups.items() for _ in found],
    }
    return make_dataset(columns, orders={"g": list(groups)})


def test_the_classic_term_has_h_of_the_clearance_data():
    """Their H is 0.77143 and p 0.68; twice the rows, all tied in pairs, have the H that scipy gives."""
    assert stats.kruskal(*CLEARANCE.values()).statistic == pytest.approx(0.77143, abs=5e-6)
    twice = {name: found * 2 for name, found in CLEARANCE.items()}
    (term,) = compare("kruskal_wallis", twice).terms
    expected = stats.kruskal(*twice.values())
    assert (term.statistic, term.p_value) == (pytest.approx(expected.statistic), pytest.approx(expected.pvalue))


def test_the_f_of_two_groups_is_the_square_of_brunner_and_munzels_statistic():
    a, b = np.array([1.0, 2, 1, 1, 1, 1, 4, 1, 1]), np.array([3.0, 3, 4, 3, 1, 2, 3])
    found, expected = relative_f([a, b]), superiority(a, b)
    assert found.statistic == pytest.approx(expected.statistic**2, rel=1e-10)
    assert found.df == (pytest.approx(1.0), pytest.approx(expected.df, rel=1e-10))


def test_relative_effects_are_counted_against_every_group_alike():
    groups = [np.array([1.0, 4, 4]), np.array([2.0, 4]), np.array([0.0, 3, 5, 6])]
    effects, _ = relative_effects(groups)
    counted = [np.mean([np.mean([(x > y) + 0.5 * (x == y) for x in own for y in other]) for other in groups]) for own in groups]
    assert effects == pytest.approx(counted, rel=1e-12)


def test_equal_tendencies_are_told_apart_one_time_in_twenty_whatever_the_spreads():
    """The classic p, which stands among the terms, rejected 13 % here."""
    generator = np.random.default_rng(8)
    found = []
    for _ in range(400):
        groups = {name: generator.normal(0, spread, n) for name, spread, n in (("a", 4, 8), ("b", 1, 30), ("c", 1, 30))}
        found.append(compare("kruskal_wallis", groups))
    assert np.mean([result.p_value <= 0.05 for result in found]) == pytest.approx(0.05, abs=0.025)
    assert np.mean([result.terms[0].p_value <= 0.05 for result in found]) > 0.09


def test_groups_that_do_not_overlap_have_the_least_p_and_smaller_ones_none():
    result = compare("kruskal_wallis", {"a": range(6), "b": range(10, 17), "c": range(20, 28)})
    assert (result.p_value, result.statistic) == (2 / 64, None)
    assert any("do not overlap" in caveat for caveat in result.caveats)
    with pytest.raises(NotApplicable, match="too few"):
        compare("kruskal_wallis", {"a": range(5), "b": range(10, 17), "c": range(20, 28)})


def test_welch_anova_agrees_with_scipy_and_statsmodels():
    result, groups = compare("welch_anova", RAISED), list(RAISED.values())
    by_scipy, by_statsmodels = (
        stats.f_oneway(*groups, equal_var=False),
        anova_oneway(groups, use_var="unequal", welch_correction=True),
    )
    assert result.statistic == pytest.approx(by_scipy.statistic, rel=1e-10)
    assert result.p_value == pytest.approx(by_scipy.pvalue, rel=1e-9)
    assert result.statistic == pytest.approx(by_statsmodels.statistic, rel=1e-10)
    assert result.df == pytest.approx(by_statsmodels.df, rel=1e-10)


def test_omega_squared_and_its_interval_come_from_f():
    result = compare("welch_anova", RAISED)
    surplus, n = 2 * (result.statistic - 1), result.n_analysed
    assert result.effect.value == pytest.approx(surplus / (surplus + n), rel=1e-12)
    assert result.effect.directed is False
    for end, area in ((result.effect.low, 0.975), (result.effect.high, 0.025)):
        assert stats.ncf.cdf(result.statistic, *result.df, n * end / (1 - end)) == pytest.approx(area, abs=1e-7)


def test_omega_squared_is_zero_where_the_groups_agree():
    result = compare("welch_anova", {"a": [1, 2, 3], "b": [1, 2, 3.1], "c": [1, 2, 2.9]})
    assert (result.effect.value, result.effect.low) == (0.0, 0.0)


def test_games_howell_agrees_with_scipy():
    terms = compare("welch_anova", RAISED).terms
    expected = stats.tukey_hsd(*RAISED.values(), equal_var=False)
    ends = expected.confidence_interval(0.95)
    for term, (i, j) in zip(terms, [(0, 1), (0, 2), (1, 2)], strict=True):
        assert term.estimate == pytest.approx(expected.statistic[i, j], rel=1e-12)
        assert term.p_value == pytest.approx(expected.pvalue[i, j], rel=1e-6)
        assert (term.low, term.high) == (pytest.approx(ends.low[i, j], rel=1e-6), pytest.approx(ends.high[i, j], rel=1e-6))
        assert term.adjustment == "Games–Howell"


def test_the_studentised_range_has_its_tabled_quantiles():
    """Harter 1960: q(0.95; 3, 10) = 3.877, q(0.95; 5, 20) = 4.232."""
    assert range_quantile(0.95, 3, 10) == pytest.approx(3.877, abs=6e-4)
    assert range_quantile(0.95, 5, 20) == pytest.approx(4.232, abs=6e-4)


def test_a_linear_contrast_of_three_groups_is_welchs_test_of_the_outer_two():
    result = run_method(ordered(RAISED), make_design("linear_contrast", "y", ("g",)))
    expected = stats.ttest_ind(RAISED["c"], RAISED["a"], equal_var=False)
    assert result.effect.label == "c − a, along the trend"
    assert result.statistic == pytest.approx(expected.statistic, rel=1e-12)
    assert result.p_value == pytest.approx(expected.pvalue, rel=1e-9)
    assert result.effect.value == pytest.approx(np.mean(RAISED["c"]) - np.mean(RAISED["a"]), rel=1e-12)


def test_a_linear_contrast_of_four_groups_is_three_times_the_slope_of_the_means():
    groups = {**RAISED, "d": [8.0, 9.0, 7.5]}
    result = run_method(ordered(groups), make_design("linear_contrast", "y", ("g",)))
    slope = np.polyfit(range(4), [np.mean(found) for found in groups.values()], 1)[0]
    assert result.effect.value == pytest.approx(3 * slope, rel=1e-10)


def test_ordered_levels_bring_the_contrast_into_the_table_of_the_anova():
    result = run_method(ordered(RAISED), make_design("welch_anova", "y", ("g",)))
    assert result.terms[0].name == "linear contrast, c − a, along the trend"
    assert len(result.terms) == 4


def test_a_trend_over_groups_without_order_is_refused():
    with pytest.raises(NotApplicable, match="no order"):
        compare("linear_contrast", RAISED)


TWICE = {name: [*found, *(x + 0.05 for x in found)] for name, found in RAISED.items()}


def test_epsilon_squared_is_h_over_n_minus_one_within_its_interval():
    result = compare("kruskal_wallis", TWICE)
    assert result.effect.value == pytest.approx(result.terms[0].statistic / (result.n_analysed - 1), rel=1e-12)
    assert result.effect.low < result.effect.value < result.effect.high
    assert result.effect.directed is False


def test_the_interval_of_epsilon_squared_is_that_of_its_f():
    groups = {"a": range(0, 12), "b": range(3, 15), "c": range(5, 17)}
    result, n = compare("kruskal_wallis", groups), 36
    assert result.p_value == pytest.approx(stats.f.sf(result.statistic, *result.df), rel=1e-9)
    for end, area in ((result.effect.low, 0.975), (result.effect.high, 0.025)):
        assert stats.ncf.cdf(result.statistic, *result.df, n * end / (1 - end)) == pytest.approx(area, abs=1e-7)


def test_an_epsilon_squared_near_zero_stays_within_its_interval():
    groups = {"a": [1, 4, 7, 10, 11, 14], "b": [2, 5, 8, 9, 12, 13], "c": [3, 6, 7.5, 8.5, 11.5, 12.5]}
    result = compare("kruskal_wallis", groups)
    assert result.effect.low <= result.effect.value <= result.effect.high


@quickly
@given(values, values, values, st.sampled_from([-4.0, 0.5, 2.0**600]), st.integers(-50, 50))
def test_neither_shift_nor_scale_nor_the_order_of_groups_changes_the_anova(a, b, c, scale, shift):
    one = compare("welch_anova", {"a": a, "b": b, "c": c})
    moved = {name: [scale * (x + shift) for x in found] for name, found in {"a": c, "b": a, "c": b}.items()}
    other = compare("welch_anova", moved)
    assert other.statistic == pytest.approx(one.statistic, rel=1e-9)
    assert other.effect.value == pytest.approx(one.effect.value, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("method", ["welch_anova", "kruskal_wallis"])
def test_a_difference_anywhere_has_no_one_sided_test(method):
    with pytest.raises(NotApplicable, match="no direction"):
        compare(method, RAISED, alternative="greater")


@pytest.mark.parametrize("method", ["welch_anova", "kruskal_wallis"])
def test_two_groups_are_left_to_the_methods_for_two(method):
    with pytest.raises(NotApplicable, match="Three or more"):
        compare(method, {"a": [1, 2, 3], "b": [2, 3, 5]})


def test_a_constant_group_is_refused_where_it_would_weigh_infinitely():
    with pytest.raises(NotApplicable, match="do not vary"):
        compare("welch_anova", {**RAISED, "d": [1.0, 1.0, 1.0]})


def test_many_groups_are_not_compared_pair_by_pair():
    result = compare("welch_anova", {f"g{i:02}": [i, i + 1.0, i + 3.0] for i in range(9)})
    assert result.terms == ()
    assert any("not compared pair by pair" in caveat for caveat in result.caveats)


def test_a_test_at_the_detectable_omega_squared_has_the_power_that_it_says():
    result = compare("welch_anova", RAISED)
    noncentrality = result.n_analysed * result.minimum_detectable / (1 - result.minimum_detectable)
    critical = stats.f.isf(0.05, *result.df)
    assert stats.ncf.sf(critical, *result.df, noncentrality) == pytest.approx(0.8, abs=1e-7)

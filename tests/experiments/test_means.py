"""t methods against published values, scipy, and formulas written out in numpy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

from kosmos_graph.experiments.catalogue.standardised import hedges_g_two_groups, noncentral_t_ends
from kosmos_graph.experiments.method import NotApplicable
from tests.experiments.factories import make_context, make_dataset, make_design, pair_columns, run_method, two_columns

EXTRA = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
"""Extra hours of sleep under the first drug of Student 1908, Biometrika 6:1."""
OTHER = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]
"""The same patients under the second drug."""

values = st.lists(st.integers(-1000, 1000).map(lambda n: n / 8), min_size=4, max_size=12).filter(lambda found: len(set(found)) > 2)
quickly = settings(max_examples=25, deadline=None)


def welch(a, b, **design):
    return run_method(two_columns({"A": a, "B": b}), make_design("welch_t", "y", ("g",), levels=("A", "B"), **design))


def paired(after, before, **design):
    return run_method(pair_columns(after, before), make_design("paired_t", "after", baseline="before", **design))


def one_sample(values, reference, **design):
    return run_method(make_dataset({"y": values}), make_design("one_sample_t", "y", reference=reference, **design))


def test_paired_t_gives_the_values_published_for_students_sleep_data():
    result = paired(EXTRA, OTHER)
    assert result.statistic == pytest.approx(-4.0621, abs=5e-5)
    assert result.df == (9.0,)
    assert result.p_value == pytest.approx(0.002833, abs=5e-7)
    assert (result.effect.low, result.effect.high) == (pytest.approx(-2.4598858, abs=5e-8), pytest.approx(-0.7001142, abs=5e-8))


def test_welch_t_gives_the_values_published_for_the_sleep_data_as_two_groups():
    result = welch(EXTRA, OTHER)
    assert result.statistic == pytest.approx(-1.8608, abs=5e-5)
    assert result.df[0] == pytest.approx(17.776, abs=5e-4)
    assert result.p_value == pytest.approx(0.07939, abs=5e-6)
    assert (result.effect.low, result.effect.high) == (pytest.approx(-3.3654832, abs=5e-8), pytest.approx(0.2054832, abs=5e-8))


@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
def test_welch_agrees_with_scipy(alternative):
    found, expected = (
        welch(EXTRA, OTHER, alternative=alternative),
        stats.ttest_ind(EXTRA, OTHER, equal_var=False, alternative=alternative),
    )
    ends = expected.confidence_interval(0.95)
    assert found.statistic == pytest.approx(expected.statistic, rel=1e-12)
    assert found.p_value == pytest.approx(expected.pvalue, rel=1e-10)
    assert found.df[0] == pytest.approx(expected.df, rel=1e-12)
    assert _open(found.effect.low, -math.inf) == pytest.approx(ends.low, rel=1e-10)
    assert _open(found.effect.high, math.inf) == pytest.approx(ends.high, rel=1e-10)


@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
def test_paired_agrees_with_scipy(alternative):
    found, expected = paired(EXTRA, OTHER, alternative=alternative), stats.ttest_rel(EXTRA, OTHER, alternative=alternative)
    ends = expected.confidence_interval(0.95)
    assert found.p_value == pytest.approx(expected.pvalue, rel=1e-10)
    assert _open(found.effect.low, -math.inf) == pytest.approx(ends.low, rel=1e-10)
    assert _open(found.effect.high, math.inf) == pytest.approx(ends.high, rel=1e-10)


@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
def test_one_sample_agrees_with_scipy_and_reports_the_mean(alternative):
    found, expected = one_sample(EXTRA, 0.5, alternative=alternative), stats.ttest_1samp(EXTRA, 0.5, alternative=alternative)
    ends = expected.confidence_interval(0.95)
    assert found.p_value == pytest.approx(expected.pvalue, rel=1e-10)
    assert found.effect.value == pytest.approx(np.mean(EXTRA), rel=1e-12)
    assert found.effect.null == 0.5
    assert _open(found.effect.low, -math.inf) == pytest.approx(ends.low, rel=1e-10)
    assert _open(found.effect.high, math.inf) == pytest.approx(ends.high, rel=1e-10)


def _open(end, infinite):
    return infinite if end is None else end


def test_a_one_sided_p_below_alpha_goes_with_an_interval_that_leaves_zero_out():
    result = welch(EXTRA, OTHER, alternative="less")
    assert result.p_value < 0.05
    assert result.effect.high < 0
    assert result.effect.low is None


def test_hedges_g_of_two_groups_is_the_corrected_difference_over_the_pooled_sd():
    pooled = math.sqrt((np.var(EXTRA, ddof=1) + np.var(OTHER, ddof=1)) / 2)
    correction = special.gamma(9) / (special.gamma(8.5) * math.sqrt(9))
    expected = correction * (np.mean(EXTRA) - np.mean(OTHER)) / pooled
    assert welch(EXTRA, OTHER).standardised.value == pytest.approx(expected, rel=1e-12)


def test_the_interval_of_hedges_g_has_hedges_standard_error_where_spreads_are_equal():
    g = hedges_g_two_groups(1.0, (2.0, 2.0), (12, 20), 30.0, "A − B", "two-sided", make_context())
    d, correction = 0.5, special.gamma(15) / (special.gamma(14.5) * math.sqrt(15))
    error = correction * math.sqrt(1 / 12 + 1 / 20 + d**2 / (2 * 30))
    assert g.high - g.low == pytest.approx(2 * stats.t.ppf(0.975, 30) * error, rel=1e-12)


@pytest.mark.parametrize("ratio", [1.0, 3.0])
def test_the_interval_of_hedges_g_covers_the_truth_as_often_as_it_says(ratio):
    generator, context = np.random.default_rng(8), make_context()
    truth = 0.8 / math.sqrt((14 * ratio**2 + 29) / 43)
    covered = 0
    for _ in range(600):
        a, b = generator.normal(0.8, ratio, 15), generator.normal(0, 1, 30)
        found = stats.ttest_ind(a, b, equal_var=False)
        spreads = (float(a.std(ddof=1)), float(b.std(ddof=1)))
        g = hedges_g_two_groups(float(a.mean() - b.mean()), spreads, (15, 30), float(found.df), "", "two-sided", context)
        covered += g.low <= truth <= g.high
    assert 0.93 <= covered / 600 <= 0.985


def test_noncentral_t_interval_gives_the_published_example():
    """Cumming and Finch 2001, Educ Psychol Meas 61:532: t = 2.6, 14 degrees of freedom."""
    low, high = noncentral_t_ends(2.6, 14, "two-sided", 0.95)
    assert stats.nct.sf(2.6, 14, low) == pytest.approx(0.025, rel=1e-8)
    assert stats.nct.cdf(2.6, 14, high) == pytest.approx(0.025, rel=1e-8)


def test_noncentral_t_interval_holds_for_enormous_effects():
    low, high = noncentral_t_ends(4000.0, 30, "two-sided", 0.95)
    assert 2500 < low < 4000 < high < 5500


def test_equivalence_and_minimum_detectable_stand_beside_the_test():
    result = run_method(two_columns({"A": EXTRA, "B": OTHER}), make_design("welch_t", "y", ("g",), levels=("A", "B"), delta=4.0))
    error = math.sqrt((np.var(EXTRA, ddof=1) + np.var(OTHER, ddof=1)) / 10)
    df = result.df[0]
    assert result.equivalence.p_value == pytest.approx(stats.t.sf((4.0 - 1.58) / error, df), rel=1e-10)
    expected = (stats.t.ppf(0.975, df) + stats.t.ppf(0.8, df)) * error
    assert result.minimum_detectable == pytest.approx(expected, rel=1e-10)


@quickly
@given(values, values)
def test_swapping_the_groups_flips_the_sign_and_nothing_else(a, b):
    one, other = welch(a, b), welch(b, a)
    assert one.statistic == pytest.approx(-other.statistic, abs=1e-9)
    assert one.effect.value == pytest.approx(-other.effect.value, abs=1e-9)
    assert one.effect.low == pytest.approx(-other.effect.high, abs=1e-9)
    assert one.p_value == pytest.approx(other.p_value, abs=1e-9)


@quickly
@given(values, values, st.sampled_from([-3.0, 0.25, 8.0]), st.integers(-500, 500))
def test_shift_leaves_the_difference_and_scale_multiplies_it(a, b, scale, shift):
    one, other = welch(a, b), welch([scale * x + shift for x in a], [scale * x + shift for x in b])
    assert other.effect.value == pytest.approx(scale * one.effect.value, rel=1e-9, abs=1e-9)
    assert other.p_value == pytest.approx(one.p_value, rel=1e-9, abs=1e-12)
    assert abs(other.standardised.value) == pytest.approx(abs(one.standardised.value), rel=1e-9, abs=1e-12)


@quickly
@given(values)
def test_a_paired_test_is_a_one_sample_test_of_the_differences(found):
    before = [float(i % 3) for i in range(len(found))]
    change, against = paired([x + y for x, y in zip(found, before, strict=True)], before), one_sample(found, 0.0)
    assert change.p_value == pytest.approx(against.p_value, rel=1e-9)
    assert change.standardised.value == pytest.approx(against.standardised.value, rel=1e-9)


def test_a_large_offset_costs_no_digits():
    shifted = welch([x + 2.0**33 for x in [1, 2, 3, 4]], [x + 2.0**33 for x in [2, 4, 6, 8]])
    plain = welch([1, 2, 3, 4], [2, 4, 6, 8])
    assert shifted.statistic == pytest.approx(plain.statistic, rel=1e-12)


@pytest.mark.parametrize(
    ("a", "b", "reason"),
    [
        ([1.0, 1.0, 1.0], [2.0, 2.0, 2.0], "do not vary"),
        ([1.0], [2.0, 3.0, 4.0], "at least 2"),
        ([0.1 + 0.2, 0.3, 0.3], [0.3, 0.3, 0.3], "do not vary"),
        ([1.7e308, -1.7e308, 3.0], [1.0, 2.0, 3.0], "too large"),
    ],
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_samples_without_an_answer_are_refused_in_a_sentence(a, b, reason):
    with pytest.raises(NotApplicable, match=reason):
        welch(a, b)


@pytest.mark.parametrize("scale", [2.0**-900, 2.0**900])
def test_tiny_and_enormous_units_change_no_statistic(scale):
    scaled, plain = welch([x * scale for x in EXTRA], [x * scale for x in OTHER]), welch(EXTRA, OTHER)
    assert (scaled.statistic, scaled.p_value, scaled.df) == (plain.statistic, plain.p_value, plain.df)
    assert scaled.standardised == plain.standardised


def test_a_constant_group_beside_one_that_varies_has_an_answer():
    result = welch([1.0, 1.0, 1.0], [2.0, 3.0, 4.0])
    assert result.df == (pytest.approx(2.0),)


def test_pairs_that_all_change_alike_are_refused():
    with pytest.raises(NotApplicable, match="do not vary"):
        paired([1.3, 2.3, 3.3], [1.0, 2.0, 3.0])


def test_a_third_group_without_levels_named_is_refused():
    data = two_columns({"A": EXTRA, "B": OTHER, "C": OTHER})
    with pytest.raises(NotApplicable, match="there are 3"):
        run_method(data, make_design("welch_t", "y", ("g",)))


def test_a_one_sample_test_without_a_reference_is_refused():
    with pytest.raises(NotApplicable, match="reference"):
        run_method(make_dataset({"y": EXTRA}), make_design("one_sample_t", "y"))


@pytest.mark.parametrize(
    ("statement", "label"),
    [({}, "drug − placebo"), ({"reference": "drug"}, "placebo − drug"), ({"positive": "placebo"}, "placebo − drug")],
)
def test_the_sheet_says_which_level_is_subtracted(statement, label):
    data = make_dataset({"y": [*EXTRA, *OTHER], "g": ["drug"] * 10 + ["placebo"] * 10}, statements={"g": statement})
    assert run_method(data, make_design("welch_t", "y", ("g",))).effect.label == label


def test_of_two_ordered_levels_the_higher_is_a():
    data = make_dataset({"y": [*EXTRA, *OTHER], "g": ["low"] * 10 + ["high"] * 10}, orders={"g": ["low", "high"]})
    assert run_method(data, make_design("welch_t", "y", ("g",))).effect.label == "high − low"


def test_a_small_skewed_sample_gets_a_caveat():
    result = one_sample([1.0, 1.1, 1.2, 1.3, 9.0], 0.0)
    assert any("skewness" in caveat for caveat in result.caveats)
    assert result.measures[0].value == pytest.approx(stats.skew([1.0, 1.1, 1.2, 1.3, 9.0]), rel=1e-12)


def test_more_rows_are_small_too_where_the_skewness_is_large():
    """An interval at 95 % misses the mean of a log-normal outcome in 11 of 100 samples of 40 rows."""
    generator = np.random.default_rng(9)
    logs = [generator.normal(0, 1, 40) for _ in range(250)]
    results = [run_method(make_dataset({"y": np.exp(found)}), make_design("one_sample_t", "y", reference=1.0)) for found in logs]
    missed = np.mean([not result.effect.low <= np.exp(0.5) <= result.effect.high for result in results])
    warned = np.mean([any("skewness" in caveat for caveat in result.caveats) for result in results])
    assert missed > 0.08
    assert warned > 0.8

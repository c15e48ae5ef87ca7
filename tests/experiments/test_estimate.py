"""Estimates against published intervals, scipy, and the binomial distribution."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from kosmos_graph.experiments.catalogue.intervals import proportion_with_ends, quantile_with_ends
from kosmos_graph.experiments.method import NotApplicable
from tests.experiments.factories import make_dataset, make_design, run_method

HEIGHTS = [171.0, 165.5, 180.2, 158.9, 175.4, 169.9, 190.1, 162.3, 177.7]


def test_a_mean_has_students_interval_and_no_test():
    result = run_method(make_dataset({"y": HEIGHTS}, statements={"y": {"unit": "cm"}}), make_design("estimate", "y"))
    low, high = stats.t.interval(0.95, 8, np.mean(HEIGHTS), stats.sem(HEIGHTS))
    assert (result.effect.value, result.effect.low, result.effect.high) == pytest.approx((np.mean(HEIGHTS), low, high), rel=1e-12)
    assert (result.statistic, result.p_value, result.effect.unit) == (None, None, "cm")


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_a_proportion_has_the_wilson_intervals_that_newcombe_published(hits, n, low, high):
    """Newcombe 1998, Stat Med 17:857, table I, method 3."""
    assert proportion_with_ends(hits, n, 0.95)[1] == pytest.approx((low, high), abs=5e-5)


def test_a_proportion_counts_the_level_that_the_design_names():
    data = make_dataset({"y": ["a"] * 3 + ["b"] * 5 + ["c"] * 2})
    result = run_method(data, make_design("estimate", "y", success="b"))
    ends = stats.binomtest(5, 10).proportion_ci(0.95, method="wilson")
    assert (result.effect.value, result.effect.low, result.effect.high) == pytest.approx((0.5, ends.low, ends.high), rel=1e-9)
    assert result.groups[0].n_success == 5


def test_a_proportion_of_one_of_several_levels_that_nobody_named_is_refused():
    with pytest.raises(NotApplicable, match="which level"):
        run_method(make_dataset({"y": ["a", "b", "c"]}), make_design("estimate", "y"))


def test_a_mean_of_levels_is_refused():
    with pytest.raises(NotApplicable, match="levels"):
        run_method(make_dataset({"y": ["a", "b", "a"]}), make_design("estimate", "y", quantity="mean"))


def test_a_median_has_the_order_statistics_of_the_sign_test():
    """For n = 20 the 6th and 15th values bound the median with 95.86 % (Conover 1999, example 3.2.1)."""
    value, ends = quantile_with_ends(np.arange(1.0, 21.0), 0.5, 0.95)
    assert (value, ends) == (10.5, (6.0, 15.0))


@settings(max_examples=60, deadline=None)
@given(st.integers(5, 120), st.sampled_from([0.1, 0.25, 0.5, 0.9]))
def test_order_statistics_cover_a_quantile_at_least_as_often_as_they_say_and_no_narrower_ones_do(n, probability):
    _, (low, high) = quantile_with_ends(np.arange(1.0, n + 1), probability, 0.95)
    law = stats.binom(n, probability)
    if low is not None:
        assert law.cdf(low - 1) <= 0.025 + 1e-12 < law.cdf(low) + 1e-9
    if high is not None:
        assert law.sf(high - 1) <= 0.025 + 1e-12 < law.sf(high - 2) + 1e-9
    assert (low is None) == (law.cdf(0) > 0.025)


def test_a_sample_too_small_to_bound_a_quantile_says_so():
    result = run_method(make_dataset({"y": HEIGHTS}), make_design("estimate", "y", quantity="quantile", quantile=0.95))
    assert result.effect.name == "95 % quantile"
    assert result.effect.high is None
    assert any("too small" in caveat for caveat in result.caveats)


def test_an_estimate_by_group_stands_among_the_terms():
    data = make_dataset({"y": HEIGHTS, "g": ["x"] * 4 + ["z"] * 4 + ["w"]})
    result = run_method(data, make_design("estimate", "y", ("g",)))
    assert [(term.name, term.n) for term in result.terms] == [("w", 1), ("x", 4), ("z", 4)]
    assert result.terms[1].estimate == pytest.approx(np.mean(HEIGHTS[:4]))
    assert (result.terms[0].low, result.terms[0].high) == (None, None)
    assert result.effect.value == pytest.approx(np.mean(HEIGHTS))


def test_one_row_is_no_sample():
    with pytest.raises(NotApplicable, match="at least 2"):
        run_method(make_dataset({"y": [1.0, None]}), make_design("estimate", "y"))


def test_a_constant_outcome_has_an_estimate():
    result = run_method(make_dataset({"y": [4.0, 4.0, 4.0]}), make_design("estimate", "y"))
    assert (result.effect.value, result.effect.low, result.effect.high) == (4.0, 4.0, 4.0)

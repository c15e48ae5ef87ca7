"""Two one-sided tests."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.weightstats import CompareMeans, ttost_ind

from kosmos_graph.experiments.tost import two_one_sided_tests

ALPHA = 0.05


def test_tost_agrees_with_statsmodels() -> None:
    random = np.random.default_rng(0)
    a, b = random.normal(0, 1, 40), random.normal(0.1, 1, 50)
    expected, _, _ = ttost_ind(a, b, -0.5, 0.5, usevar="pooled")
    means = CompareMeans.from_data(a, b)
    found = two_one_sided_tests(a.mean() - b.mean(), means.std_meandiff_pooledvar, 88, 0.5, ALPHA)
    assert found is not None
    assert found.p_value == pytest.approx(expected, rel=1e-9)
    assert (found.low, found.high) == pytest.approx(means.tconfint_diff(alpha=2 * ALPHA, usevar="pooled"), rel=1e-9)


@settings(deadline=None, max_examples=100)
@given(st.floats(-3, 3), st.floats(0.01, 2), st.one_of(st.none(), st.floats(2, 200)), st.floats(0.01, 3))
def test_p_is_below_alpha_exactly_where_the_interval_lies_within_delta(
    difference: float, error: float, df: float | None, delta: float
) -> None:
    found = two_one_sided_tests(difference, error, df, delta, ALPHA)
    assert found is not None
    slack = min(abs(found.low + delta), abs(found.high - delta))
    if slack > 1e-9:
        assert (found.p_value < ALPHA) == (-delta < found.low and found.high < delta)


@settings(deadline=None, max_examples=50)
@given(st.floats(-3, 3), st.floats(0.01, 2), st.floats(0.01, 3))
def test_the_sign_of_the_difference_does_not_matter(difference: float, error: float, delta: float) -> None:
    here, there = (two_one_sided_tests(value, error, 20, delta, ALPHA) for value in (difference, -difference))
    assert here is not None
    assert there is not None
    assert here.p_value == pytest.approx(there.p_value, rel=1e-9)
    assert (here.low, here.high) == pytest.approx((-there.high, -there.low), rel=1e-9, abs=1e-12)


@settings(deadline=None, max_examples=50)
@given(st.floats(-3, 3), st.floats(0.01, 2), st.floats(0.01, 3), st.floats(0.01, 3))
def test_a_wider_delta_makes_equivalence_easier(difference: float, error: float, delta: float, more: float) -> None:
    narrow, wide = (two_one_sided_tests(difference, error, 20, width, ALPHA) for width in (delta, delta + more))
    assert narrow is not None
    assert wide is not None
    assert wide.p_value <= narrow.p_value


@pytest.mark.parametrize(("error", "delta"), [(1.0, None), (0.0, 1.0), (float("nan"), 1.0)])
def test_without_delta_or_error_nothing_is_tested(error: float, delta: float | None) -> None:
    assert two_one_sided_tests(0.1, error, 20, delta, ALPHA) is None

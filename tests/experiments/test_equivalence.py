"""Equivalence tests against statsmodels and their own duality with the interval."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

from kosmos_graph.experiments.method import NotApplicable
from tests.experiments.factories import make_dataset, make_design, pair_columns, run_method, two_columns

A = [10.1, 9.8, 10.4, 10.0, 9.7, 10.3, 10.2]
B = [9.9, 10.0, 10.1, 9.5, 10.2, 9.6, 10.5, 9.8]

values = st.lists(st.integers(-80, 80).map(lambda n: n / 8), min_size=4, max_size=12).filter(lambda found: len(set(found)) > 2)


def tost(a, b, delta=0.5):
    return run_method(two_columns({"A": a, "B": b}), make_design("tost", "y", ("g",), levels=("A", "B"), delta=delta))


def test_tost_agrees_with_statsmodels():
    result = tost(A, B)
    comparison = CompareMeans(DescrStatsW(A), DescrStatsW(B))
    assert result.p_value == pytest.approx(comparison.ttost_ind(-0.5, 0.5, usevar="unequal")[0], rel=1e-9)
    low, high = comparison.tconfint_diff(alpha=0.10, usevar="unequal")
    assert (result.effect.low, result.effect.high) == (pytest.approx(low, rel=1e-9), pytest.approx(high, rel=1e-9))
    assert result.effect.level == pytest.approx(0.9)
    assert result.equivalence.p_value == result.p_value


def test_paired_tost_agrees_with_statsmodels():
    result = run_method(pair_columns(A, B[:7]), make_design("paired_tost", "after", baseline="before", delta=0.5))
    expected = DescrStatsW(np.array(A) - np.array(B[:7])).ttost_mean(-0.5, 0.5)[0]
    assert result.p_value == pytest.approx(expected, rel=1e-9)


def test_one_sample_tost_is_around_the_reference():
    result = run_method(make_dataset({"y": A}), make_design("one_sample_tost", "y", reference=10.0, delta=0.3))
    assert result.p_value == pytest.approx(DescrStatsW(A).ttost_mean(9.7, 10.3)[0], rel=1e-9)
    assert (result.effect.null, result.effect.value) == (10.0, pytest.approx(np.mean(A)))


@settings(max_examples=30, deadline=None)
@given(values, values, st.sampled_from([0.5, 2.0, 8.0, 30.0]))
def test_p_is_small_exactly_where_the_interval_lies_within_delta(a, b, delta):
    result = tost(a, b, delta)
    assert (result.p_value < 0.05) == (-delta < result.effect.low and result.effect.high < delta)


@settings(max_examples=20, deadline=None)
@given(values, values)
def test_swapping_the_groups_keeps_p_and_flips_the_interval(a, b):
    one, other = tost(a, b), tost(b, a)
    assert one.p_value == pytest.approx(other.p_value, rel=1e-9, abs=1e-12)
    assert one.effect.low == pytest.approx(-other.effect.high, abs=1e-9)


@pytest.mark.parametrize("delta", [None, 0.0, -1.0])
def test_equivalence_without_a_positive_delta_is_refused(delta):
    with pytest.raises(NotApplicable, match="δ"):
        tost(A, B, delta)


def test_constant_groups_are_refused():
    with pytest.raises(NotApplicable, match="do not vary"):
        tost([1.0, 1.0, 1.0], [1.0, 1.0, 1.0])

"""Minimum detectable effects."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from kosmos_graph.experiments.power import minimum_detectable, quantile


def test_the_textbook_multipliers() -> None:
    """Bloom 1995, Evaluation Review 19:547: 2.8 standard errors two-sided, 2.49 one-sided, at 5 % and 80 % power."""
    assert minimum_detectable(1.0, None, 0.05) == pytest.approx(2.80, abs=0.005)
    assert minimum_detectable(1.0, None, 0.05, "greater") == pytest.approx(2.49, abs=0.005)
    assert minimum_detectable(1.0, None, 0.05, "less") == minimum_detectable(1.0, None, 0.05, "greater")


@settings(deadline=None, max_examples=50)
@given(st.floats(1e-6, 1e6), st.floats(0.001, 0.2), st.floats(0.5, 0.99))
def test_a_normal_test_has_the_power_asked_for(error: float, alpha: float, power: float) -> None:
    distance = minimum_detectable(error, None, alpha, "greater", power)
    assert distance is not None
    assert stats.norm.sf(stats.norm.isf(alpha) - distance / error) == pytest.approx(power, rel=1e-9)


def test_few_degrees_of_freedom_detect_less() -> None:
    few, many, normal = (minimum_detectable(1.0, df, 0.05) or 0 for df in (4, 40, None))
    assert few > many > normal


@pytest.mark.parametrize(("error", "df"), [(0.0, 5.0), (-1.0, 5.0), (float("nan"), 5.0), (float("inf"), None), (1.0, 0.0)])
def test_without_an_error_there_is_no_detectable_effect(error: float, df: float | None) -> None:
    assert minimum_detectable(error, df, 0.05) is None


def test_quantiles_are_those_of_scipy() -> None:
    assert quantile(0.9, 7) == pytest.approx(stats.t.ppf(0.9, 7))
    assert quantile(0.9, None) == pytest.approx(stats.norm.ppf(0.9))

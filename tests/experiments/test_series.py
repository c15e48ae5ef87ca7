"""Trends and steps of a series."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal, stats
from statsmodels.datasets import nile

from kosmos_graph.domain.data_card import Kind
from kosmos_graph.domain.results import TestResult
from kosmos_graph.experiments.method import NotApplicable
from tests.experiments.autoregressions import third_order_errors
from tests.experiments.factories import make_dataset, make_design, run_method


def autoregressive(n: int, rho: float, seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(size=n + 200)
    return np.asarray(signal.lfilter([1], [1, -rho], noise)[200:])


def trend(y: Any, times: Any = None, **options: Any) -> TestResult:
    times = range(len(y)) if times is None else times
    kinds = {"t": Kind.DATETIME} if isinstance(times[0], str) else {}
    return run_method(
        make_dataset({"y": list(y), "t": list(times)}, kinds=kinds), make_design("trend_hac", "y", time="t", **options)
    )


def step(y: Any, times: Any, change_at: str, **options: Any) -> TestResult:
    kinds = {"t": Kind.DATETIME} if isinstance(times[0], str) else {}
    design = make_design("step_hac", "y", time="t", change_at=change_at, **options)
    return run_method(make_dataset({"y": list(y), "t": list(times)}, kinds=kinds), design)


def measure(found: TestResult, name: str) -> float:
    return next(measure.value for measure in found.measures if measure.name == name)


def days(n: int, freq: str = "D") -> list[str]:
    return pd.date_range("2001-01-01", periods=n, freq=freq).strftime("%Y-%m-%d").tolist()


def prewhitened_error(matrix: np.ndarray, residuals: np.ndarray, lag: int) -> float:
    """Standard error of the last coefficient by the sums as they are written in the papers."""
    n, k = matrix.shape
    rho = float(residuals[1:] @ residuals[:-1] / (residuals[:-1] @ residuals[:-1]))
    rho += (1 + 4 * rho) / n
    scores = matrix * residuals[:, np.newaxis]
    new = np.array([scores[i] - rho * scores[i - 1] for i in range(1, n)])
    total = sum(np.outer(row, row) for row in new)
    for step_ in range(1, lag + 1):
        for i in range(step_, n - 1):
            product = np.outer(new[i], new[i - step_])
            total = total + (1 - step_ / (lag + 1)) * (product + product.T)
    bread = np.linalg.inv(matrix.T @ matrix)
    covariance = bread @ (total / (1 - rho) ** 2 * n / (n - 1)) @ bread * n / (n - k)
    return float(np.sqrt(covariance[-1, -1]))


def autoregressive_error(matrix: np.ndarray, residuals: np.ndarray) -> float:
    """The error of the last coefficient under a first-order autoregression, with the whole correlation matrix written out."""
    n, k = matrix.shape
    found = residuals[1:] @ residuals[:-1] / (residuals[:-1] @ residuals[:-1])
    rho = min(max(found + 2 * k * (1 + 2 * found) / n, 0.0), 0.97)
    correlation = rho ** np.abs(np.subtract.outer(np.arange(n), np.arange(n)))
    solver = np.linalg.pinv(matrix)
    scale = residuals @ residuals / np.trace((np.eye(n) - matrix @ solver) @ correlation)
    return float(np.sqrt((solver @ correlation @ solver.T * scale)[-1, -1]))


def test_the_slope_and_the_plain_error_agree_with_statsmodels() -> None:
    y = autoregressive(120, 0.5, 1) + 0.02 * np.arange(120)
    found = trend(y)
    fit = sm.OLS(y, sm.add_constant(np.arange(120.0))).fit(cov_type="HAC", cov_kwds={"maxlags": 4, "use_correction": True})
    assert measure(found, "lag") == 4
    assert found.effect.value == pytest.approx(fit.params[1], rel=1e-9)
    assert measure(found, "standard error without prewhitening") == pytest.approx(fit.bse[1], rel=1e-9)


@pytest.mark.parametrize("seed", [2, 4, 5, 11])
def test_the_error_is_the_largest_of_the_papers_formula_and_two_autoregressions(seed: int) -> None:
    y = autoregressive(80, 0.6, seed)
    found = trend(y)
    matrix = sm.add_constant(np.arange(80.0))
    residuals = sm.OLS(y, matrix).fit().resid
    third = third_order_errors(matrix, residuals)[-1]
    error = max(prewhitened_error(matrix, residuals, 3), autoregressive_error(matrix, residuals), third)
    assert found.statistic == pytest.approx(found.effect.value / error, rel=1e-9)
    assert found.df == (78.0,)
    assert found.p_value == pytest.approx(2 * stats.t.sf(abs(found.effect.value / error), 78), rel=1e-9)


def test_the_step_has_the_same_error() -> None:
    y, times = autoregressive(90, 0.4, 3) + 2.0 * (np.arange(90) >= 50), np.arange(90.0)
    found = step(y, times, "50")
    matrix = np.column_stack([np.ones(90), times, times >= 50])
    fit = sm.OLS(y, matrix).fit()
    assert found.effect.value == pytest.approx(fit.params[2], rel=1e-9)
    third = third_order_errors(matrix, fit.resid)[-1]
    error = max(prewhitened_error(matrix, fit.resid, 3), autoregressive_error(matrix, fit.resid), third)
    assert found.statistic == pytest.approx(fit.params[2] / error, rel=1e-9)
    assert [group.n for group in found.groups] == [40, 50]
    assert found.effect.label == "after − before"


def test_the_nile_fell_with_the_dam() -> None:
    """Cobb 1978, Biometrika 65:243: the flow dropped by about 250 at 1899."""
    data = nile.load_pandas().data
    found = step(data["volume"], data["year"].tolist(), "1899-01-01")
    matrix = np.column_stack([np.ones(100), data["year"] - 1871, data["year"] >= 1899])
    assert found.effect.value == pytest.approx(sm.OLS(data["volume"].to_numpy(), matrix).fit().params[2], rel=1e-9)
    assert found.effect.high is not None
    assert found.effect.high < 0
    assert (found.p_value or 1) < 0.001


@pytest.mark.parametrize(
    ("freq", "unit", "length"), [("D", "day", 1.0), ("7D", "day", 1.0), ("MS", "month", 365.25 / 12), ("YS", "year", 365.25)]
)
def test_time_is_counted_in_the_unit_that_the_dates_suggest(freq: str, unit: str, length: float) -> None:
    times = days(60, freq)
    elapsed = np.array([(pd.Timestamp(time) - pd.Timestamp(times[0])).days for time in times]) / length
    found = trend(3 + 0.5 * elapsed + autoregressive(60, 0, 1) * 1e-3, times)
    assert found.effect.label == f"y per {unit}"
    assert found.effect.value == pytest.approx(0.5, rel=1e-2)
    assert found.other_effects[0].value == pytest.approx(found.effect.value * elapsed[-1], rel=1e-9)


def test_dates_and_their_numbers_give_the_same_test() -> None:
    y = autoregressive(60, 0.3, 5)
    assert trend(y, days(60)).p_value == pytest.approx(trend(y).p_value, rel=1e-9)


@settings(deadline=None, max_examples=10)
@given(st.permutations(range(50)))
def test_the_order_of_rows_does_not_matter(order: list[int]) -> None:
    y, times = autoregressive(50, 0.5, 6), days(50)
    shuffled = trend([y[place] for place in order], [times[place] for place in order])
    assert shuffled.model_dump() == trend(y, times).model_dump()


@settings(deadline=None, max_examples=10)
@given(st.floats(1e-4, 1e4), st.floats(-1e3, 1e3))
def test_units_scale_the_slope_and_nothing_else(factor: float, shift: float) -> None:
    y = autoregressive(50, 0.5, 7)
    here, there = trend(y), trend((y + shift) * factor)
    assert there.effect.value == pytest.approx(here.effect.value * factor, rel=1e-6)
    assert there.p_value == pytest.approx(here.p_value, rel=1e-6)


def test_running_time_backwards_turns_the_trend_around() -> None:
    y = autoregressive(60, 0.4, 8) + 0.05 * np.arange(60)
    assert trend(y[::-1]).effect.value == pytest.approx(-trend(y).effect.value, rel=1e-9)


def test_one_sided_p_values_are_the_tails() -> None:
    y = autoregressive(60, 0.4, 9) + 0.05 * np.arange(60)
    greater, less, both = (trend(y, alternative=side) for side in ("greater", "less", "two-sided"))
    assert (greater.p_value or 0) + (less.p_value or 0) == pytest.approx(1.0)
    assert both.p_value == pytest.approx(2 * min(greater.p_value or 0, less.p_value or 0))
    assert (greater.effect.high, less.effect.low) == (None, None)


def test_prewhitening_keeps_false_trends_rare_where_plain_errors_do_not() -> None:
    """120 series without any trend, autocorrelation 0.8: the nominal rate is 5 %."""
    found = [trend(autoregressive(100, 0.8, seed)) for seed in range(120)]
    plain = [abs(one.effect.value) / measure(one, "standard error without prewhitening") for one in found]
    rate = np.mean([(one.p_value or 0) < 0.05 for one in found])
    assert rate < 0.15
    assert np.mean(np.array(plain) > stats.t.ppf(0.975, 98)) > 0.2


@pytest.mark.parametrize(("n", "memory", "most"), [(40, 0.0, 0.08), (40, 0.5, 0.1), (100, 0.8, 0.1)])
def test_false_trends_are_about_as_rare_as_they_are_said_to_be(n: int, memory: float, most: float) -> None:
    """200 series without any trend at a nominal rate of 5 %; Newey–West errors alone gave 12, 11 and 10 %."""
    found = [trend(autoregressive(n, memory, seed)) for seed in range(200)]
    assert np.mean([(one.p_value or 0) < 0.05 for one in found]) <= most


def test_memory_of_two_points_back_makes_few_false_trends() -> None:
    """200 series of 100 points; without an autoregression of order three, 16 to 19 % were found."""
    series = [signal.lfilter([1], [1, 0, -0.5], np.random.default_rng(seed).normal(size=300))[200:] for seed in range(200)]
    assert np.mean([(trend(y).p_value or 0) < 0.05 for y in series]) <= 0.11


def test_strong_autocorrelation_is_a_caveat() -> None:
    walk = np.cumsum(np.random.default_rng(0).normal(size=80))
    assert any("strongly autocorrelated" in caveat for caveat in trend(walk).caveats)


def test_gaps_are_a_caveat() -> None:
    y, times = autoregressive(60, 0.2, 1), [*range(30), *range(300, 330)]
    found = trend(y, times)
    assert measure(found, "largest gap over median gap") == 271
    assert any("unevenly" in caveat for caveat in found.caveats)


def test_several_rows_at_one_time_are_refused() -> None:
    with pytest.raises(NotApplicable, match="several rows"):
        trend(autoregressive(60, 0, 1), list(range(30)) * 2)


def test_a_short_series_is_refused() -> None:
    with pytest.raises(NotApplicable, match="at least 10"):
        trend([1.0, 2, 4, 3, 5])


def test_a_constant_series_is_refused() -> None:
    with pytest.raises(NotApplicable, match="same value"):
        trend([0.1] * 50)


def test_a_series_that_is_a_line_is_refused() -> None:
    with pytest.raises(NotApplicable, match="follows exactly"):
        trend(0.1 * np.arange(50))


@pytest.mark.parametrize(
    ("change", "reason"), [("1999-01-01", "before or after"), ("2001-02-30", "not a date"), ("x", "not a date")]
)
def test_a_change_that_splits_nothing_is_refused(change: str, reason: str) -> None:
    with pytest.raises(NotApplicable, match=reason):
        step(autoregressive(60, 0, 1), days(60), change)


def test_a_change_without_trend_left_is_refused() -> None:
    with pytest.raises(NotApplicable):
        step(autoregressive(60, 0, 1), np.arange(60.0), "nan")


def test_a_date_within_a_year_splits_decimal_years() -> None:
    years = (2000 + np.arange(60) / 12).tolist()
    found = step(autoregressive(60, 0, 1), years, "2002-07-01")
    assert [group.n for group in found.groups] == [30, 30]


def test_a_change_with_an_offset_is_taken_to_utc() -> None:
    y, times = autoregressive(60, 0, 1), days(60)
    assert step(y, times, "2001-01-20T23:30:00-02:00").groups == step(y, times, "2001-01-21T01:30:00").groups


def test_equivalence_of_a_trend_reads_delta_per_unit_of_time() -> None:
    found = trend(autoregressive(100, 0.2, 4), delta=0.5)
    assert found.equivalence is not None
    assert found.equivalence.p_value < 1e-6
    assert any("per step of t" in caveat for caveat in found.caveats)

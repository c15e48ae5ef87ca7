"""Correlations of two series, whose neighbouring points are not independent."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import signal, stats

from kosmos_graph.domain.results import TestResult
from kosmos_graph.experiments.catalogue import get_method, series_correlation
from kosmos_graph.experiments.figures import draw_figure
from kosmos_graph.experiments.method import NotApplicable
from tests.experiments.factories import make_dataset, make_design, make_sample, run_method


def autoregressive(n: int, rho: float, generator: np.random.Generator) -> np.ndarray:
    return np.asarray(signal.lfilter([1], [1, -rho], generator.normal(size=n + 200))[200:])


def correlation(x, y, times=None, **options) -> TestResult:
    data = make_dataset({"y": list(y), "x": list(x), "t": list(range(len(y)) if times is None else times)})
    return run_method(data, make_design("series_correlation", "y", ("x",), time="t", **options))


def two_series(seed: int = 1, n: int = 80) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    x = autoregressive(n, 0.6, generator)
    return x, 0.5 * x + autoregressive(n, 0.6, generator)


def points_written_out(x: np.ndarray, y: np.ndarray) -> float:
    n, total = len(x), 0.0
    dx, dy = x - x.mean(), y - y.mean()
    for lag in range(1, n // 5 + 1):
        rx = sum(dx[i] * dx[i + lag] for i in range(n - lag)) / (n - lag) / (sum(dx**2) / n)
        ry = sum(dy[i] * dy[i + lag] for i in range(n - lag)) / (n - lag) / (sum(dy**2) / n)
        total += (1 - lag / n) * rx * ry
    return n / (1 + 2 * total)


def test_the_number_of_points_and_the_test_are_the_papers_formula():
    x, y = two_series()
    found, points = correlation(x, y), points_written_out(x, y)
    z = np.arctanh(stats.pearsonr(x, y).statistic)
    assert found.effect.value == pytest.approx(stats.pearsonr(x, y).statistic, rel=1e-12)
    assert found.measures[0].value == pytest.approx(points, rel=1e-12)
    assert found.statistic == pytest.approx(z * np.sqrt(points - 3), rel=1e-10)
    assert found.p_value == pytest.approx(2 * stats.t.sf(z * np.sqrt(points - 3), points - 2), rel=1e-9)
    reach = stats.t.ppf(0.975, points - 2) / np.sqrt(points - 3)
    assert (found.effect.low, found.effect.high) == pytest.approx((np.tanh(z - reach), np.tanh(z + reach)), rel=1e-9)
    assert 10 < points < 60


def test_long_series_are_counted_alike(monkeypatch):
    x, y = two_series(n=400)
    short = correlation(x, y)
    monkeypatch.setattr(series_correlation, "LONG", 100)
    assert correlation(x, y).measures[0].value == pytest.approx(short.measures[0].value, rel=1e-10)


def test_independent_points_count_in_full():
    generator = np.random.default_rng(3)
    assert correlation(generator.normal(size=60), generator.normal(size=60)).measures[0].value == pytest.approx(60, rel=0.15)


def test_the_order_of_rows_and_the_units_do_not_matter():
    x, y = two_series()
    order = np.random.default_rng(0).permutation(80)
    here, there = correlation(x, y), correlation(3 * x[order] + 7, 1e3 * y[order], order)
    assert there.p_value == pytest.approx(here.p_value, rel=1e-8)
    assert there.effect.value == pytest.approx(here.effect.value, rel=1e-9)


def test_turning_one_series_around_turns_the_sign():
    x, y = two_series()
    assert correlation(-x, y).effect.value == pytest.approx(-correlation(x, y).effect.value, rel=1e-12)


def test_a_shared_trend_shows_beside_what_is_left_without_it():
    generator = np.random.default_rng(5)
    time = np.arange(200.0)
    x, y = 0.05 * time + generator.normal(size=200), 0.05 * time + generator.normal(size=200)
    found = correlation(x, y)
    assert found.effect.value > 0.8
    assert [effect.name for effect in found.other_effects] == [
        "correlation without linear trends",
        "correlation of changes from point to point",
    ]
    assert abs(found.other_effects[0].value) < 0.2


def test_a_series_that_follows_the_other_is_seen_among_the_shifted_ones():
    x = autoregressive(120, 0.3, np.random.default_rng(2))
    terms = {term.name: term.estimate for term in correlation(x, np.concatenate([[0, 0], x[:-2]])).terms}
    assert max(terms, key=terms.__getitem__) == "correlation, x 2 earlier"
    assert terms["correlation, x 2 earlier"] > 0.99


@pytest.mark.parametrize(
    ("x", "y", "reason"),
    [
        ([1.0] * 60, list(np.sin(np.arange(60))), "same value"),
        (list(np.arange(60.0)), list(2 * np.arange(60.0) + 1), "exactly on a line"),
        (list(np.arange(60.0)), list(np.arange(60.0) + 0.01 * np.cos(np.arange(60.0) ** 2)), "independent ones"),
    ],
)
def test_series_without_an_answer_are_refused(x, y, reason):
    with pytest.raises(NotApplicable, match=reason):
        correlation(x, y)


@pytest.mark.parametrize(("n", "memory"), [(40, 0.0), (60, 0.8)])
def test_unrelated_series_are_rarely_found_to_go_together(n, memory):
    """150 pairs at a nominal 5 %; the usual test gives 33 % for a memory of 0.8."""
    generator = np.random.default_rng(n)
    rejected = []
    for _ in range(150):
        try:
            rejected.append(
                (correlation(autoregressive(n, memory, generator), autoregressive(n, memory, generator)).p_value or 0) < 0.05
            )
        except NotApplicable:
            rejected.append(False)
    assert np.mean(rejected) <= 0.08


def test_a_figure_shows_both_series():
    x, y = two_series()
    data = make_dataset({"y": list(y), "x": list(x), "t": list(range(80))}, statements={"y": {"unit": "m"}})
    design = make_design("series_correlation", "y", ("x",), time="t")
    png = draw_figure(get_method("series_correlation"), make_sample(data, design), design, run_method(data, design))
    assert png.startswith(b"\x89PNG")

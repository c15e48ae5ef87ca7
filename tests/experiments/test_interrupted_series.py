"""Series that are interrupted at a date."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import signal, stats

from kosmos_graph.claims.wording import subject_of
from kosmos_graph.domain.data_card import Kind
from kosmos_graph.domain.results import TestResult
from kosmos_graph.experiments.catalogue import get_method
from kosmos_graph.experiments.catalogue.interrupted_series import interrupted_fit
from kosmos_graph.experiments.catalogue.series import series_of, standard_errors
from kosmos_graph.experiments.figures import draw_figure
from kosmos_graph.experiments.method import NotApplicable
from tests.experiments.autoregressions import third_order_errors
from tests.experiments.factories import make_dataset, make_design, make_sample, run_method


def autoregressive(n: int, weights: list[float], seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(size=n + 200)
    return np.asarray(signal.lfilter([1], np.concatenate([[1], -np.array(weights)]), noise)[200:])


def interrupted(y, times, change_at, **options) -> TestResult:
    kinds = {"t": Kind.DATETIME} if isinstance(times[0], str) else {}
    data = make_dataset({"y": list(y), "t": list(times)}, kinds=kinds)
    return run_method(data, make_design("interrupted_series", "y", time="t", change_at=change_at, **options))


def bent(n: int = 100, at: int = 60, seed: int = 1) -> np.ndarray:
    time = np.arange(n)
    return 2 + 0.1 * time + 3.0 * (time >= at) - 0.2 * np.maximum(time - at, 0) + 0.5 * autoregressive(n, [0.3], seed)


def test_level_and_slopes_are_those_of_least_squares():
    y, time = bent(), np.arange(100.0)
    found = interrupted(y, time, "60")
    matrix = np.column_stack([np.ones(100), time, time >= 60, np.maximum(time - 60, 0)])
    _, before, level, bend = sm.OLS(y, matrix).fit().params
    assert found.effect.value == pytest.approx(level, rel=1e-9)
    assert [term.estimate for term in found.terms] == pytest.approx([level, bend, before], rel=1e-9)
    assert found.other_effects[0].value == pytest.approx(bend, rel=1e-9)
    assert (found.effect.label, found.df) == ("after − before, at the change", (96.0,))
    assert found.other_effects[0].label == "slope after − slope before, y per step of t"


def test_the_error_is_not_below_that_of_an_autoregression_of_order_three():
    y, time = autoregressive(80, [0.1, 0.5], 3), np.arange(80.0)
    data = make_dataset({"y": list(y), "t": list(time)})
    design = make_design("interrupted_series", "y", time="t", change_at="40")
    fit = interrupted_fit(series_of(make_sample(data, design), design), design)
    matrix = np.column_stack([np.ones(80), time, np.maximum(time - 40, 0), time >= 40])
    errors = third_order_errors(matrix, sm.OLS(y, matrix).fit().resid)
    assert standard_errors(fit)[-1] == pytest.approx(errors[-1], rel=1e-8)


def test_dates_and_their_numbers_give_the_same_test():
    days = pd.date_range("2001-01-01", periods=100).strftime("%Y-%m-%d").tolist()
    here, there = interrupted(bent(), np.arange(100.0), "60"), interrupted(bent(), days, days[60])
    assert there.p_value == pytest.approx(here.p_value, rel=1e-9)
    assert there.other_effects[0].label == "slope after − slope before, y per day"


def test_scaling_the_outcome_scales_the_change_and_nothing_else():
    here, there = interrupted(bent(), np.arange(100.0), "60"), interrupted(1e3 * bent() + 5, np.arange(100.0), "60")
    assert there.effect.value == pytest.approx(1e3 * here.effect.value, rel=1e-8)
    assert there.p_value == pytest.approx(here.p_value, rel=1e-7)


def test_the_change_of_slope_is_the_other_change_of_the_same_model():
    data = make_dataset({"y": list(bent()), "t": list(range(100))})
    level, slope = (
        run_method(data, make_design(method, "y", time="t", change_at="60")) for method in ("interrupted_series", "slope_change")
    )
    assert (slope.effect, slope.other_effects) == (level.other_effects[0], (level.effect,))
    assert sorted(slope.terms, key=str) == sorted(level.terms, key=str)
    assert slope.p_value == level.terms[1].p_value


def test_a_sentence_about_a_change_of_slope_is_about_the_slope():
    data, design = (
        make_dataset({"y": list(bent()), "t": list(range(100))}),
        make_design("slope_change", "y", time="t", change_at="60"),
    )
    assert subject_of(design, run_method(data, design)) == "the slope of {outcome}"
    level = make_design("interrupted_series", "y", time="t", change_at="60")
    assert subject_of(level, run_method(data, level)) == "{outcome}"


def test_a_bend_without_a_jump_shows_in_the_slope_and_in_the_joint_test():
    time = np.arange(100)
    y = 0.3 * np.maximum(time - 60, 0) + autoregressive(100, [0.2], 5)
    found = interrupted(y, time, "60")
    assert (found.p_value or 0) > 0.05
    assert (found.other_effects[0].low or 0) > 0.1
    assert next(measure.value for measure in found.measures if measure.name.startswith("p of no change")) < 1e-6


def test_one_sided_p_values_are_the_tails():
    found = [
        interrupted(autoregressive(60, [0.4], 2), np.arange(60), "30", alternative=side).p_value for side in ("greater", "less")
    ]
    assert sum(found) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("y", "change", "reason"),
    [
        (autoregressive(60, [0.0], 1), "55", "fewer than 8"),
        (autoregressive(60, [0.0], 1), "soon", "not a date"),
        (np.full(60, 3.0), "30", "same value"),
        (np.arange(60.0), "30", "follows exactly"),
        (autoregressive(9, [0.0], 1), "4", "at least 10"),
    ],
)
def test_series_without_an_answer_are_refused(y, change, reason):
    with pytest.raises(NotApplicable, match=reason):
        interrupted(y, np.arange(len(y)), change)


@pytest.mark.parametrize(("weights", "most"), [([0.0], 0.08), ([0.0, 0.5], 0.12)])
def test_nothing_that_happened_is_rarely_found(weights, most):
    """100 series of 100 points; without the autoregression of order three, 19 % of those with the last memory were found."""
    found = [interrupted(autoregressive(100, weights, seed), np.arange(100), "50") for seed in range(100)]
    assert np.mean([(one.p_value or 0) < 0.05 for one in found]) <= most


def test_p_and_interval_agree():
    found = interrupted(bent(), np.arange(100), "60")
    error = found.effect.value / (found.statistic or 1)
    assert found.effect.low == pytest.approx(found.effect.value - stats.t.ppf(0.975, 96) * error, rel=1e-9)


def test_a_figure_is_drawn():
    data = make_dataset({"y": list(bent()), "t": list(range(100))})
    design = make_design("interrupted_series", "y", time="t", change_at="60")
    png = draw_figure(get_method("interrupted_series"), make_sample(data, design), design, run_method(data, design))
    assert png.startswith(b"\x89PNG")

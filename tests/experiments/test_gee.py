"""Generalised estimating equations against dense matrices written out, and what they say where they have no answer."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from kosmos_graph.domain.data_card import Kind
from kosmos_graph.experiments.method import NotApplicable
from tests.experiments.factories import make_dataset, make_design, run_method


def clustered(counts=False, m=12, levels="AB", seed=1):
    draw = np.random.default_rng(seed)
    cluster = np.repeat(np.arange(m), draw.integers(2, 14, m))
    group = np.array([levels[place % len(levels)] for place in range(m)])[cluster]
    x = draw.normal(size=m)[cluster] + draw.normal(size=cluster.size)
    special = draw.normal(0, 0.6, m)[cluster]
    y = draw.poisson(np.exp(0.7 + special)) if counts else np.where(draw.random(x.size) < 1 / (1 + np.exp(-special)), "yes", "no")
    return {"y": list(y), "x": list(x), "g": list(group), "c": [f"c{place}" for place in cluster]}


def run(columns, *predictors, **more):
    counts = not isinstance(columns["y"][0], str)
    kinds, said = ({"y": Kind.COUNT}, {}) if counts else ({}, {"y": {"positive": "yes"}})
    design = make_design("gee", "y", predictors, cluster="c", **more)
    return run_method(make_dataset(columns, kinds=kinds, statements=said), design)


def dense(y, columns, cluster, correlation, counts):
    """Root of the estimating equations with the correlation given, and Mancl and DeRouen's covariance."""
    at = np.zeros(columns.shape[1])
    for last in [False] * 60 + [True]:
        means = np.exp(columns @ at) if counts else 1 / (1 + np.exp(-columns @ at))
        variances = means if counts else means * (1 - means)
        blocks = []
        for own in np.unique(cluster):
            rows = cluster == own
            size, root = rows.sum(), np.sqrt(variances[rows])
            working = np.outer(root, root) * (correlation * np.ones((size, size)) + (1 - correlation) * np.eye(size))
            slopes = variances[rows, np.newaxis] * columns[rows]
            blocks.append((slopes, np.linalg.inv(working), y[rows] - means[rows]))
        bread = np.linalg.inv(sum(slopes.T @ weight @ slopes for slopes, weight, _ in blocks))
        if not last:
            at = at + bread @ sum(slopes.T @ weight @ residuals for slopes, weight, residuals in blocks)
    meat = 0.0
    for slopes, weight, residuals in blocks:
        leverage = slopes @ bread @ slopes.T @ weight
        score = slopes.T @ weight @ np.linalg.solve(np.eye(len(residuals)) - leverage, residuals)
        meat = meat + np.outer(score, score)
    return at, bread @ meat @ bread


@pytest.mark.parametrize("counts", [False, True])
def test_ratio_error_and_p_are_those_of_the_equations_written_out(counts):
    columns = clustered(counts)
    result = run(columns, "g", "x", levels=("A", "B"))
    (correlation,) = (measure.value for measure in result.measures if measure.name == "working correlation")
    design = np.column_stack([np.ones(len(columns["y"])), columns["x"], np.array(columns["g"]) == "A"]).astype(float)
    y = np.array(columns["y"], float) if counts else (np.array(columns["y"]) == "yes").astype(float)
    slopes, covariance = dense(y, design, np.array(columns["c"]), correlation, counts)
    error = np.sqrt(covariance[2, 2])
    assert result.effect.name == ("adjusted ratio of means" if counts else "adjusted odds ratio")
    assert (result.effect.label, result.df) == ("A / B", (9.0,))
    assert result.effect.value == pytest.approx(np.exp(slopes[2]), rel=1e-7)
    assert result.statistic == pytest.approx(slopes[2] / error, rel=1e-7)
    assert result.p_value == pytest.approx(2 * stats.t.sf(abs(slopes[2] / error), 9), rel=1e-6)
    assert result.effect.high == pytest.approx(np.exp(slopes[2] + stats.t.isf(0.025, 9) * error), rel=1e-6)


def test_an_exposure_makes_the_ratio_one_of_rates():
    columns = clustered(counts=True)
    columns["time"] = [1.0] * len(columns["y"])
    one = run(columns, "g", exposure="time")
    assert one.effect.name == "rate ratio"
    assert one.effect.value == pytest.approx(run(columns, "g").effect.value, rel=1e-8)


def test_several_levels_are_tested_together_with_fewer_degrees_of_freedom():
    result = run(clustered(m=15, levels="ABC"), "g")
    assert (result.statistic_name, result.df, result.effect.directed) == ("F", (2.0, 11.0), False)


@pytest.mark.parametrize("counts", [False, True])
def test_neither_the_order_of_rows_nor_the_unit_of_a_predictor_matters(counts):
    columns = clustered(counts)
    one = run(columns, "x")
    order = np.random.default_rng(0).permutation(len(columns["y"]))
    moved = {name: [cells[place] for place in order] for name, cells in columns.items()}
    moved["x"] = [1000 * value for value in moved["x"]]
    other = run(moved, "x")
    assert other.statistic == pytest.approx(one.statistic, rel=1e-6)
    assert other.effect.value**1000 == pytest.approx(one.effect.value, rel=1e-6)


def test_a_one_sided_alternative_has_an_open_end_and_the_tail_it_names():
    columns = clustered()
    both, less = run(columns, "x"), run(columns, "x", alternative="less")
    assert less.effect.low is None
    assert less.p_value == pytest.approx(both.p_value / 2 if both.statistic < 0 else 1 - both.p_value / 2, rel=1e-9)


def test_no_effect_is_rejected_one_time_in_twenty_at_most():
    found = [run(clustered(seed=seed), "g").p_value <= 0.05 for seed in range(100, 200)]
    assert np.mean(found) <= 0.1


def test_counts_that_are_all_the_same_are_refused():
    columns = clustered(counts=True)
    columns["y"] = [3] * len(columns["y"])
    with pytest.raises(NotApplicable, match="same in every row"):
        run(columns, "g")


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"y": lambda columns, row: "yes"}, "same in every row|two levels|no level"),
        ({"g": lambda columns, row: "A"}, "same value in all"),
        ({"y": lambda columns, row: "yes" if columns["g"][row] == "A" else "no"}, "separat|predict|perfect"),
        ({"c": lambda columns, row: f"c{row % 5}"}, "5 clusters"),
        ({"c": lambda columns, row: f"c{row}"}, "no rows hang together"),
    ],
)
def test_degenerate_data_are_refused_with_a_sentence(change, match):
    columns = clustered()
    changed = {name: [cell(columns, row) for row in range(len(columns["y"]))] for name, cell in change.items()}
    with pytest.raises(NotApplicable, match=match):
        run({**columns, **changed}, "g")

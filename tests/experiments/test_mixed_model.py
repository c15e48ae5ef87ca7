"""The mixed model against closed forms of balanced data, statsmodels' fit, and dense matrices."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy import stats
from statsmodels.regression.mixed_linear_model import MixedLM

from kosmos_graph.experiments.method import NotApplicable
from tests.experiments.factories import make_dataset, make_design, run_method


def clustered(m=12, levels="AB", seed=1, spread=1.0):
    draw = np.random.default_rng(seed)
    cluster = np.repeat(np.arange(m), draw.integers(2, 14, m))
    group = np.array([levels[place % len(levels)] for place in range(m)])[cluster]
    x = draw.normal(size=m)[cluster] + draw.normal(size=cluster.size)
    y = 10 + spread * draw.normal(size=m)[cluster] + draw.normal(size=cluster.size)
    return {"y": list(y), "x": list(x), "g": list(group), "c": [f"c{place}" for place in cluster]}


def run(columns, *predictors, **more):
    return run_method(make_dataset(columns), make_design("mixed_model", "y", predictors, cluster="c", **more))


def measured(result, name):
    return next(measure.value for measure in result.measures if measure.name == name)


def test_equal_clusters_that_each_have_one_level_give_students_test_of_the_cluster_means():
    draw = np.random.default_rng(3)
    y = (draw.normal(size=60) + np.repeat(2 * draw.normal(size=10), 6)).reshape(10, 6)
    columns = {"y": list(y.ravel()), "g": ["A"] * 24 + ["B"] * 36, "c": [f"c{place // 6}" for place in range(60)]}
    result = run(columns, "g", levels=("A", "B"))
    means = y.mean(axis=1)
    expected = stats.ttest_ind(means[:4], means[4:])
    pooled = (4 * means[:4].var() + 6 * means[4:].var()) / 8
    within = float(np.mean(y.var(axis=1, ddof=1)))
    between = pooled - within / 6
    assert result.effect.label == "A − B"
    assert (result.statistic, result.p_value) == pytest.approx((expected.statistic, expected.pvalue), rel=1e-9)
    assert result.df[0] == pytest.approx(8, rel=1e-9)
    assert measured(result, "intraclass correlation") == pytest.approx(between / (between + within), rel=1e-9)
    assert [term.estimate for term in result.terms[1:]] == pytest.approx([between, within], rel=1e-9)


def test_levels_that_every_cluster_has_once_give_the_paired_test():
    draw = np.random.default_rng(4)
    one = 3 * draw.normal(size=12)
    a, b = one + draw.normal(size=12), one + draw.normal(size=12)
    columns = {"y": [*a, *b], "g": ["A"] * 12 + ["B"] * 12, "c": [f"c{place}" for place in range(12)] * 2}
    result = run(columns, "g", levels=("A", "B"))
    expected = stats.ttest_rel(a, b)
    assert (result.statistic, result.p_value) == pytest.approx((expected.statistic, expected.pvalue), rel=1e-8)
    assert result.df[0] == pytest.approx(11, rel=1e-8)


def test_unequal_clusters_give_the_fit_of_statsmodels():
    columns = clustered()
    design = np.column_stack([np.ones(len(columns["y"])), np.array(columns["g"]) == "A", columns["x"]]).astype(float)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = MixedLM(np.array(columns["y"]), design, groups=np.array(columns["c"])).fit(reml=True, gtol=1e-10)
    result = run(columns, "x", "g")
    assert result.effect.value == pytest.approx(fit.fe_params[2], rel=1e-5)
    assert result.terms[-2].estimate == pytest.approx(float(fit.cov_re[0, 0]), rel=1e-3)
    assert result.terms[-1].estimate == pytest.approx(fit.scale, rel=1e-4)


def test_degrees_of_freedom_are_satterthwaites_by_dense_matrices():
    columns = clustered(seed=2)
    result = run(columns, "x")
    design = np.column_stack([np.ones(len(columns["y"])), columns["x"]])
    alike = np.equal.outer(columns["c"], columns["c"]).astype(float)
    between, within = result.terms[-2].estimate, result.terms[-1].estimate

    def square(within, between):
        return np.linalg.inv(design.T @ np.linalg.solve(within * np.eye(len(alike)) + between * alike, design))[1, 1]

    inverse = np.linalg.inv(within * np.eye(len(alike)) + between * alike)
    project = inverse - inverse @ design @ np.linalg.inv(design.T @ inverse @ design) @ design.T @ inverse
    parts = (np.eye(len(alike)), alike)
    information = np.array([[np.trace(project @ one @ project @ other) / 2 for one in parts] for other in parts])
    step = 1e-5
    gradient = np.array(
        [
            square(within + step, between) - square(within - step, between),
            square(within, between + step) - square(within, between - step),
        ]
    ) / (2 * step)
    df = 2 * square(within, between) ** 2 / (gradient @ np.linalg.solve(information, gradient))
    assert result.df[0] == pytest.approx(df, rel=1e-6)
    assert (result.effect.value / result.statistic) ** 2 == pytest.approx(square(within, between), rel=1e-9)


def test_clusters_that_do_not_differ_have_no_variance_between_them_and_it_is_said():
    columns = clustered(spread=0.0, seed=5)
    y, cluster = np.array(columns["y"]), np.array(columns["c"])
    columns["y"] = list(y - np.array([y[cluster == own].mean() for own in cluster]))
    result = run(columns, "x")
    assert measured(result, "intraclass correlation") == 0
    assert any("estimated as none" in caveat for caveat in result.caveats)


def test_several_levels_are_tested_together_and_alone():
    result = run(clustered(m=15, levels="ABC"), "g")
    assert (result.statistic_name, result.df[0], result.effect.directed) == ("F", 2.0, False)
    assert [term.adjustment is None for term in result.terms] == [False, False, True, True]


def test_neither_the_order_of_rows_nor_a_shift_matters_and_scale_scales():
    columns = clustered()
    one = run(columns, "g", "x", levels=("A", "B"))
    order = np.random.default_rng(0).permutation(len(columns["y"]))
    moved = {name: [cells[place] for place in order] for name, cells in columns.items()}
    moved["y"] = [1e5 + 3 * value for value in moved["y"]]
    other = run(moved, "g", "x", levels=("A", "B"))
    assert other.statistic == pytest.approx(one.statistic, rel=1e-7)
    assert other.effect.low == pytest.approx(3 * one.effect.low, rel=1e-6)


def test_a_one_sided_alternative_has_an_open_end():
    columns = clustered()
    both, less = run(columns, "x"), run(columns, "x", alternative="less")
    assert less.effect.low is None
    assert less.p_value == pytest.approx(both.p_value / 2 if both.statistic < 0 else 1 - both.p_value / 2, rel=1e-9)


def test_no_effect_is_rejected_one_time_in_twenty():
    found = [run(clustered(seed=seed), "g").p_value <= 0.05 for seed in range(100, 250)]
    assert np.mean(found) == pytest.approx(0.05, abs=0.03)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"y": lambda columns, row: 1.0}, "same value in all"),
        ({"y": lambda columns, row: float(columns["c"][row][1:])}, "does not vary within clusters"),
        ({"g": lambda columns, row: "A"}, "same value in all"),
        ({"c": lambda columns, row: f"c{row % 5}"}, "5 clusters"),
        ({"c": lambda columns, row: f"c{row}"}, "no rows hang together"),
    ],
)
def test_degenerate_data_are_refused_with_a_sentence(change, match):
    columns = clustered()
    changed = {name: [cell(columns, row) for row in range(len(columns["y"]))] for name, cell in change.items()}
    with pytest.raises(NotApplicable, match=match):
        run({**columns, **changed}, "g")

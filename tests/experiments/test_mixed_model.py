"""The mixed model against closed forms of balanced data and statsmodels' fit; its certification holds it against whole matrices."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy import stats
from statsmodels.regression.mixed_linear_model import MixedLM

from kosmos_graph.experiments.method import NotApplicable
from tests.experiments.factories import make_dataset, make_design, run_method

FEW = "Few clusters inform the model, so the variances between them, p and the interval are only rough."


def clustered(m=12, levels="AB", seed=1, spread=1.0, bend=0.0):
    draw = np.random.default_rng(seed)
    cluster = np.repeat(np.arange(m), draw.integers(2, 14, m))
    group = np.array([levels[place % len(levels)] for place in range(m)])[cluster]
    x = draw.normal(size=m)[cluster] + draw.normal(size=cluster.size)
    y = 10 + spread * draw.normal(size=m)[cluster] + draw.normal(size=cluster.size) + bend * draw.normal(size=m)[cluster] * x
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
    assert result.caveats == (FEW,)


def test_levels_that_every_cluster_has_once_give_the_paired_test():
    draw = np.random.default_rng(4)
    one = 3 * draw.normal(size=12)
    a, b = one + draw.normal(size=12), one + draw.normal(size=12)
    columns = {"y": [*a, *b], "g": ["A"] * 12 + ["B"] * 12, "c": [f"c{place}" for place in range(12)] * 2}
    result = run(columns, "g", levels=("A", "B"))
    expected = stats.ttest_rel(a, b)
    assert (result.statistic, result.p_value) == pytest.approx((expected.statistic, expected.pvalue), rel=1e-8)
    assert result.df[0] == pytest.approx(11, rel=1e-8)
    assert result.caveats[0].startswith("g varies within clusters, but with so few rows")


def test_equal_clusters_whose_slopes_differ_give_students_test_of_the_clusters_slopes():
    draw = np.random.default_rng(6)
    x = np.linspace(-1, 1, 5)
    y = 3 * draw.normal(size=(9, 1)) + (0.5 + draw.normal(size=(9, 1))) * x + draw.normal(size=(9, 5)) / 2
    columns = {"y": list(y.ravel()), "x": list(np.tile(x, 9)), "c": [f"c{place // 5}" for place in range(45)]}
    result = run(columns, "x")
    own = y @ x / (x @ x)
    expected = stats.ttest_1samp(own, 0.0)
    left = y - y.mean(axis=1, keepdims=True) - own[:, np.newaxis] * x
    within = float(np.sum(left**2)) / 27
    assert (result.statistic, result.p_value) == pytest.approx((expected.statistic, expected.pvalue), rel=1e-9)
    assert result.df[0] == pytest.approx(8, rel=1e-9)
    terms = {term.name: term.estimate for term in result.terms}
    assert terms["variance of the slopes between clusters"] == pytest.approx(own.var(ddof=1) - within / (x @ x), rel=1e-9)
    assert terms["covariance of level and slope"] == pytest.approx(np.cov(own, y.mean(axis=1))[0, 1], rel=1e-9)


def test_several_levels_in_equal_clusters_give_the_f_of_levels_over_their_interaction_with_clusters():
    draw = np.random.default_rng(7)
    y = draw.normal(size=(8, 3, 4)) + 2 * draw.normal(size=(8, 3, 1)) + 2 * draw.normal(size=(8, 1, 1))
    columns = {"y": list(y.ravel()), "g": list("AAAABBBBCCCC") * 8, "c": [f"c{place // 12}" for place in range(96)]}
    result = run(columns, "g")
    cells = y.mean(axis=2)
    means = cells.mean(axis=0)
    left = cells - cells.mean(axis=1, keepdims=True) - means + cells.mean()
    f = 8 * float(np.sum((means - cells.mean()) ** 2)) / 2 / (float(np.sum(left**2)) / 14)
    assert (result.statistic, result.p_value) == pytest.approx((f, stats.f.sf(f, 2, 14)), rel=1e-9)
    assert result.df == pytest.approx((2, 14), rel=1e-9)


def test_unequal_clusters_give_the_fit_of_statsmodels():
    columns = clustered(bend=0.7)
    rows = np.column_stack([np.ones(len(columns["y"])), np.array(columns["g"]) == "A", columns["x"]]).astype(float)
    rows[:, 2] -= rows[:, 2].mean()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = MixedLM(np.array(columns["y"]), rows, groups=np.array(columns["c"]), exog_re=rows[:, [0, 2]])
        fit = model.fit(reml=True, gtol=1e-10)
    result = run(columns, "x", "g")
    assert result.effect.value == pytest.approx(fit.fe_params[2], rel=1e-5)
    level, slope, both, within = (term.estimate for term in result.terms[-4:])
    assert [level, slope, both] == pytest.approx(list(fit.cov_re[[0, 1, 0], [0, 1, 1]]), rel=1e-3)
    assert within == pytest.approx(fit.scale, rel=1e-4)


def test_whether_slopes_are_random_depends_on_the_columns_and_never_on_the_outcome():
    def named(columns, *predictors):
        return [term.name for term in run(columns, *predictors).terms]

    columns = clustered(bend=0.0)
    noise = {**columns, "y": list(np.random.default_rng(9).normal(size=len(columns["y"])))}
    slopes = ["variance between clusters at the mean", "variance of the slopes between clusters", "covariance of level and slope"]
    assert named(columns, "x") == named(noise, "x") == ["x", *slopes, "variance within clusters"]
    between = {**columns, "x": [float(int(one[1:]) ** 2 % 7) for one in columns["c"]]}
    assert named(between, "x") == ["x", "variance between clusters", "variance within clusters"]


def test_clusters_that_do_not_differ_have_no_variance_between_them_and_it_is_said():
    columns = clustered(spread=0.0, seed=5)
    y, cluster = np.array(columns["y"]), np.array(columns["c"])
    columns["y"] = list(y - np.array([y[cluster == own].mean() for own in cluster]))
    result = run(columns, "x")
    assert measured(result, "intraclass correlation") == 0
    assert any("estimated as none" in caveat for caveat in result.caveats)


def test_effects_that_go_together_with_levels_perfectly_are_told():
    result = run(clustered(bend=0.05, seed=4), "x")
    level, slope, both = (term.estimate for term in result.terms[1:4])
    assert both**2 == pytest.approx(level * slope, rel=1e-9)
    assert any("go together perfectly" in caveat for caveat in result.caveats)


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


@pytest.mark.parametrize(("predictor", "bend"), [("g", 0.0), ("x", 1.0)])
def test_no_effect_is_rejected_one_time_in_twenty(predictor, bend):
    found = [run(clustered(seed=seed, bend=bend), predictor).p_value <= 0.05 for seed in range(100, 220)]
    assert np.mean(found) == pytest.approx(0.05, abs=0.035)


def test_slopes_through_two_rows_are_refused():
    draw = np.random.default_rng(2)
    columns = {"y": list(draw.normal(size=40)), "x": list(draw.normal(size=40)), "c": [f"c{place // 2}" for place in range(40)]}
    with pytest.raises(NotApplicable, match="The clusters have too few rows"):
        run(columns, "x")


def test_an_effect_that_two_clusters_inform_is_refused():
    columns = clustered(m=20)
    columns["x"] = [x if one in ("c3", "c4") else 0.0 for x, one in zip(columns["x"], columns["c"], strict=True)]
    with pytest.raises(NotApplicable, match="Too few clusters inform the effect of x"):
        run(columns, "x")


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

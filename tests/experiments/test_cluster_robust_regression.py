"""Cluster-robust regression against dense matrices written out, and what it says where clusters are few."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import linalg, stats

from kosmos_graph.experiments.method import NotApplicable
from tests.experiments.factories import make_context, make_dataset, make_design, run_method


def clustered(m=12, n=6, levels="AB", seed=1, effect=0.0):
    draw = np.random.default_rng(seed)
    cluster = np.repeat(np.arange(m), draw.integers(2, 2 * n, m))
    group = np.array([levels[place % len(levels)] for place in range(m)])[cluster]
    x = draw.normal(size=m)[cluster] + draw.normal(size=cluster.size)
    y = 10 + draw.normal(size=m)[cluster] + draw.normal(size=cluster.size) + effect * (group == "A")
    return {"y": list(y), "x": list(x), "g": list(group), "c": [f"c{place}" for place in cluster]}


def run(columns, *predictors, context=None, **more):
    design = make_design("cluster_robust_regression", "y", predictors, cluster="c", **more)
    return run_method(make_dataset(columns), design, context)


def dense(columns, design):
    """Coefficients, CR2 covariance, and the n × p matrices P_i = (I − H)_i' A_i X_i (X'X)⁻¹."""
    y, cluster = np.array(columns["y"]), np.array(columns["c"])
    bread = np.linalg.inv(design.T @ design)
    annihilator = np.eye(len(y)) - design @ bread @ design.T
    residuals, meat, parts = annihilator @ y, 0.0, []
    for own in np.unique(cluster):
        rows = cluster == own
        root = np.real(linalg.sqrtm(np.linalg.pinv(annihilator[np.ix_(rows, rows)])))
        weighted = root @ design[rows] @ bread
        meat = meat + np.outer(weighted.T @ residuals[rows], weighted.T @ residuals[rows])
        parts.append(annihilator[rows].T @ weighted)
    return bread @ design.T @ y, meat, parts


def test_error_and_degrees_of_freedom_are_bell_and_mccaffreys():
    columns = clustered()
    design = np.column_stack([np.ones(len(columns["y"])), np.array(columns["g"]) == "A", columns["x"]])
    coefficients, covariance, parts = dense(columns, design)
    result = run(columns, "x", "g")
    vectors = np.column_stack([part[:, 2] for part in parts])
    products = vectors.T @ vectors
    assert result.effect.value == pytest.approx(coefficients[2], rel=1e-10)
    assert result.statistic == pytest.approx(coefficients[2] / np.sqrt(covariance[2, 2]), rel=1e-9)
    assert result.df[0] == pytest.approx(np.trace(products) ** 2 / np.sum(products**2), rel=1e-9)
    assert result.p_value == pytest.approx(2 * stats.t.sf(abs(result.statistic), result.df[0]), rel=1e-9)


def test_the_joint_test_is_the_approximate_hotelling_of_tipton_and_pustejovsky():
    columns = clustered(levels="ABC")
    group = np.array(columns["g"])
    design = np.column_stack([np.ones(group.size), group == "B", group == "C"]).astype(float)
    coefficients, covariance, parts = dense(columns, design)
    bread = np.linalg.inv(design.T @ design)[1:, 1:]
    root = np.linalg.inv(linalg.sqrtm(bread))
    turned = np.array([part[:, 1:] @ root for part in parts])
    crossed = np.einsum("ins,jnt->stij", turned, turned)
    total = sum(np.sum(crossed[s, s] * crossed[t, t]) + np.sum(crossed[s, t] * crossed[t, s]) for s in range(2) for t in range(2))
    eta = 6 / total
    wald = coefficients[1:] @ np.linalg.solve(covariance[1:, 1:], coefficients[1:])
    result = run(columns, "g")
    assert result.df == pytest.approx((2, eta - 1), rel=1e-8)
    assert result.statistic == pytest.approx((eta - 1) / (2 * eta) * wald, rel=1e-8)
    assert result.effect.directed is False


def test_equal_clusters_that_each_have_one_level_give_welchs_test_of_the_cluster_means():
    draw = np.random.default_rng(3)
    y = draw.normal(size=60) + np.repeat(draw.normal(size=10), 6)
    columns = {"y": list(y), "g": ["A"] * 24 + ["B"] * 36, "c": [f"c{place // 6}" for place in range(60)]}
    result = run(columns, "g", levels=("A", "B"))
    means = y.reshape(10, 6).mean(axis=1)
    expected = stats.ttest_ind(means[:4], means[4:], equal_var=False)
    assert result.statistic == pytest.approx(expected.statistic, rel=1e-9)
    assert result.effect.label == "A − B"


def test_clusters_of_one_row_have_the_errors_of_independent_rows():
    columns = clustered()
    columns["c"] = [f"r{place}" for place in range(len(columns["y"]))]
    result = run(columns, "x")
    x, y = np.array(columns["x"]), np.array(columns["y"])
    design = np.column_stack([np.ones(x.size), x])
    bread = np.linalg.inv(design.T @ design)
    leverage = np.sum(design @ bread * design, axis=1)
    residuals = y - design @ bread @ design.T @ y
    weighted = (bread @ design.T) * residuals / np.sqrt(1 - leverage)
    assert result.effect.value / result.statistic == pytest.approx(np.sqrt((weighted @ weighted.T)[1, 1]), rel=1e-10)


def test_neither_the_order_of_rows_nor_the_names_of_clusters_matter_and_scale_scales():
    columns = clustered()
    one = run(columns, "g", levels=("A", "B"))
    order = np.random.default_rng(0).permutation(len(columns["y"]))
    moved = {name: [cells[place] for place in order] for name, cells in columns.items()}
    moved["c"] = [f"z{name[::-1]}" for name in moved["c"]]
    moved["y"] = [1e6 + 3 * value for value in moved["y"]]
    other = run(moved, "g", levels=("A", "B"))
    assert other.statistic == pytest.approx(one.statistic, rel=1e-8)
    assert other.effect.low == pytest.approx(3 * one.effect.low, rel=1e-7)


def test_a_one_sided_alternative_has_half_the_p_and_an_open_end():
    columns = clustered(effect=2.0)
    both, greater = run(columns, "g", levels=("A", "B")), run(columns, "g", levels=("A", "B"), alternative="greater")
    assert greater.p_value == pytest.approx(both.p_value / 2, rel=1e-9)
    assert (greater.effect.high, both.effect.sign) == (None, 1)


def test_the_wild_bootstrap_stands_beside_where_clusters_are_few_and_depends_on_the_seed_alone():
    columns = clustered(effect=2.5)
    one, again = (run(columns, "g", context=make_context(seed=5)) for _ in range(2))
    (term,) = (term for term in one.terms if "bootstrap" in term.name)
    assert one == again
    assert term.p_value == pytest.approx(one.p_value, abs=0.03)
    assert not any("bootstrap" in term.name for term in run(clustered(m=40), "g").terms)


def test_no_effect_is_rejected_one_time_in_twenty_where_rows_of_a_cluster_are_alike(monkeypatch):
    """Errors of independent rows rejected 45 % here."""
    monkeypatch.setattr("kosmos_graph.experiments.clustered_errors.REPLICATES", 19)
    found = [run(clustered(m=10, seed=seed), "g").p_value <= 0.05 for seed in range(300)]
    assert np.mean(found) == pytest.approx(0.05, abs=0.03)


def test_one_cluster_that_decides_an_effect_is_refused():
    columns = clustered()
    columns["g"] = ["A" if name == "c0" else "B" for name in columns["c"]]
    with pytest.raises(NotApplicable, match="One cluster decides"):
        run(columns, "g")


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"y": lambda y: 1.0}, "same value in all"),
        ({"c": lambda c: "c0" if c < "c3" else "c1"}, "2 clusters"),
        ({"g": lambda g: "A"}, "same value in all"),
    ],
)
def test_degenerate_data_are_refused_with_a_sentence(change, match):
    columns = clustered()
    for name, cell in change.items():
        columns[name] = [cell(value) for value in columns[name]]
    with pytest.raises(NotApplicable, match=match):
        run(columns, "g")

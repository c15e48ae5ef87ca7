"""Differences in differences of two groups and two periods."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from kosmos_graph.domain.results import TestResult
from kosmos_graph.experiments.catalogue import get_method
from kosmos_graph.experiments.figures import draw_figure
from kosmos_graph.experiments.method import NotApplicable
from tests.experiments.factories import make_dataset, make_design, make_sample, run_method

TARGET = {"levels": ("treated", "control"), "interaction": True}


def panel(effect: float = 1.5, units: tuple[int, int] = (12, 20), seed: int = 1, shared: float = 2.0) -> dict[str, list]:
    """Two rows a unit, before and after; the treated change by `effect` more."""
    generator = np.random.default_rng(seed)
    columns: dict[str, list] = {"y": [], "g": [], "p": [], "u": []}
    for unit in range(sum(units)):
        own = shared * generator.normal()
        group = "treated" if unit < units[0] else "control"
        for period in ("before", "after"):
            moved = (1.0 + effect * (group == "treated")) * (period == "after")
            columns["y"].append(10 + own + moved + generator.normal())
            columns["g"].append(group)
            columns["p"].append(period)
            columns["u"].append(f"u{unit}")
    return columns


def found_in(columns: dict[str, list], orders=None, **options) -> TestResult:
    design = make_design("difference_in_differences", "y", ("g", "p"), **(TARGET | options))
    return run_method(make_dataset(columns, orders=orders), design)


def changes(columns: dict[str, list]) -> tuple[np.ndarray, np.ndarray]:
    y, g = np.array(columns["y"]).reshape(-1, 2), np.array(columns["g"])[::2]
    change = y[:, 1] - y[:, 0]
    return change[g == "treated"], change[g == "control"]


def test_of_units_seen_twice_it_is_the_t_of_their_changes():
    columns = panel()
    found, a_b = found_in(columns, cluster="u"), changes(columns)
    known = stats.ttest_ind(*a_b, equal_var=False)
    assert found.effect.value == pytest.approx(a_b[0].mean() - a_b[1].mean(), rel=1e-12)
    assert found.statistic == pytest.approx(known.statistic, rel=1e-10)
    assert found.p_value == pytest.approx(2 * stats.t.sf(abs(known.statistic), found.df[0]), rel=1e-10)
    assert found.effect.label == "treated − control, change from before to after"


def test_of_independent_rows_the_error_has_a_spread_for_each_cell():
    columns = panel()
    y, cells = np.array(columns["y"]), np.array([f"{g} {p}" for g, p in zip(columns["g"], columns["p"], strict=True)])
    parts = [y[cells == cell].var(ddof=1) / (cells == cell).sum() for cell in sorted(set(cells))]
    sizes = [(cells == cell).sum() for cell in sorted(set(cells))]
    found = found_in(columns)
    assert found.effect.value / found.statistic == pytest.approx(np.sqrt(sum(parts)), rel=1e-12)
    assert found.df[0] == pytest.approx(sum(parts) ** 2 / sum(v**2 / (n - 1) for v, n in zip(parts, sizes, strict=True)), rel=1e-12)
    assert any("named as clusters" in caveat for caveat in found.caveats)


def bias_reduced(matrix: np.ndarray, y: np.ndarray, clusters: np.ndarray) -> tuple[float, float]:
    """CR2 error of the last coefficient and its degrees of freedom (Bell and McCaffrey 2002), with whole matrices."""
    bread = np.linalg.inv(matrix.T @ matrix)
    hat = matrix @ bread @ matrix.T
    residuals = y - hat @ y
    left, scores, vectors = np.eye(len(y)) - hat, 0.0, []
    for cluster in np.unique(clusters):
        own = clusters == cluster
        values, directions = np.linalg.eigh(np.eye(own.sum()) - hat[np.ix_(own, own)])
        root = directions @ np.diag(values**-0.5) @ directions.T
        weights = root @ matrix[own] @ bread[:, -1]
        scores += (weights @ residuals[own]) ** 2
        vectors.append(left[:, own] @ weights)
    inner = np.array(vectors) @ np.array(vectors).T
    return np.sqrt(scores), np.trace(inner) ** 2 / np.sum(inner**2)


def test_clusters_of_any_shape_get_the_bias_reduced_error():
    generator = np.random.default_rng(4)
    n = 90
    g, p, cluster = generator.integers(0, 2, n), generator.integers(0, 2, n), generator.integers(0, 9, n)
    y = generator.normal(size=n) + 0.7 * generator.normal(size=9)[cluster] + g * p
    columns = {
        "y": list(y),
        "g": ["treated" if one else "control" for one in g],
        "p": ["after" if one else "before" for one in p],
        "u": [f"c{one}" for one in cluster],
    }
    matrix = np.column_stack([np.ones(n), g, p, g * p]).astype(float)
    error, df = bias_reduced(matrix, y, cluster)
    found = found_in(columns, cluster="u")
    assert found.effect.value == pytest.approx(sm.OLS(y, matrix).fit().params[-1], rel=1e-10)
    assert found.effect.value / found.statistic == pytest.approx(error, rel=1e-10)
    assert found.df[0] == pytest.approx(df, rel=1e-9)


def test_a_yes_no_outcome_is_a_difference_of_proportions():
    columns = panel()
    columns["y"] = ["yes" if value > 11 else "no" for value in columns["y"]]
    found = found_in(columns, cluster="u", success="yes")
    shares = {group.label: (group.n_success or 0) / group.n for group in found.groups}
    change = {g: shares[f"{g}, after"] - shares[f"{g}, before"] for g in ("treated", "control")}
    assert found.effect.value == pytest.approx(change["treated"] - change["control"], abs=1e-12)


@pytest.mark.parametrize(
    ("names", "orders", "earlier"),
    [
        (("2001", "1999"), {}, "1999"),
        (("10", "9"), {}, "9"),
        (("2020-03-01", "2020-01-15"), {}, "2020-01-15"),
        (("post", "pre"), {}, "pre"),
        (("baseline", "follow-up"), {}, "baseline"),
        (("spring", "autumn"), {"p": ["spring", "autumn"]}, "spring"),
    ],
)
def test_the_earlier_period_is_found_out(names, orders, earlier):
    columns = panel()
    columns["p"] = [names[0] if period == "before" else names[1] for period in columns["p"]]
    found = found_in(columns, orders=orders)
    later = next(name for name in names if name != earlier)
    assert found.effect.label.endswith(f"change from {earlier} to {later}")
    assert [group.label for group in found.groups][:2] == [f"treated, {later}", f"treated, {earlier}"]


def test_periods_may_be_numbers():
    columns = panel()
    columns["p"] = [1990 if period == "before" else 1994 for period in columns["p"]]
    assert found_in(columns, cluster="u").effect.label == "treated − control, change from 1990 to 1994"


def test_turning_groups_around_turns_the_sign():
    columns = panel()
    turned = found_in(columns, cluster="u", levels=("control", "treated"))
    assert turned.effect.value == pytest.approx(-found_in(columns, cluster="u").effect.value, rel=1e-12)


def test_row_order_units_and_offset_do_not_matter():
    columns = panel()
    order = np.random.default_rng(0).permutation(64)
    moved = {name: [cells[place] for place in order] for name, cells in columns.items()}
    moved["y"] = [1e3 * value + 1e6 for value in moved["y"]]
    here, there = found_in(columns, cluster="u"), found_in(moved, cluster="u")
    assert there.effect.value == pytest.approx(1e3 * here.effect.value, rel=1e-9)
    assert there.p_value == pytest.approx(here.p_value, rel=1e-7)


def test_equivalence_uses_delta():
    found = run_method(
        make_dataset(panel(effect=0.0, units=(60, 60))),
        make_design("difference_in_differences", "y", ("g", "p"), **TARGET, cluster="u", delta=2.0),
    )
    assert found.equivalence is not None
    assert found.equivalence.p_value < 0.001


@pytest.mark.parametrize(
    ("change", "options", "reason"),
    [
        ({"y": [5.0] * 64}, {}, "same value"),
        ({"y": [1.0, 2.0] * 32}, {}, "do not vary"),
        ({"p": ["before"] * 64}, {}, "has 1"),
        ({"p": ["north", "south"] * 32}, {}, "comes first is not clear"),
        ({"p": ["before"] * 24 + ["before", "after"] * 20}, {}, "treated in after has 0 complete rows"),
        ({"u": ["a"] * 24 + ["b"] * 40}, {"cluster": "u"}, "hang together in one cluster"),
        ({"p": ["1", "2", "3", "4"] * 16}, {}, "has 4"),
    ],
)
def test_samples_without_an_answer_are_refused(change, options, reason):
    with pytest.raises(NotApplicable, match=reason):
        found_in(panel() | change, **options)


def test_no_difference_is_rarely_found_with_few_units():
    """300 panels of 6 and 10 units, without a difference, at a nominal 5 %."""
    found = [found_in(panel(0.0, (6, 10), seed), cluster="u").p_value or 0 for seed in range(300)]
    assert np.mean(np.array(found) < 0.05) == pytest.approx(0.05, abs=0.03)


def test_a_figure_is_drawn():
    data, design = make_dataset(panel()), make_design("difference_in_differences", "y", ("g", "p"), **TARGET, cluster="u")
    png = draw_figure(get_method("difference_in_differences"), make_sample(data, design), design, run_method(data, design))
    assert png.startswith(b"\x89PNG")

"""Quantile regression and Huber's robust regression."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm
from matplotlib.figure import Figure
from scipy import optimize, stats

from kosmos_graph.domain.results import TestResult
from kosmos_graph.experiments.catalogue.quantile_regression import draw_robust, quantile_fit, robust_fit
from kosmos_graph.experiments.method import NotApplicable
from kosmos_graph.experiments.quantile_fit import bandwidth, check_loss
from kosmos_graph.experiments.robust_fit import NORMAL, TURN
from tests.experiments.factories import make_dataset, make_design, make_sample, run_method

QUANTILE, ROBUST = "quantile_regression", "robust_regression"


def study(n: int = 121, seed: int = 0, effect: float = 1.0) -> dict[str, Any]:
    random = np.random.default_rng(seed)
    x, w = random.normal(size=n), random.normal(size=n)
    arm, site = random.choice(["control", "treated"], n), random.choice(["east", "north", "west"], n)
    y = 10 + effect * x + 0.5 * w + effect * (arm == "treated") + random.standard_t(3, size=n)
    return {"y": y, "x": x, "w": w, "arm": list(arm), "site": list(site)}


def run(method: str, columns: dict[str, Any], predictors: tuple[str, ...], **options: Any) -> TestResult:
    return run_method(make_dataset(columns), make_design(method, "y", predictors, **options))


def treated(columns: dict[str, Any]) -> np.ndarray:
    return (np.array(columns["arm"]) == "treated").astype(float)


def design_of(columns: dict[str, Any]) -> np.ndarray:
    return np.column_stack([np.ones(len(columns["x"])), treated(columns), columns["x"], columns["w"]])


def test_the_engel_data_have_the_published_median_slope() -> None:
    """Koenker and Hallock 2001, J Econ Perspect 15(4):143: food expenditure on income, 0.5602 at the median."""
    engel = sm.datasets.engel.load_pandas().data
    found = run(QUANTILE, {"y": engel["foodexp"].to_numpy(), "x": engel["income"].to_numpy()}, ("x",))
    assert found.effect.value == pytest.approx(0.5601806, abs=5e-8)


@pytest.mark.parametrize("probability", [0.5, 0.8])
def test_no_plane_has_a_smaller_loss_and_its_errors_are_the_formulas(probability: float) -> None:
    data = study()
    options = {"levels": ("treated", "control"), "quantity": "quantile", "quantile": probability}
    found = run(QUANTILE, data, ("arm", "x"), covariates=("w",), **options)
    x, y = design_of(data), data["y"]

    def plane(tau: float) -> np.ndarray:
        n = len(y)
        costs = np.concatenate([np.zeros(4), np.full(n, tau), np.full(n, 1 - tau)])
        equal = np.hstack([x, np.eye(n), -np.eye(n)])
        return optimize.linprog(costs, A_eq=equal, b_eq=y, bounds=[(None, None)] * 4 + [(0, None)] * 2 * n).x[:4]

    assert found.effect.value == pytest.approx(plane(probability)[1], rel=1e-7)
    h = bandwidth(probability, 121, 0.05)
    apart = x @ (plane(probability + h) - plane(probability - h))
    density = 2 * h / np.maximum(apart, apart.mean() / 10)
    bread = np.linalg.inv((x * density[:, None]).T @ x)
    error = np.sqrt((probability * (1 - probability) * bread @ x.T @ x @ bread * 121 / 117)[1, 1])
    assert found.statistic == pytest.approx(found.effect.value / error, rel=1e-6)
    assert found.p_value == pytest.approx(2 * stats.t.sf(abs(found.statistic or 0), 117), rel=1e-9)


def test_without_covariates_it_is_the_difference_of_medians_also_of_an_even_number() -> None:
    data = study(60)
    own = treated(data) == 1
    found = run(QUANTILE, data, ("arm",), levels=("treated", "control"))
    expected = np.median(data["y"][own]) - np.median(data["y"][~own])
    assert (found.effect.name, found.effect.value) == ("difference of medians", pytest.approx(expected, rel=1e-9))
    data = make_dataset(study())
    design = make_design(QUANTILE, "y", ("x",))
    fit = quantile_fit(make_sample(data, design), design, 0.5)
    assert fit.loss == pytest.approx(check_loss(fit.residuals, 0.5))
    assert np.sum(np.abs(fit.residuals) < 1e-9) >= 2


def test_hubers_score_is_zero_and_its_errors_are_the_formulas() -> None:
    data = study()
    found = run(ROBUST, data, ("arm", "x"), covariates=("w",), levels=("treated", "control"))
    x, y = design_of(data), data["y"]
    loss = optimize.linprog(
        np.concatenate([np.zeros(4), np.ones(242)]),
        A_eq=np.hstack([x, np.eye(121), -np.eye(121)]),
        b_eq=y,
        bounds=[(None, None)] * 4 + [(0, None)] * 242,
    ).x[:4]
    scale = NORMAL * np.median(np.sort(np.abs(y - x @ loss))[4:])
    root = optimize.root(lambda beta: x.T @ np.clip((y - x @ beta) / scale, -TURN, TURN), loss, tol=1e-12)
    assert found.effect.value == pytest.approx(root.x[1], rel=1e-8)
    residuals = (y - x @ root.x) / scale
    inside = (np.abs(residuals) <= TURN).astype(float)
    inverse = np.linalg.inv(x.T @ (x * inside[:, None]))
    leverage = np.einsum("ij,jk,ik->i", x, inverse, x) * inside
    scores = x * (np.clip(residuals, -TURN, TURN) / (1 - leverage))[:, None] @ inverse * scale
    assert found.statistic == pytest.approx(found.effect.value / np.sqrt((scores.T @ scores)[1, 1]), rel=1e-7)
    measures = {one.name: one.value for one in found.measures}
    assert measures["share of rows that count less"] == pytest.approx(1 - inside.mean())


def test_a_gross_error_moves_least_squares_and_neither_of_these() -> None:
    data = study()
    wrong = {**data, "y": np.concatenate([[1e5], data["y"][1:]])}
    for method in (QUANTILE, ROBUST):
        here, there = run(method, data, ("x",)), run(method, wrong, ("x",))
        assert abs(here.effect.value - there.effect.value) < 0.1
    assert abs(run("linear_regression", wrong, ("x",)).effect.value) > 20


@pytest.mark.parametrize("method", [QUANTILE, ROBUST])
def test_a_nominal_focus_has_a_joint_test_and_a_slope_can_be_equivalent(method: str) -> None:
    data = study()
    joint = run(method, data, ("site", "x"))
    assert (joint.statistic_name, joint.df, joint.effect.directed) == ("F", (2.0, 117.0), False)
    near = run(method, data, ("w",), delta=5.0)
    assert near.equivalence is not None
    assert near.equivalence.p_value < 0.001
    assert near.caveats[-1] == "The smallest effect that matters is read as a change of y per one unit of w."


@pytest.mark.parametrize("method", [QUANTILE, ROBUST])
def test_units_order_and_levels_change_nothing_else(method: str) -> None:
    data = study(80)
    order = np.random.default_rng(1).permutation(80)
    moved = {name: [cells[place] for place in order] for name, cells in data.items()}
    moved["y"], moved["x"] = [100 * y - 7 for y in moved["y"]], [x / 10 + 3 for x in moved["x"]]
    here, there = run(method, data, ("x", "arm")), run(method, moved, ("x", "arm"))
    assert there.effect.value == pytest.approx(1000 * here.effect.value, rel=1e-7)
    assert there.p_value == pytest.approx(here.p_value, rel=1e-6)
    a, b = (run(method, data, ("arm",), levels=pair) for pair in (("treated", "control"), ("control", "treated")))
    assert (a.effect.value, a.p_value) == (pytest.approx(-b.effect.value), pytest.approx(b.p_value, rel=1e-6))


def test_values_that_are_mostly_equal_are_refused() -> None:
    y = [1.0] * 60 + list(np.random.default_rng(0).normal(size=20))
    data = {"y": y, "x": np.random.default_rng(1).normal(size=80)}
    with pytest.raises(NotApplicable, match="equal around that quantile"):
        run(QUANTILE, data, ("x",))
    steps = {"y": [1.0] * 40 + [2.0] * 40, "x": ["a"] * 40 + ["b"] * 40}
    with pytest.raises(NotApplicable, match="equal around that quantile"):
        run(QUANTILE, steps, ("x",))
    with pytest.raises(NotApplicable, match="lie on one line"):
        run(ROBUST, data, ("x",))


def test_few_in_a_hundred_are_significant_without_an_effect() -> None:
    found = [run(ROBUST, study(40, seed, effect=0.0), ("arm",)) for seed in range(100)]
    wrong = [one.p_value <= 0.05 for one in found]
    assert 1 <= sum(wrong) <= 12
    assert wrong == [not one.effect.low <= 0 <= one.effect.high for one in found]
    assert sum(run(QUANTILE, study(40, seed, effect=0.0), ("arm",)).p_value <= 0.05 for seed in range(40)) <= 6


def test_the_fits_are_reached_by_name() -> None:
    data, design = make_dataset(study()), make_design(ROBUST, "y", ("x",))
    fit = robust_fit(make_sample(data, design), design)
    assert fit.weights.max() == 1.0


def told_apart(method: str, rows: int, times: int) -> float:
    generator, groups = np.random.default_rng(rows), ["A"] * rows + ["B"] * (60 - rows)
    found = []
    for _ in range(times):
        try:
            found.append(run(method, {"y": generator.normal(size=60), "g": groups}, ("g",), levels=("A", "B")).p_value <= 0.05)
        except NotApplicable as refused:
            assert "near the line" in str(refused) or "single row" in str(refused)
    assert len(found) > times * 0.9
    return float(np.mean(found))


@pytest.mark.parametrize("method", [QUANTILE, ROBUST])
def test_a_level_of_two_or_three_rows_is_seldom_told_apart_where_there_is_nothing(method: str) -> None:
    """With the degrees of freedom of all 60 rows 16 and 7 % (robust: 19 and 13 %) were told apart at 5 %."""
    assert [told_apart(method, rows, 120) <= 0.05 for rows in (2, 3)] == [True, True]


@pytest.mark.parametrize("method", [QUANTILE, ROBUST])
def test_a_level_of_a_single_row_is_refused(method: str) -> None:
    data = {"y": np.random.default_rng(5).normal(size=60), "g": ["A"] + ["B"] * 59}
    with pytest.raises(NotApplicable, match="single row decides"):
        run(method, data, ("g",), levels=("A", "B"))


def level_of(rows: int, probability: float, *, seed: int = 3) -> TestResult:
    data = {"y": np.random.default_rng(seed).exponential(size=60), "g": ["A"] * rows + ["B"] * (60 - rows)}
    return run(QUANTILE, data, ("g",), levels=("A", "B"), quantity="quantile", quantile=probability)


@pytest.mark.parametrize(("rows", "probability"), [(3, 0.1), (8, 0.1), (9, 0.9), (3, 0.75)])
def test_a_level_with_no_row_beyond_the_quantile_is_refused(rows: int, probability: float) -> None:
    sentence = f"has too few rows for the {100 * probability:g} % quantile: not one is expected beyond it"
    with pytest.raises(NotApplicable, match=sentence):
        level_of(rows, probability)


def test_a_number_without_a_row_beyond_the_quantile_is_refused() -> None:
    with pytest.raises(NotApplicable, match="There are too few rows for the 1 % quantile"):
        run(QUANTILE, study(60), ("x",), quantity="quantile", quantile=0.01)


@pytest.mark.parametrize(
    ("rows", "probability", "wrong"),
    [
        (10, 0.1, "a third"),
        (30, 0.9, "a third"),
        (17, 0.75, "a third"),
        (18, 0.75, "10 %"),
        (12, 0.5, "a third"),
        (13, 0.5, "10 %"),
    ],
)
def test_how_many_are_wrong_is_said_by_the_rows_near_the_quantile(rows: int, probability: float, wrong: str) -> None:
    said = [caveat for caveat in level_of(rows, probability).caveats if "wrong at 5 %" in caveat]
    assert len(said) == 1
    assert said[0].endswith(f"up to {wrong} are wrong at 5 %.")


@pytest.mark.parametrize(("rows", "wrong"), [(6, ["a third"]), (20, ["10 %"]), (60, [])])
def test_a_small_level_among_many_rows_has_the_caveat_of_its_own_rows(rows: int, wrong: list[str]) -> None:
    """Of levels of 6 rows among 200, 25 % had another median at 5 % where there is nothing."""
    data = {"y": np.random.default_rng(4).normal(size=200), "g": ["A"] * rows + ["B"] * (200 - rows)}
    said = [caveat for caveat in run(QUANTILE, data, ("g",), levels=("A", "B")).caveats if "wrong at 5 %" in caveat]
    assert [one.rsplit("up to ", 1)[1] for one in said] == [f"{share} are wrong at 5 %." for share in wrong]


@pytest.mark.parametrize(("probability", "label"), [(0.5, "median with quartiles"), (0.9, "90 % quantile")])
def test_the_figure_shows_the_quantiles_whose_difference_is_the_effect(probability: float, label: str) -> None:
    data = make_dataset(study())
    asked = {"levels": ("treated", "control"), "quantity": "quantile", "quantile": probability}
    design = make_design(QUANTILE, "y", ("arm",), **asked)
    found, axes = run_method(data, design), Figure().add_subplot()
    draw_robust(axes, make_sample(data, design), design, found)
    reference, level = (bar.lines[0].get_ydata()[0] for bar in axes.containers)
    assert level - reference == pytest.approx(found.effect.value, rel=1e-9)
    assert label in axes.get_xlabel()

"""Groups weighted by the inverse of their propensity scores."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import optimize

from kosmos_graph.domain.results import TestResult
from kosmos_graph.experiments.catalogue import get_method
from kosmos_graph.experiments.figures import draw_figure
from kosmos_graph.experiments.method import NotApplicable
from tests.experiments.factories import make_dataset, make_design, make_sample, run_method


def confounded(n: int = 200, seed: int = 1, effect: float = 1.0, strength: float = 0.8) -> dict[str, list]:
    """Older rows are treated more often and have larger outcomes; treatment adds `effect`."""
    generator = np.random.default_rng(seed)
    age, site = generator.normal(50, 10, n), generator.choice(["north", "south"], n)
    chance = 1 / (1 + np.exp(-strength * (age - 50) / 10 - 0.3 * (site == "north")))
    treated = generator.random(n) < chance
    y = 0.1 * age + 0.5 * (site == "north") + effect * treated + generator.normal(size=n)
    return {"y": list(y), "g": ["drug" if one else "none" for one in treated], "age": list(age), "site": list(site)}


def found_in(columns: dict[str, list], covariates=("age", "site"), **options) -> TestResult:
    design = make_design(
        "inverse_probability_weighting", "y", ("g",), **({"levels": ("drug", "none")} | options), covariates=covariates
    )
    return run_method(make_dataset(columns), design)


def written_out(columns: dict[str, list]) -> tuple[float, np.ndarray]:
    """The difference and its influence, by numerical derivatives of the stacked estimating equations."""
    y, d = np.array(columns["y"]), np.array(columns["g"]) == "drug"
    x = np.column_stack([np.ones(len(y)), (np.array(columns["age"]) - 50) / 10, np.array(columns["site"]) == "north"])
    score = sm.Logit(d.astype(float), x).fit(disp=0, tol=1e-14, method="newton").params

    def equations(parameters: np.ndarray) -> np.ndarray:
        p = 1 / (1 + np.exp(-x @ parameters[:3]))
        return np.column_stack([x * (d - p)[:, None], d / p * (y - parameters[3]), (~d) / (1 - p) * (y - parameters[4])])

    start = np.array([*score, y[d].mean(), y[~d].mean()])
    solution = optimize.root(lambda one: equations(one).mean(axis=0), start, tol=1e-13).x
    steps = 1e-5 * np.eye(5)
    bread = np.array(
        [(equations(solution + step).mean(axis=0) - equations(solution - step).mean(axis=0)) / 2e-5 for step in steps]
    ).T
    influence = -np.linalg.solve(bread, equations(solution).T).T
    return solution[3] - solution[4], influence[:, 3] - influence[:, 4]


def test_the_difference_solves_the_estimating_equations():
    columns = confounded()
    assert found_in(columns).effect.value == pytest.approx(written_out(columns)[0], rel=1e-8)


def test_the_error_of_many_rows_is_the_sandwich_of_the_stacked_equations():
    columns = confounded(4000)
    found = found_in(columns)
    error = found.effect.value / (found.statistic or 1)
    assert error == pytest.approx(np.linalg.norm(written_out(columns)[1]) / 4000, rel=5e-3)


def test_the_error_of_few_rows_is_that_of_leaving_each_out():
    columns = confounded(60)
    whole = found_in(columns)
    without = [
        found_in({name: cells[:row] + cells[row + 1 :] for name, cells in columns.items()}).effect.value for row in range(60)
    ]
    jackknife = np.sqrt(59 / 60 * np.sum((np.array(without) - np.mean(without)) ** 2))
    assert whole.effect.value / (whole.statistic or 1) == pytest.approx(jackknife, rel=0.05)


def test_weighting_takes_confounding_away():
    found = found_in(confounded(3000, effect=1.0))
    naive = next(term.estimate for term in found.terms if term.name == "difference of means without weights")
    assert naive > 1.4
    assert found.effect.value == pytest.approx(1.0, abs=0.12)
    balance = {term.name: term.estimate for term in found.terms if term.name.startswith("standardised difference")}
    assert balance["standardised difference of age, before weighting"] > 0.5
    assert abs(balance["standardised difference of age, after weighting"]) < 0.1


def test_the_balance_before_is_the_textbook_formula():
    columns = confounded()
    age, d = np.array(columns["age"]), np.array(columns["g"]) == "drug"
    known = (age[d].mean() - age[~d].mean()) / np.sqrt((age[d].var(ddof=1) + age[~d].var(ddof=1)) / 2)
    found = {term.name: term.estimate for term in found_in(columns).terms}
    assert found["standardised difference of age, before weighting"] == pytest.approx(known, rel=1e-12)


def test_a_yes_no_outcome_is_a_difference_of_proportions():
    columns = confounded()
    columns["y"] = ["yes" if value > 5.5 else "no" for value in columns["y"]]
    found = found_in(columns, success="yes")
    assert found.effect.name == "weighted difference of proportions"
    assert found.effect.value == pytest.approx(
        written_out(columns | {"y": [float(value == "yes") for value in columns["y"]]})[0], rel=1e-8
    )


def test_turning_the_groups_around_turns_the_sign_and_row_order_does_not_matter():
    columns = confounded()
    order = np.random.default_rng(0).permutation(200)
    moved = {name: [cells[place] for place in order] for name, cells in columns.items()}
    here = found_in(columns)
    turned = found_in(moved, levels=("none", "drug"))
    assert turned.effect.value == pytest.approx(-here.effect.value, rel=1e-9)
    assert turned.p_value == pytest.approx(here.p_value, rel=1e-6)


def test_few_rows_that_carry_the_result_are_a_caveat():
    found = found_in(confounded(150, seed=3, strength=2.5))
    assert any("effective rows" in caveat or "ten times the weight" in caveat for caveat in found.caveats)
    assert any("no unmeasured confounding" in caveat for caveat in found.caveats)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"y": [2.0] * 200}, "same value"),
        ({"age": [4.0] * 200}, "same value"),
        ({"g": ["drug"] * 5 + ["none"] * 195}, "smaller group has 5"),
        ({"age": list(np.arange(200.0)), "g": ["none"] * 100 + ["drug"] * 100}, "no overlap"),
    ],
)
def test_samples_without_an_answer_are_refused(change, reason):
    with pytest.raises(NotApplicable, match=reason):
        found_in(confounded() | change)


def test_the_interval_covers_about_as_often_as_it_says():
    found = [found_in(confounded(150, seed, strength=0.5)).effect for seed in range(100)]
    assert np.mean([(one.low or 0) <= 1.0 <= (one.high or 0) for one in found]) == pytest.approx(0.95, abs=0.05)


def test_a_figure_shows_the_balance():
    data = make_dataset(confounded())
    design = make_design("inverse_probability_weighting", "y", ("g",), levels=("drug", "none"), covariates=("age", "site"))
    png = draw_figure(get_method(design.method), make_sample(data, design), design, run_method(data, design))
    assert png.startswith(b"\x89PNG")

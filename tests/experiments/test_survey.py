"""Weighted means, differences and regressions of a survey."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from kosmos_graph.domain.data_card import Kind
from kosmos_graph.domain.hypothesis import Target
from kosmos_graph.domain.results import TestResult
from kosmos_graph.domain.study_sheet import StudySheet
from kosmos_graph.experiments.applicability import applicable_methods
from kosmos_graph.experiments.catalogue import get_method
from kosmos_graph.experiments.catalogue.survey_design import SurveyDesign
from kosmos_graph.experiments.figures import draw_figure
from kosmos_graph.experiments.method import NotApplicable
from tests.experiments.factories import make_dataset, make_design, make_sample, run_method

PARTS = {"weight": "w", "stratum": "s", "cluster": "c"}


def survey(seed: int = 1, clusters: int = 8, size: int = 6, difference: float = 1.0) -> dict[str, list]:
    """Three strata of `clusters` clusters each, whose rows are alike; weights differ between and within strata."""
    generator = np.random.default_rng(seed)
    columns: dict[str, list] = {name: [] for name in ("y", "g", "x", "s", "c", "w")}
    for stratum in range(3):
        for cluster in range(clusters):
            own = generator.normal()
            for _ in range(size):
                x, group = generator.normal(), generator.random() < 0.5
                columns["x"].append(x)
                columns["g"].append("urban" if group else "rural")
                columns["y"].append(20 + 2 * stratum + own + 0.8 * x + difference * group + generator.normal())
                columns["s"].append(f"s{stratum}")
                columns["c"].append(f"c{cluster}")
                columns["w"].append((1 + stratum) * generator.uniform(50, 150))
    return columns


def found_in(columns: dict[str, list], method: str, predictors: tuple[str, ...] = (), **options) -> TestResult:
    return run_method(make_dataset(columns), make_design(method, "y", predictors, **(PARTS | options)))


def linearised(columns: dict[str, list], scores: np.ndarray) -> float:
    """Standard error of the total of scores, a unit and a stratum at a time."""
    strata, clusters = np.array(columns["s"]), np.array(columns["c"])
    total = 0.0
    for stratum in np.unique(strata):
        units = [scores[(strata == stratum) & (clusters == cluster)].sum() for cluster in np.unique(clusters[strata == stratum])]
        total += len(units) / (len(units) - 1) * np.sum((np.array(units) - np.mean(units)) ** 2)
    return float(np.sqrt(total))


def test_the_difference_and_its_error_are_the_textbook_formulas():
    columns = survey()
    y, w, a = np.array(columns["y"]), np.array(columns["w"]), np.array(columns["g"]) == "urban"
    means = [np.average(y[rows], weights=w[rows]) for rows in (a, ~a)]
    scores = a * w * (y - means[0]) / w[a].sum() - ~a * w * (y - means[1]) / w[~a].sum()
    found = found_in(columns, "survey_mean_difference", ("g",), levels=("urban", "rural"))
    error = linearised(columns, scores)
    assert found.effect.value == pytest.approx(means[0] - means[1], rel=1e-12)
    assert found.statistic == pytest.approx((means[0] - means[1]) / error, rel=1e-10)
    assert found.df == (21.0,)
    assert found.p_value == pytest.approx(2 * stats.t.sf(abs(found.statistic), 21), rel=1e-9)
    assert found.effect.low == pytest.approx(means[0] - means[1] - stats.t.ppf(0.975, 21) * error, rel=1e-9)


def test_the_regression_is_weighted_least_squares_with_linearised_errors():
    columns = survey()
    y, w = np.array(columns["y"]), np.array(columns["w"])
    matrix = np.column_stack([np.ones(len(y)), np.array(columns["g"]) == "urban", columns["x"]])
    fit = sm.WLS(y, matrix, weights=w).fit()
    scores = (np.linalg.inv(matrix.T @ (matrix * w[:, None])) @ (matrix * (w * (y - matrix @ fit.params))[:, None]).T).T
    found = found_in(columns, "survey_regression", ("x",), covariates=("g",))
    assert found.effect.value == pytest.approx(fit.params[2], rel=1e-10)
    assert found.effect.value / (found.statistic or 1) == pytest.approx(linearised(columns, scores[:, 2]), rel=1e-9)
    assert found.df == (19.0,)


def test_the_estimate_is_a_ratio_with_a_linearised_error():
    columns = survey()
    y, w = np.array(columns["y"]), np.array(columns["w"])
    mean = np.average(y, weights=w)
    found = found_in(columns, "survey_estimate", quantity="mean")
    assert found.effect.value == pytest.approx(mean, rel=1e-12)
    half = stats.t.ppf(0.975, 21) * linearised(columns, w * (y - mean) / w.sum())
    assert (found.effect.low, found.effect.high) == pytest.approx((mean - half, mean + half), rel=1e-10)
    assert found.p_value is None


def test_a_proportion_has_the_interval_of_its_logit():
    columns = survey()
    columns["y"] = ["yes" if value > 24 else "no" for value in columns["y"]]
    y, w = np.array(columns["y"]) == "yes", np.array(columns["w"])
    share = np.average(y, weights=w)
    error = linearised(columns, w * (y - share) / w.sum()) / (share * (1 - share))
    logit = np.log(share / (1 - share))
    ends = [1 / (1 + np.exp(-(logit + sign * stats.t.ppf(0.975, 21) * error))) for sign in (-1, 1)]
    found = found_in(columns, "survey_estimate", quantity="proportion", success="yes")
    assert (found.effect.value, found.effect.low, found.effect.high) == pytest.approx((share, *ends), rel=1e-9)


def test_estimates_by_group_are_those_of_its_rows_with_the_whole_design():
    columns = survey()
    y, w, a = np.array(columns["y"]), np.array(columns["w"]), np.array(columns["g"]) == "urban"
    mean = np.average(y[a], weights=w[a])
    term = next(term for term in found_in(columns, "survey_estimate", ("g",), quantity="mean").terms if term.name == "urban")
    half = stats.t.ppf(0.975, 21) * linearised(columns, a * w * (y - mean) / w[a].sum())
    assert (term.estimate, term.low, term.n) == pytest.approx((mean, mean - half, a.sum()), rel=1e-10)


def test_equal_weights_without_clusters_are_a_simple_sample():
    columns = survey() | {"w": [3.0] * 144}
    y = np.array(columns["y"])
    found = run_method(make_dataset(columns), make_design("survey_estimate", "y", quantity="mean", weight="w"))
    ends = stats.t.interval(0.95, 143, y.mean(), y.std(ddof=1) / 12)
    assert (found.effect.low, found.effect.high) == pytest.approx(ends, rel=1e-10)
    assert next(one.value for one in found.measures if one.name == "design effect") == pytest.approx(1.0, rel=1e-10)


@pytest.mark.parametrize("method", ["survey_mean_difference", "survey_regression"])
def test_the_scale_of_weights_units_and_the_order_of_rows_do_not_matter(method):
    columns = survey()
    order = np.random.default_rng(0).permutation(144)
    moved = {name: [cells[place] for place in order] for name, cells in columns.items()}
    moved["w"] = [value * 1e4 for value in moved["w"]]
    moved["y"] = [value * 100 - 7 for value in moved["y"]]
    options = {"levels": ("urban", "rural")}
    here, there = (found_in(one, method, ("g",), **options) for one in (columns, moved))
    assert there.effect.value == pytest.approx(100 * here.effect.value, rel=1e-9)
    assert there.p_value == pytest.approx(here.p_value, rel=1e-8)


def test_a_stratum_with_one_unit_is_held_against_the_mean_of_all_and_told():
    columns = survey(clusters=4)
    rows = [place for place in range(72) if columns["s"][place] != "s2" or columns["c"][place] == "c0"]
    columns = {name: [cells[place] for place in rows] for name, cells in columns.items()}
    y, w = np.array(columns["y"]), np.array(columns["w"])
    scores = w * (y - np.average(y, weights=w)) / w.sum()
    strata, units = np.array(columns["s"]), np.array(columns["c"])
    totals = {(s, c): scores[(strata == s) & (units == c)].sum() for s in np.unique(strata) for c in np.unique(units[strata == s])}
    centre = np.mean(list(totals.values()))
    inside = [[value for (one, _), value in totals.items() if one == s] for s in ("s0", "s1")]
    variance = sum(4 / 3 * np.sum((np.array(values) - np.mean(values)) ** 2) for values in inside)
    variance += (totals["s2", "c0"] - centre) ** 2
    found = found_in(columns, "survey_estimate", quantity="mean")
    half = stats.t.ppf(0.975, 6) * np.sqrt(variance)
    assert found.effect.high == pytest.approx(np.average(y, weights=w) + half, rel=1e-9)
    assert any("single primary sampling unit" in caveat for caveat in found.caveats)


def test_a_predictor_with_several_levels_is_tested_jointly():
    columns = survey()
    columns["g"] = [f"r{place % 3}" for place in range(144)]
    found = found_in(columns, "survey_regression", ("g",))
    assert (found.statistic_name, found.df) == ("F", (2.0, 19.0))
    assert not found.effect.directed


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"w": [-1.0] * 144}, "negative"),
        ({"w": [0.0] * 144}, "are 0"),
        ({"y": [4.0] * 144}, "do not vary"),
        ({"s": ["one"] * 144, "c": ["one"] * 144}, "nothing to judge the error by"),
        ({"s": [f"s{place}" for place in range(144)]}, "nothing to judge the error by"),
    ],
)
def test_samples_without_an_answer_are_refused(change, reason):
    with pytest.raises(NotApplicable, match=reason):
        found_in(survey() | change, "survey_mean_difference", ("g",), levels=("urban", "rural"))


def test_an_outcome_that_is_constant_is_refused_and_a_group_where_it_is_has_no_interval():
    with pytest.raises(NotApplicable, match="y do not vary"):
        found_in(survey() | {"y": [4.0] * 144}, "survey_estimate", quantity="mean")
    columns = survey()
    columns["y"] = [4.0 if g == "rural" else y for y, g in zip(columns["y"], columns["g"], strict=True)]
    found = found_in(columns, "survey_estimate", ("g",), quantity="mean")
    assert [term.name for term in found.terms if term.low is None] == ["rural"]
    assert any("No interval can be given" in caveat and caveat.endswith("rural.") for caveat in found.caveats)


def test_a_group_that_weights_leave_few_rows_is_a_caveat():
    columns = survey()
    heavy = {"w": [weight * (50 if place % 40 == 0 else 1) for place, weight in enumerate(columns["w"])]}
    found = [found_in(columns | change, "survey_mean_difference", ("g",), levels=("urban", "rural")) for change in ({}, heavy)]
    assert [any("too hopeful" in caveat for caveat in one.caveats) for one in found] == [False, True]


def test_weights_make_the_survey_methods_the_usual_choice():
    card = make_dataset(survey(), kinds={"s": Kind.NOMINAL, "c": Kind.NOMINAL}).card
    sheet = StudySheet(design="survey")
    asked = {
        "survey_mean_difference": ("compare", "effect", ("g",)),
        "survey_regression": ("associate", "effect", ("x",)),
        "survey_estimate": ("estimate", "estimate", ()),
    }
    for method, (task, expects, predictors) in asked.items():
        target = Target(
            dataset="data.csv", outcome="y", predictors=predictors, quantity="mean" if task == "estimate" else None, **PARTS
        )
        choices = applicable_methods(card, sheet, task, expects, target)
        assert choices[0].method == method
        assert choices[0].preferred


def test_a_difference_that_is_not_there_is_rarely_found():
    """120 surveys of 24 clusters whose rows are alike, at a nominal 5 %."""
    found = [
        found_in(survey(seed, difference=0.0), "survey_mean_difference", ("g",), levels=("urban", "rural")).p_value or 0
        for seed in range(120)
    ]
    assert np.mean(np.array(found) < 0.05) == pytest.approx(0.05, abs=0.05)


FIGURES = [
    ("survey_mean_difference", ("g",), {"levels": ("urban", "rural")}),
    ("survey_regression", ("x",), {"covariates": ("g",)}),
    ("survey_regression", ("g",), {}),
    ("survey_estimate", (), {"quantity": "mean"}),
    ("survey_estimate", ("g",), {"quantity": "mean"}),
]


@pytest.mark.parametrize(("method", "predictors", "options"), FIGURES)
def test_figures_are_drawn(method, predictors, options):
    data, design = make_dataset(survey()), make_design(method, "y", predictors, **PARTS, **options)
    png = draw_figure(get_method(method), make_sample(data, design), design, run_method(data, design))
    assert png.startswith(b"\x89PNG")


def in_units(generator: np.random.Generator, having: int, units: int, size: int) -> dict[str, list]:
    """A group that the first `having` of the units make up, and no difference but that between units."""
    unit = np.repeat(np.arange(units), size)
    y = (0.0 if size == 1 else 1.0) * generator.normal(size=units)[unit] + generator.normal(size=unit.size)
    named = {"g": ["a" if one < having else "b" for one in unit], "c": [f"c{one}" for one in unit], "s": ["s"] * unit.size}
    return {"y": y.tolist(), "w": generator.uniform(1, 3, unit.size).tolist(), **named}


@pytest.mark.parametrize("method", ["survey_mean_difference", "survey_regression"])
@pytest.mark.parametrize(("having", "units", "size"), [(2, 14, 8), (3, 14, 8), (2, 60, 1), (3, 60, 1)])
def test_a_level_in_few_units_is_seldom_told_apart_where_there_is_nothing(method, having, units, size):
    """With units less strata as degrees of freedom 23 and 11 % were told apart in units, 36 and 24 % in rows."""
    generator = np.random.default_rng(8)
    found = [found_in(in_units(generator, having, units, size), method, ("g",), levels=("a", "b")) for _ in range(100)]
    assert np.mean([one.p_value <= 0.05 for one in found]) <= 0.08
    assert all(any(f"a is found in {having} sampling units" in caveat for caveat in one.caveats) for one in found)


@pytest.mark.parametrize("method", ["survey_mean_difference", "survey_regression"])
@pytest.mark.parametrize(("units", "size"), [(14, 8), (60, 1)])
def test_a_level_in_a_single_unit_is_refused(method, units, size):
    with pytest.raises(NotApplicable, match=r"A single sampling unit decides the (mean|effect) of a"):
        found_in(in_units(np.random.default_rng(9), 1, units, size), method, ("g",), levels=("a", "b"))


def test_degrees_of_freedom_of_a_level_are_those_of_the_matrices():
    generator = np.random.default_rng(10)
    unit, stratum = np.sort(np.arange(80) % 12), np.arange(12) // 4
    weights = generator.uniform(0.5, 2, 80)
    drawn = SurveyDesign(weights / weights.mean(), unit, stratum)
    columns = np.column_stack([np.ones(80), generator.normal(size=80), unit < 2])
    solver = np.linalg.pinv(columns * np.sqrt(weights)[:, np.newaxis]) * np.sqrt(weights)
    totals = (unit == np.arange(12)[:, np.newaxis]) * solver[-1]
    centring = np.sqrt(4 / 3) * (np.eye(12) - (stratum[:, np.newaxis] == stratum) / 4)
    root = centring @ totals @ (np.eye(80) - columns @ solver)
    spread = root @ root.T
    expected = np.trace(spread) ** 2 / np.trace(spread @ spread)
    assert drawn.satterthwaite_df(columns, solver, solver[-1]) == pytest.approx(expected, rel=1e-10)

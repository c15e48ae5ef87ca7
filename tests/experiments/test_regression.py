"""Linear regression and analysis of covariance."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.diagnostic import het_breuschpagan
from statsmodels.stats.outliers_influence import variance_inflation_factor

from kosmos_graph.data.dataset import Dataset
from kosmos_graph.domain.results import TestResult
from kosmos_graph.experiments.least_squares import satterthwaite_df
from kosmos_graph.experiments.method import NotApplicable
from tests.experiments.factories import make_dataset, make_design, run_method

LONGLEY = """60323 83.0 234289 2356 1590 107608 1947
61122 88.5 259426 2325 1456 108632 1948
60171 88.2 258054 3682 1616 109773 1949
61187 89.5 284599 3351 1650 110929 1950
63221 96.2 328975 2099 3099 112075 1951
63639 98.1 346999 1932 3594 113270 1952
64989 99.0 365385 1870 3547 115094 1953
63761 100.0 363112 3578 3350 116219 1954
66019 101.2 397469 2904 3048 117388 1955
67857 104.6 419180 2822 2857 118734 1956
68169 108.4 442769 2936 2798 120445 1957
66513 110.8 444546 4681 2637 121950 1958
68655 112.6 482704 3813 2552 123366 1959
69564 114.2 502601 3931 2514 125368 1960
69331 115.7 518173 4806 2572 127852 1961
70551 116.9 554894 4007 2827 130081 1962"""
LONGLEY_CERTIFIED = {
    "x1": 15.0618722713733,
    "x2": -0.358191792925910e-01,
    "x3": -2.02022980381683,
    "x4": -1.03322686717359,
    "x5": -0.511041056535807e-01,
    "x6": 1829.15146461355,
    "intercept": -3482258.63459582,
}
WAMPLER4 = [75901, -204794, 204863, -204436, 253665, -200894, 214131, -185192, 221249, -138370, 315911]
WAMPLER4 += [-27644, 455253, 197434, 783995, 608816, 1370781, 1303798, 2205519, 2408860, 3444321]


def study(n: int = 90, seed: int = 0) -> dict[str, Any]:
    random = np.random.default_rng(seed)
    x, w = random.normal(size=n), random.normal(size=n)
    arm, site = random.choice(["control", "treated"], n), random.choice(["east", "north", "west"], n)
    noise = random.normal(size=n) * (1 + np.abs(x))
    y = 3 + 2 * x - 0.5 * w + 1.5 * (arm == "treated") + 0.8 * (site == "north") + noise
    return {"y": y, "x": x + 0.3 * w, "w": w, "arm": list(arm), "site": list(site)}


def dummies(values: list[str], levels: list[str]) -> np.ndarray:
    return np.column_stack([np.array(values) == level for level in levels]).astype(float)


def regress(columns: dict[str, Any], predictors: tuple[str, ...], **options: Any) -> TestResult:
    return run_method(make_dataset(columns), make_design("linear_regression", "y", predictors, **options))


def reference_fit(columns: dict[str, Any], *parts: np.ndarray) -> Any:
    return sm.OLS(columns["y"], sm.add_constant(np.column_stack(parts))).fit(cov_type="HC3", use_t=True)


@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
def test_a_slope_agrees_with_statsmodels_hc3(alternative: str) -> None:
    data = study()
    found = regress(data, ("x", "w"), covariates=("site",), alternative=alternative)
    fit = reference_fit(data, data["x"], data["w"], dummies(data["site"], ["north", "west"]))
    assert found.effect.value == pytest.approx(fit.params[1], rel=1e-9)
    assert found.statistic == pytest.approx(fit.tvalues[1], rel=1e-9)
    tails = {"two-sided": fit.pvalues[1], "greater": stats.t.sf(fit.tvalues[1], 85), "less": stats.t.cdf(fit.tvalues[1], 85)}
    assert found.p_value == pytest.approx(tails[alternative], rel=1e-9)
    assert found.df == (85.0,)


def test_intervals_and_terms_agree_with_statsmodels() -> None:
    data = study()
    found = regress(data, ("x",), covariates=("w", "site"))
    fit = reference_fit(data, data["x"], data["w"], dummies(data["site"], ["north", "west"]))
    assert (found.effect.low, found.effect.high) == pytest.approx(tuple(fit.conf_int()[1]), rel=1e-9)
    order = [1, 2, 3, 4, 0]
    assert [term.name for term in found.terms] == ["x", "w", "site: north − east", "site: west − east", "intercept"]
    assert [term.estimate for term in found.terms] == pytest.approx(fit.params[order], rel=1e-9)
    assert [term.p_value for term in found.terms] == pytest.approx(fit.pvalues[order], rel=1e-9)
    assert [term.low for term in found.terms] == pytest.approx(fit.conf_int()[order, 0], rel=1e-9)


def test_a_binary_focus_is_an_adjusted_difference() -> None:
    data = study()
    found = regress(data, ("arm", "x"), levels=("treated", "control"), delta=2.0)
    fit = reference_fit(data, dummies(data["arm"], ["treated"]), data["x"])
    assert found.effect.label == "treated − control"
    assert (found.effect.value, found.p_value) == pytest.approx((fit.params[1], fit.pvalues[1]), rel=1e-9)
    assert [group.label for group in found.groups] == ["treated", "control"]
    error = fit.bse[1]
    expected = max(stats.t.sf((fit.params[1] + 2) / error, 87), stats.t.cdf((fit.params[1] - 2) / error, 87))
    assert found.equivalence is not None
    assert found.equivalence.p_value == pytest.approx(expected, rel=1e-9)


def test_a_nominal_focus_has_the_robust_joint_f() -> None:
    data = study()
    found = regress(data, ("site", "x"))
    fit = reference_fit(data, data["x"], dummies(data["site"], ["north", "west"]))
    wald = fit.f_test(np.eye(4)[2:])
    assert (found.statistic, found.p_value) == pytest.approx((float(wald.fvalue), float(wald.pvalue)), rel=1e-9)
    assert found.df == (2.0, 86.0)
    assert not found.effect.directed
    raw = sorted(fit.pvalues[2:])
    assert sorted(term.p_value or 0 for term in found.terms[:2]) == pytest.approx([min(2 * raw[0], 1), max(raw[1], 2 * raw[0])])


def test_partial_omega_squared_inverts_the_noncentral_f() -> None:
    found = regress(study(200, 3), ("site", "x"))
    n, statistic = 200, found.statistic or 0
    assert found.effect.value == pytest.approx(2 * (statistic - 1) / (2 * (statistic - 1) + n), rel=1e-12)
    high = found.effect.high or 0
    assert stats.ncf.cdf(statistic, 2, 196, n * high / (1 - high)) == pytest.approx(0.025, abs=1e-7)


def test_partial_r_squared_compares_two_fits() -> None:
    data = study()
    found = regress(data, ("x", "w"))
    whole, without = (
        sm.OLS(data["y"], sm.add_constant(np.column_stack(p))).fit().ssr for p in ((data["x"], data["w"]), (data["w"],))
    )
    assert found.other_effects[0].value == pytest.approx((without - whole) / without, rel=1e-9)


def test_the_standardised_slope_is_the_slope_of_standardised_columns() -> None:
    data = study()
    standard = {name: (values - np.mean(values)) / np.std(values, ddof=1) for name, values in data.items() if name in "yxw"}
    found, twin = regress(data, ("x", "w")), regress(standard, ("x", "w"))
    assert found.standardised is not None
    assert found.standardised.value == pytest.approx(twin.effect.value, rel=1e-9)


def test_diagnostics_agree_with_statsmodels() -> None:
    data = study()
    measures = {measure.name: measure.value for measure in regress(data, ("x", "w")).measures}
    matrix = sm.add_constant(np.column_stack([data["x"], data["w"]]))
    fit = sm.OLS(data["y"], matrix).fit()
    assert measures["largest leverage"] == pytest.approx(fit.get_influence().hat_matrix_diag.max(), rel=1e-9)
    assert measures["largest variance inflation"] == pytest.approx(variance_inflation_factor(matrix, 1), rel=1e-9)
    assert measures["Breusch–Pagan p"] == pytest.approx(het_breuschpagan(fit.resid, matrix)[1], rel=1e-9)
    assert measures["residual skewness"] == pytest.approx(stats.skew(fit.resid), rel=1e-9)


def test_longley_has_the_certified_coefficients() -> None:
    """NIST StRD, Longley: ill-conditioned; certified to 15 digits."""
    rows = np.array([[float(cell) for cell in line.split()] for line in LONGLEY.splitlines()])
    columns = {name: rows[:, place] for place, name in enumerate(("y", "x1", "x2", "x3", "x4", "x5", "x6"))}
    found = regress(columns, tuple(f"x{i}" for i in range(1, 7)))
    assert {term.name: term.estimate for term in found.terms} == pytest.approx(LONGLEY_CERTIFIED, rel=1e-10)


def test_wamplers_polynomial_keeps_its_digits() -> None:
    """NIST StRD, Wampler4: a polynomial of degree five whose certified coefficients are all 1."""
    x = np.arange(21.0)
    columns = {"y": np.array(WAMPLER4, dtype=float), **{f"x{power}": x**power for power in range(1, 6)}}
    found = regress(columns, ("x1", "x2", "x3", "x4", "x5"))
    assert [term.estimate for term in found.terms] == pytest.approx([1.0] * 6, rel=1e-7)


def test_a_raw_polynomial_of_degree_ten_is_refused_or_exact() -> None:
    x = np.linspace(-8.8, -3.1, 82)
    columns = {"y": np.sin(x), **{f"x{power}": x**power for power in range(1, 11)}}
    with pytest.raises(NotApplicable, match=r"ill-conditioned|collinearity"):
        regress(columns, tuple(f"x{power}" for power in range(1, 11)))


def test_a_common_offset_costs_no_digits() -> None:
    data = study()
    moved = {**data, "x": data["x"] + 1e8, "y": data["y"] + 1e8}
    here, there = regress(data, ("x", "w")), regress(moved, ("x", "w"))
    assert there.effect.value == pytest.approx(here.effect.value, rel=1e-6)
    assert there.p_value == pytest.approx(here.p_value, rel=1e-4)


def test_ancova_agrees_with_statsmodels() -> None:
    data = study()
    design = make_design("ancova", "y", ("arm",), covariates=("x",), levels=("control", "treated"))
    found = run_method(make_dataset(data), design)
    fit = reference_fit(data, dummies(data["arm"], ["control"]), data["x"])
    assert (found.effect.value, found.p_value) == pytest.approx((fit.params[1], fit.pvalues[1]), rel=1e-9)
    assert found.effect.label == "control − treated"


def test_ancova_needs_a_covariate_and_two_groups() -> None:
    dataset = make_dataset(study())
    with pytest.raises(NotApplicable, match="needs a covariate"):
        run_method(dataset, make_design("ancova", "y", ("arm",)))
    with pytest.raises(NotApplicable, match="two groups"):
        run_method(dataset, make_design("ancova", "y", ("site",), covariates=("x",)))


def test_collinear_columns_are_named() -> None:
    data = study()
    total = {**data, "total": data["x"] + data["w"]}
    with pytest.raises(NotApplicable, match=r"Perfect collinearity: w, total and x") as caught:
        regress(total, ("x", "w"), covariates=("total", "site"))
    assert "site" not in str(caught.value)


def test_nearly_collinear_columns_are_refused() -> None:
    data = study()
    wiggle = np.random.default_rng(1).normal(size=90)
    with pytest.raises(NotApplicable, match="ill-conditioned: "):
        regress({**data, "again": data["x"] + 1e-9 * wiggle}, ("x", "again"))


def test_the_same_column_twice_is_one_column() -> None:
    data = study()
    assert regress(data, ("x", "w"), covariates=("x", "w")) == regress(data, ("x", "w"))


@pytest.mark.parametrize("column", ["y", "x", "w", "site"])
def test_a_constant_column_is_refused_by_name(column: str) -> None:
    data = study()
    data[column] = ["east"] * 90 if column == "site" else np.full(90, 0.3)
    with pytest.raises(NotApplicable, match=f"^{column} has the same value"):
        regress(data, ("x", "w"), covariates=("site",))


def test_an_outcome_without_residuals_is_refused() -> None:
    data = study()
    data["y"] = 1 + 2 * data["x"] - data["w"]
    with pytest.raises(NotApplicable, match="follows exactly"):
        regress(data, ("x", "w"))


def test_too_few_rows_are_refused() -> None:
    columns = study()
    with pytest.raises(NotApplicable, match="cannot determine"):
        regress({name: values[:6] for name, values in columns.items()}, ("x", "w"), covariates=("site", "arm"))
    with pytest.raises(NotApplicable, match="are left after exclusions"):
        regress({name: values[:2] for name, values in columns.items()}, ("x",))


def test_the_outcome_cannot_explain_itself() -> None:
    with pytest.raises(NotApplicable, match="both the outcome"):
        regress(study(), ("x", "y"))


def test_a_row_alone_in_a_covariates_level_informs_nothing_else() -> None:
    data = study()
    data["site"][0] = "island"
    found = regress(data, ("x",), covariates=("site",))
    without = regress({name: values[1:] for name, values in data.items()}, ("x",), covariates=("site",))
    assert (found.effect.value, found.p_value) == pytest.approx((without.effect.value, without.p_value), rel=1e-3)
    assert found.effect.low is not None
    assert any("only ones with their level" in caveat for caveat in found.caveats)


def test_a_row_alone_in_the_focus_is_refused() -> None:
    data = study()
    data["arm"] = ["treated"] + ["control"] * 89
    with pytest.raises(NotApplicable, match="single row decides"):
        regress(data, ("arm", "x"))


def test_a_joint_test_has_no_side() -> None:
    with pytest.raises(NotApplicable, match="no direction"):
        regress(study(), ("site",), alternative="less")


def test_names_are_never_code() -> None:
    data = study()
    names = {"x": "C(y) + I(__import__('os').system('true'))", "w": "intercept", "site": "a: b − c\n$x$"}
    renamed = {names.get(name, name): values for name, values in data.items()}
    found = run_method(
        make_dataset(renamed), make_design("linear_regression", "y", (names["x"], names["w"]), covariates=(names["site"],))
    )
    plain = regress(data, ("x", "w"), covariates=("site",))
    assert found.p_value == plain.p_value
    assert [term.estimate for term in found.terms] == [term.estimate for term in plain.terms]


def test_levels_that_do_not_occur_take_no_column() -> None:
    data = study()
    levels = pd.Categorical(data["site"], categories=["nowhere", "east", "north", "west"])
    dataset = make_dataset(data)
    frame = dataset.frame.assign(site=levels)
    found = run_method(Dataset(dataset.card, frame), make_design("linear_regression", "y", ("x",), covariates=("site",)))
    assert found.p_value == pytest.approx(regress(data, ("x",), covariates=("site",)).p_value, rel=1e-12)


def test_a_declared_reference_is_the_reference() -> None:
    dataset = make_dataset(study(), statements={"site": {"reference": "west"}})
    found = run_method(dataset, make_design("linear_regression", "y", ("site",)))
    assert [term.name for term in found.terms[:2]] == ["site: east − west", "site: north − west"]


def test_a_slopes_unit_and_reading_of_delta_are_said() -> None:
    dataset = make_dataset(study(), statements={"y": {"unit": "g"}, "x": {"unit": "mm"}})
    found = run_method(dataset, make_design("linear_regression", "y", ("x",), delta=1.0))
    assert (found.effect.label, found.effect.unit) == ("y per mm of x", "g per mm")
    assert any("per one unit of x" in caveat for caveat in found.caveats)


@settings(deadline=None, max_examples=15)
@given(st.floats(1e-5, 1e5), st.floats(1e-5, 1e5), st.floats(-1e3, 1e3), st.integers(0, 30))
def test_units_scale_the_slope_and_nothing_else(factor_x: float, factor_y: float, shift: float, seed: int) -> None:
    data = study(40, seed)
    scaled = {**data, "x": data["x"] * factor_x, "y": data["y"] * factor_y + shift * factor_y}
    here, there = regress(data, ("x", "site")), regress(scaled, ("x", "site"))
    assert there.effect.value == pytest.approx(here.effect.value * factor_y / factor_x, rel=1e-7)
    assert there.p_value == pytest.approx(here.p_value, rel=1e-6)
    assert there.standardised is not None
    assert here.standardised is not None
    assert there.standardised.value == pytest.approx(here.standardised.value, rel=1e-7)


@settings(deadline=None, max_examples=10)
@given(st.integers(0, 30))
def test_swapping_the_levels_turns_the_difference_around(seed: int) -> None:
    data = study(40, seed)
    found, swapped = (regress(data, ("arm", "x"), levels=pair) for pair in (("treated", "control"), ("control", "treated")))
    assert swapped.effect.value == pytest.approx(-found.effect.value, rel=1e-9)
    assert swapped.p_value == pytest.approx(found.p_value, rel=1e-9)


@settings(deadline=None, max_examples=10)
@given(st.permutations(range(40)))
def test_the_order_of_rows_does_not_matter(order: list[int]) -> None:
    data = study(40)
    shuffled = {name: [values[place] for place in order] for name, values in data.items()}
    assert regress(shuffled, ("x", "site")).p_value == pytest.approx(regress(data, ("x", "site")).p_value, rel=1e-8)


@pytest.mark.parametrize("rows", [2, 3, 5])
def test_a_level_of_few_rows_is_seldom_told_apart_where_there_is_nothing(rows: int) -> None:
    """With the degrees of freedom of all 60 rows 18, 12 and 8 % were significant at 5 %."""
    generator, groups = np.random.default_rng(14), ["A"] * rows + ["B"] * (60 - rows)
    found = []
    for _ in range(200):
        columns = {"y": generator.normal(size=60), "g": groups, "x": generator.normal(size=60)}
        found.append(run_method(make_dataset(columns), make_design("ancova", "y", ("g",), covariates=("x",), levels=("A", "B"))))
    assert np.mean([one.p_value <= 0.05 for one in found]) <= 0.05
    assert np.mean([one.effect.low <= 0 <= one.effect.high for one in found]) >= 0.95
    assert all(any(f"has {rows} rows" in caveat and "Satterthwaite" in caveat for caveat in one.caveats) for one in found)


def test_a_joint_test_of_levels_rests_on_the_one_with_the_fewest_rows() -> None:
    """With the degrees of freedom of all rows 36 % of such factors were significant at 5 %."""
    generator, groups = np.random.default_rng(15), ["A"] * 2 + ["B"] * 2 + ["C"] * 2 + ["D"] * 54
    found = [
        run_method(make_dataset({"y": generator.normal(size=60), "g": groups}), make_design("linear_regression", "y", ("g",)))
        for _ in range(100)
    ]
    assert np.mean([one.p_value <= 0.05 for one in found]) <= 0.05
    assert found[0].df == (3.0, pytest.approx(1.04, abs=0.1))


def test_levels_of_ten_rows_keep_the_degrees_of_freedom_of_all_residuals() -> None:
    generator = np.random.default_rng(16)
    columns = {"y": generator.normal(size=24), "g": ["A"] * 10 + ["B"] * 14, "x": generator.normal(size=24)}
    even = run_method(make_dataset(columns), make_design("ancova", "y", ("g",), covariates=("x",), levels=("A", "B")))
    assert even.df == (21.0,)
    assert not any("smallest level" in caveat for caveat in even.caveats)


def test_degrees_of_freedom_of_a_level_are_bell_and_mccaffreys_by_their_matrices() -> None:
    generator = np.random.default_rng(17)
    columns = np.column_stack([np.ones(20), generator.normal(size=20), np.arange(20) < 4])
    maker = np.eye(20) - columns @ np.linalg.pinv(columns)
    inflated = np.linalg.pinv(columns)[-1] / np.diag(maker)
    spread = maker @ np.diag(inflated**2) @ maker
    assert satterthwaite_df(columns, 1) == (pytest.approx(np.trace(spread) ** 2 / np.trace(spread @ spread), rel=1e-12),)

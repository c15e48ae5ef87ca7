"""Logistic regression."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from kosmos_graph.domain.data_card import Kind
from kosmos_graph.domain.results import TestResult
from kosmos_graph.experiments.maximum_likelihood import separated
from kosmos_graph.experiments.method import NotApplicable
from tests.experiments.factories import make_dataset, make_design, run_method

TEMPERATURE = [66, 70, 69, 68, 67, 72, 73, 70, 57, 63, 70, 78, 67, 53, 67, 75, 70, 81, 76, 79, 75, 76, 58]
DISTRESS = [0, 1, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 1]


def study(n: int = 150, seed: int = 0) -> dict[str, Any]:
    random = np.random.default_rng(seed)
    x, w = random.normal(size=n), random.normal(size=n)
    arm, site = random.choice(["control", "treated"], n), random.choice(["east", "north", "west"], n)
    chance = 1 / (1 + np.exp(-(0.2 + 0.8 * x - 0.5 * w + 0.7 * (arm == "treated"))))
    hit = random.random(n) < chance
    return {"hit": np.where(hit, "yes", "no").tolist(), "x": x, "w": w, "arm": list(arm), "site": list(site)}


def logistic(
    columns: dict[str, Any], predictors: tuple[str, ...], *, alpha_delta: float | None = None, **options: Any
) -> TestResult:
    dataset = make_dataset(columns, orders={"hit": ["no", "yes"]}, kinds={"hit": Kind.BINARY})
    return run_method(dataset, make_design("logistic_regression", "hit", predictors, success="yes", delta=alpha_delta, **options))


def hits(columns: dict[str, Any]) -> np.ndarray:
    return (np.array(columns["hit"]) == "yes").astype(float)


def reference_fit(columns: dict[str, Any], *parts: Any) -> Any:
    return sm.Logit(hits(columns), sm.add_constant(np.column_stack(parts))).fit(disp=0, tol=1e-14)


def test_the_challenger_launches_have_the_published_coefficient() -> None:
    """Dalal, Fowlkes and Hoadley 1989, J Am Stat Assoc 84:945: slope −0.2322, standard error 0.1082."""
    columns = {"hit": ["yes" if distress else "no" for distress in DISTRESS], "x": TEMPERATURE}
    found = logistic(columns, ("x",))
    ratio = found.other_effects[0]
    assert math.log(ratio.value) == pytest.approx(-0.2322, abs=5e-5)
    assert math.log(ratio.value) / (found.statistic or 1) == pytest.approx(0.1082, abs=5e-5)
    assert found.effect.sign == -1


@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
def test_a_slope_agrees_with_statsmodels(alternative: str) -> None:
    data = study()
    found = logistic(data, ("x", "w"), covariates=("site",), alternative=alternative)
    sites = np.column_stack([np.array(data["site"]) == level for level in ("north", "west")]).astype(float)
    fit = reference_fit(data, data["x"], data["w"], sites)
    assert found.statistic == pytest.approx(fit.tvalues[1], rel=1e-9)
    z = fit.tvalues[1]
    tails = {"two-sided": fit.pvalues[1], "greater": stats.norm.sf(z), "less": stats.norm.cdf(z)}
    assert found.p_value == pytest.approx(tails[alternative], rel=1e-8)
    margins = fit.get_margeff(at="overall", method="dydx")
    assert found.effect.value == pytest.approx(margins.margeff[0], rel=1e-9)
    if alternative == "two-sided":
        assert (found.effect.low, found.effect.high) == pytest.approx(tuple(margins.conf_int()[0]), rel=1e-8)
        ratio = found.other_effects[0]
        assert (ratio.low, ratio.high) == pytest.approx(tuple(np.exp(fit.conf_int()[1])), rel=1e-8)


def test_a_binary_focus_is_an_adjusted_risk_difference() -> None:
    data = study()
    found = logistic(data, ("arm", "x"), levels=("treated", "control"), alpha_delta=0.1)
    fit = reference_fit(data, (np.array(data["arm"]) == "treated").astype(float), data["x"])
    margins = fit.get_margeff(at="overall", method="dydx", dummy=True)
    assert (found.effect.name, found.effect.label) == ("adjusted risk difference", "treated − control")
    assert found.effect.value == pytest.approx(margins.margeff[0], rel=1e-8)
    assert (found.effect.low, found.effect.high) == pytest.approx(tuple(margins.conf_int()[0]), rel=1e-6)
    error = margins.margeff_se[0]
    expected = max(stats.norm.sf((found.effect.value + 0.1) / error), stats.norm.cdf((found.effect.value - 0.1) / error))
    assert found.equivalence is not None
    assert found.equivalence.p_value == pytest.approx(expected, rel=1e-6)


def test_without_covariates_the_effect_is_the_raw_risk_difference() -> None:
    data = study()
    found, raw = (
        run_method(make_dataset(data), make_design(method, "hit", ("arm",), success="yes", levels=("treated", "control")))
        for method in ("logistic_regression", "risk_difference")
    )
    assert found.effect.value == pytest.approx(raw.effect.value, rel=1e-9)
    assert found.other_effects[0].value == pytest.approx(raw.other_effects[1].value, rel=1e-9)
    assert found.other_effects[0].low == pytest.approx(raw.other_effects[1].low, rel=1e-8)
    assert found.groups == raw.groups


def test_a_nominal_focus_has_the_likelihood_ratio_test() -> None:
    data = study()
    found = logistic(data, ("site", "x"))
    sites = np.column_stack([np.array(data["site"]) == level for level in ("north", "west")]).astype(float)
    whole, without = reference_fit(data, data["x"], sites), reference_fit(data, data["x"])
    assert found.statistic == pytest.approx(2 * (whole.llf - without.llf), rel=1e-8)
    assert found.p_value == pytest.approx(stats.chi2.sf(2 * (whole.llf - without.llf), 2), rel=1e-8)
    assert not found.effect.directed
    assert found.effect.low is not None
    assert found.effect.low <= found.effect.value <= (found.effect.high or 0)
    assert [term.name for term in found.terms] == [
        "odds ratio, site: north / east",
        "odds ratio, site: west / east",
        "odds ratio, x",
    ]


def test_complete_separation_is_refused_with_a_sentence() -> None:
    x = np.arange(30.0)
    with pytest.raises(NotApplicable, match="Complete separation"):
        logistic({"hit": np.where(x > 14, "yes", "no").tolist(), "x": x}, ("x",))


def test_quasi_complete_separation_is_refused() -> None:
    arm = ["a"] * 20 + ["b"] * 20
    hit = ["yes"] * 20 + ["yes", "no"] * 10
    with pytest.raises(NotApplicable, match="Complete separation"):
        logistic({"hit": hit, "arm": arm, "x": np.random.default_rng(0).normal(size=40)}, ("arm", "x"))


def test_a_steep_slope_without_separation_is_fitted() -> None:
    x = np.linspace(-4, 4, 400)
    hit = x + 0.15 * np.random.default_rng(0).normal(size=400) > 0
    found = logistic({"hit": np.where(hit, "yes", "no").tolist(), "x": x}, ("x",))
    fit = sm.Logit(hit.astype(float), sm.add_constant(x)).fit(disp=0, maxiter=100)
    assert math.log(found.other_effects[0].value) == pytest.approx(fit.params[1], rel=1e-6)


def test_separation_is_what_the_linear_programme_says() -> None:
    ones = np.ones(6)
    x = np.array([1.0, 2, 3, 4, 5, 6])
    assert separated(np.column_stack([ones, x]), np.array([0.0, 0, 0, 1, 1, 1]))
    assert separated(np.column_stack([ones, np.array([1.0, 2, 3, 3, 4, 5])]), np.array([0.0, 0, 0, 1, 1, 1]))
    assert not separated(np.column_stack([ones, x]), np.array([0.0, 0, 1, 0, 1, 1]))


def test_an_outcome_that_never_varies_is_refused() -> None:
    data = {**study(), "hit": ["yes"] * 150}
    with pytest.raises(NotApplicable, match="same in every row"):
        logistic(data, ("x",))


def test_collinear_columns_are_refused() -> None:
    data = study()
    with pytest.raises(NotApplicable, match="Perfect collinearity"):
        logistic({**data, "x2": 2 * data["x"] + 1}, ("x", "x2"))


def test_events_per_parameter_are_counted() -> None:
    data = study(60)
    found = logistic(data, ("x", "w"), covariates=("site", "arm"))
    events = min(hits(data).sum(), 60 - hits(data).sum())
    assert {measure.name: measure.value for measure in found.measures}["events per parameter"] == pytest.approx(events / 5)
    assert any("few rows" in caveat for caveat in found.caveats)


@settings(deadline=None, max_examples=10)
@given(st.floats(1e-4, 1e4), st.floats(-1e3, 1e3), st.integers(0, 20))
def test_units_scale_the_effect_and_nothing_else(factor: float, shift: float, seed: int) -> None:
    data = study(80, seed)
    here, there = logistic(data, ("x", "w")), logistic({**data, "x": (data["x"] + shift) * factor}, ("x", "w"))
    assert there.effect.value == pytest.approx(here.effect.value / factor, rel=1e-6)
    assert there.p_value == pytest.approx(here.p_value, rel=1e-6)


@settings(deadline=None, max_examples=10)
@given(st.integers(0, 20))
def test_counting_failures_turns_the_effect_around(seed: int) -> None:
    data = study(80, seed)
    turned = {**data, "hit": ["no" if hit == "yes" else "yes" for hit in data["hit"]]}
    here, there = logistic(data, ("x", "w")), logistic(turned, ("x", "w"))
    assert there.effect.value == pytest.approx(-here.effect.value, rel=1e-8)
    assert there.p_value == pytest.approx(here.p_value, rel=1e-7)


def test_the_interval_holds_no_effect_as_often_as_it_says_and_decides_as_p_does() -> None:
    """The delta method alone held it in 88 of 100 samples."""
    generator = np.random.default_rng(10)
    found = []
    for _ in range(300):
        columns = {"x": generator.normal(size=25), "y": ["yes" if u < 0.5 else "no" for u in generator.random(25)]}
        found.append(run_method(make_dataset(columns), make_design("logistic_regression", "y", ("x",), success="yes")))
    held = [one.effect.low <= 0 <= one.effect.high for one in found]
    assert 0.93 < np.mean(held) < 0.99
    assert held == [one.p_value > 0.05 for one in found]

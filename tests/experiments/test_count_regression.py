"""Regression of counts."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from kosmos_graph.domain.data_card import ColumnCard, DataCard, Kind, Level
from kosmos_graph.domain.hypothesis import Target
from kosmos_graph.domain.results import TestResult
from kosmos_graph.domain.study_sheet import StudySheet
from kosmos_graph.experiments.applicability import applicable_methods
from kosmos_graph.experiments.count_likelihood import only_zeros
from kosmos_graph.experiments.method import NotApplicable
from tests.experiments.factories import make_dataset, make_design, run_method

POISSON, NEGATIVE = "poisson_regression", "negative_binomial_regression"


def study(n: int = 150, seed: int = 0, spread: float = 0.6) -> dict[str, Any]:
    random = np.random.default_rng(seed)
    x, w = random.normal(size=n), random.normal(size=n)
    arm, site = random.choice(["control", "treated"], n), random.choice(["east", "north", "west"], n)
    days = random.integers(5, 40, n).astype(float)
    rate = days / 10 * np.exp(0.3 + 0.3 * x - 0.2 * w + 0.5 * (arm == "treated")) * random.gamma(1 / spread, spread, n)
    return {"y": random.poisson(rate).astype(float), "x": x, "w": w, "arm": list(arm), "site": list(site), "days": days}


def counted(method: str, columns: dict[str, Any], predictors: tuple[str, ...], **options: Any) -> TestResult:
    return run_method(make_dataset(columns, kinds={"y": Kind.COUNT}), make_design(method, "y", predictors, **options))


def treated(columns: dict[str, Any]) -> np.ndarray:
    return (np.array(columns["arm"]) == "treated").astype(float)


def hc3(fit: Any, design: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The sandwich written out."""
    mu = np.asarray(fit.fittedvalues)
    bread = np.linalg.inv((design * mu[:, None]).T @ design)
    leverage = np.einsum("ij,jk,ik->i", design, bread, design) * mu
    scores = design * ((y - mu) / (1 - leverage))[:, None]
    return np.sqrt(np.diag(bread @ scores.T @ scores @ bread))


@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
def test_poisson_agrees_with_statsmodels_and_its_errors_with_the_formula(alternative: str) -> None:
    data = study()
    found = counted(
        POISSON, data, ("arm", "x"), levels=("treated", "control"), exposure="days", alternative=alternative, covariates=("w",)
    )
    design = sm.add_constant(np.column_stack([treated(data), data["x"], data["w"]]))
    fit = sm.GLM(data["y"], design, family=sm.families.Poisson(), exposure=data["days"]).fit(tol=1e-14)
    assert math.log(found.effect.value) == pytest.approx(fit.params[1], rel=1e-9)
    t = fit.params[1] / hc3(fit, design, data["y"])[1]
    assert found.statistic == pytest.approx(t, rel=1e-8)
    tails = {"two-sided": 2 * stats.t.sf(abs(t), 146), "greater": stats.t.sf(t, 146), "less": stats.t.cdf(t, 146)}
    assert found.p_value == pytest.approx(tails[alternative], rel=1e-7)
    assert (found.effect.name, found.effect.label, found.effect.null) == ("adjusted rate ratio", "treated / control", 1.0)
    moved = [np.column_stack([np.ones(150), np.full(150, one), data["x"], data["w"]]) @ fit.params for one in (1.0, 0.0)]
    assert found.other_effects[0].value == pytest.approx(np.mean(np.exp(moved[0])) - np.mean(np.exp(moved[1])), rel=1e-8)


def test_negative_binomial_agrees_with_statsmodels() -> None:
    data = study()
    found = counted(NEGATIVE, data, ("x", "arm"))
    design = sm.add_constant(np.column_stack([data["x"], 1 - treated(data)]))
    alpha = {one.name: one.value for one in found.measures}["dispersion α"]
    assert alpha == pytest.approx(sm.NegativeBinomial(data["y"], design).fit(disp=0, maxiter=200).params[-1], rel=1e-4)
    fit = sm.GLM(data["y"], design, family=sm.families.NegativeBinomial(alpha=alpha)).fit(tol=1e-14, maxiter=500)
    assert math.log(found.effect.value) == pytest.approx(fit.params[1], rel=1e-8)
    assert found.statistic == pytest.approx(fit.params[1] / (fit.bse[1] * math.sqrt(150 / 147)), rel=1e-6)


def test_two_groups_without_covariates_have_the_ratio_of_their_means_or_rates() -> None:
    data = study()
    own, days = treated(data) == 1, data["days"]
    for method in (POISSON, NEGATIVE):
        found = counted(method, data, ("arm",), levels=("treated", "control"))
        assert found.effect.value == pytest.approx(data["y"][own].mean() / data["y"][~own].mean(), rel=1e-9)
        assert found.other_effects[0].value == pytest.approx(data["y"][own].mean() - data["y"][~own].mean(), rel=1e-9)
    rates = data["y"][own].sum() / days[own].sum(), data["y"][~own].sum() / days[~own].sum()
    found = counted(POISSON, data, ("arm",), levels=("treated", "control"), exposure="days")
    assert found.effect.value == pytest.approx(rates[0] / rates[1], rel=1e-9)
    assert [term.estimate for term in found.terms[1:]] == pytest.approx(rates)


def test_a_nominal_focus_has_a_joint_robust_test() -> None:
    data = study()
    found = counted(POISSON, data, ("site", "x"))
    design = sm.add_constant(np.column_stack([data["x"], *(np.array(data["site"]) == level for level in ("north", "west"))]))
    fit = sm.GLM(data["y"], design.astype(float), family=sm.families.Poisson()).fit(tol=1e-14)
    mu = np.asarray(fit.fittedvalues)
    bread = np.linalg.inv((design * mu[:, None]).T @ design)
    leverage = np.einsum("ij,jk,ik->i", design, bread, design) * mu
    scores = design * ((data["y"] - mu) / (1 - leverage))[:, None]
    spread = (bread @ scores.T @ scores @ bread)[2:, 2:]
    f = fit.params[2:] @ np.linalg.inv(spread) @ fit.params[2:] / 2
    assert (found.statistic, found.df, found.effect.directed) == (pytest.approx(f, rel=1e-8), (2.0, 146.0), False)
    assert found.p_value == pytest.approx(stats.f.sf(f, 2, 146), rel=1e-7)


def test_counts_without_overdispersion_are_poissons() -> None:
    random = np.random.default_rng(2)
    data = {"y": random.binomial(4, 0.5, 60).astype(float), "x": random.normal(size=60)}
    found, robust = (counted(method, data, ("x",)) for method in (NEGATIVE, POISSON))
    assert found.effect.value == pytest.approx(robust.effect.value, rel=1e-9)
    assert any("no more than Poisson's" in said for said in found.caveats)


def test_a_level_without_counts_is_refused_and_seen_by_the_linear_programme() -> None:
    data = {"y": [0.0] * 15 + [1.0, 3.0, 2.0] * 5, "arm": ["none"] * 15 + ["some"] * 15}
    for method in (POISSON, NEGATIVE):
        with pytest.raises(NotApplicable, match="no counts above zero"):
            counted(method, data, ("arm",))
    ones = np.ones(4)
    assert only_zeros(np.column_stack([ones, [1.0, 1, 0, 0]]), np.array([0.0, 0, 2, 3]))
    assert not only_zeros(np.column_stack([ones, [1.0, 1, 0, 0]]), np.array([0.0, 1, 2, 3]))


REFUSED = {
    "half a count": ({"y": [0.5, *study()["y"][1:]]}, "whole number"),
    "a count below zero": ({"y": [-1.0, *study()["y"][1:]]}, "none below zero"),
    "one count everywhere": ({"y": [3.0] * 150, "days": [1.0] * 150}, "follows exactly"),
    "nothing counted": ({"y": [0.0] * 150}, "zero in every row"),
    "no exposure": ({"days": [0.0, *study()["days"][1:]]}, "zero or below in 1 rows"),
}


@pytest.mark.parametrize("method", [POISSON, NEGATIVE])
@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_count_is_refused(case: str, method: str) -> None:
    changed, said = REFUSED[case]
    with pytest.raises(NotApplicable, match=said):
        counted(method, {**study(), **changed}, ("x",), exposure="days")


def test_units_order_and_levels_change_nothing_else() -> None:
    data = study(80)
    order = np.random.default_rng(1).permutation(80)
    moved = {name: [cells[place] for place in order] for name, cells in data.items()}
    moved["x"] = [1000 * value + 5 for value in moved["x"]]
    for method in (POISSON, NEGATIVE):
        here, there = counted(method, data, ("x", "arm")), counted(method, moved, ("x", "arm"))
        assert there.p_value == pytest.approx(here.p_value, rel=1e-7)
        assert math.log(there.effect.value) == pytest.approx(math.log(here.effect.value) / 1000, rel=1e-7)
        a, b = (counted(method, data, ("arm",), levels=pair) for pair in (("treated", "control"), ("control", "treated")))
        assert (a.effect.value, a.p_value) == (pytest.approx(1 / b.effect.value), pytest.approx(b.p_value))


def test_five_in_a_hundred_are_significant_without_an_effect_however_the_counts_spread() -> None:
    generator, found = np.random.default_rng(5), []
    for _ in range(300):
        y = generator.poisson(3 * generator.gamma(1, 1, 30)).astype(float)
        found.append(counted(POISSON, {"y": y, "arm": ["a"] * 8 + ["b"] * 22}, ("arm",)))
    wrong = [one.p_value <= 0.05 for one in found]
    assert 6 <= sum(wrong) <= 27
    assert wrong == [not one.effect.low <= 1 <= one.effect.high for one in found]


def card(low: float) -> DataCard:
    arm = ColumnCard(name="arm", kind=Kind.BINARY, missing=0, distinct=2, levels=(Level(name="a", n=50), Level(name="b", n=50)))
    numbers = [ColumnCard(name=name, kind=Kind.CONTINUOUS, missing=0, distinct=90, low=1.0, high=9.0) for name in ("x", "days")]
    count = ColumnCard(name="y", kind=Kind.COUNT, missing=0, distinct=9, low=low, high=20.0)
    return DataCard(name="d.csv", path="d.csv", sha256="0" * 64, format="csv", rows=100, columns=(count, arm, *numbers))


def test_a_count_is_regressed_as_one_where_an_exposure_is_stated_or_others_are_held_constant() -> None:
    plain = Target(dataset="d.csv", outcome="y", predictors=("arm",))
    per_day = plain.model_copy(update={"exposure": "days"})

    def first(target: Target, low: float = 0.0, covariates: tuple[str, ...] = ()) -> str:
        return applicable_methods(card(low), StudySheet(), "compare", "effect", target, covariates)[0].method

    assert [first(per_day), first(plain, covariates=("x",)), first(plain), first(plain, 3.0, ("x",))] == [
        POISSON,
        POISSON,
        "welch_t",
        "ancova",
    ]

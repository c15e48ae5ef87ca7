"""Ordinal logistic regression."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats
from statsmodels.miscmodels.ordinal_model import OrderedModel

from kosmos_graph.domain.results import TestResult
from kosmos_graph.experiments.catalogue.ordinal import ordinal_fit
from kosmos_graph.experiments.method import NotApplicable
from kosmos_graph.experiments.ordinal_likelihood import (
    brant,
    log_likelihood,
    score_and_information,
    separated,
)
from tests.experiments.factories import make_dataset, make_design, make_sample, run_method

LEVELS = ("poor", "fair", "good", "best")


def study(n: int = 160, seed: int = 0, effect: float = 0.7) -> dict[str, Any]:
    random = np.random.default_rng(seed)
    x, w = random.normal(size=n), random.normal(size=n)
    arm, site = random.choice(["control", "treated"], n), random.choice(["east", "north", "west"], n)
    latent = 0.8 * effect * x - 0.4 * w + effect * (arm == "treated") + random.logistic(size=n)
    grade = [LEVELS[place] for place in np.digitize(latent, [-1, 0.3, 1.6])]
    return {"grade": grade, "x": x, "w": w, "arm": list(arm), "site": list(site)}


def ordinal(columns: dict[str, Any], predictors: tuple[str, ...], **options: Any) -> TestResult:
    return run_method(
        make_dataset(columns, orders={"grade": LEVELS}), make_design("ordinal_logistic", "grade", predictors, **options)
    )


def fit_of(columns: dict[str, Any], predictors: tuple[str, ...]) -> Any:
    data, design = make_dataset(columns, orders={"grade": LEVELS}), make_design("ordinal_logistic", "grade", predictors)
    return ordinal_fit(make_sample(data, design), design)[0]


def codes(columns: dict[str, Any]) -> np.ndarray:
    return np.array([LEVELS.index(one) for one in columns["grade"]])


def reference(columns: dict[str, Any], *parts: Any) -> Any:
    return OrderedModel(codes(columns), np.column_stack(parts), distr="logit").fit(disp=0, method="bfgs", maxiter=500, gtol=1e-9)


@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
def test_it_agrees_with_statsmodels(alternative: str) -> None:
    data = study()
    found = ordinal(data, ("arm", "x"), covariates=("w",), levels=("treated", "control"), alternative=alternative)
    fit = reference(data, (np.array(data["arm"]) == "treated").astype(float), data["x"], data["w"])
    assert math.log(found.effect.value) == pytest.approx(fit.params[0], rel=1e-5)
    z = fit.tvalues[0]
    assert found.statistic == pytest.approx(z, rel=1e-4)
    tails = {"two-sided": 2 * stats.norm.sf(abs(z)), "greater": stats.norm.sf(z), "less": stats.norm.cdf(z)}
    assert found.p_value == pytest.approx(tails[alternative], rel=1e-2)
    assert (found.effect.name, found.effect.label) == ("adjusted odds ratio of a higher value", "treated / control")


def test_a_nominal_focus_has_the_likelihood_ratio_test() -> None:
    data = study()
    found = ordinal(data, ("site", "x"))
    sites = np.column_stack([np.array(data["site"]) == level for level in ("north", "west")]).astype(float)
    chi_square = 2 * (reference(data, data["x"], sites).llf - reference(data, data["x"]).llf)
    assert (found.statistic, found.df) == (pytest.approx(chi_square, rel=1e-6), (2.0,))
    assert found.p_value == pytest.approx(stats.chi2.sf(chi_square, 2), rel=1e-6)


def test_the_score_is_zero_at_the_fit_and_both_derivatives_are_those_of_the_likelihood() -> None:
    fit = fit_of(study(), ("x", "site"))
    columns, at, step = fit.matrix.columns, np.array([-1.2, 0.1, 1.4, 0.3, -0.2, 0.4]), 1e-5
    whole = np.concatenate([fit.cuts, fit.slopes])
    assert score_and_information(fit.codes, columns, whole, 3)[0] == pytest.approx(np.zeros(6), abs=1e-10)
    score, information = score_and_information(fit.codes, columns, at, 3)
    for place in range(6):
        move = step * np.eye(6)[place]
        ends = [log_likelihood(fit.codes, columns, at + sign * move, 3) for sign in (1, -1)]
        bends = [score_and_information(fit.codes, columns, at + sign * move, 3)[0] for sign in (1, -1)]
        assert score[place] == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=1e-5, abs=1e-5)
        assert information[place] == pytest.approx(-(bends[0] - bends[1]) / (2 * step), rel=1e-5, abs=1e-5)


def test_without_covariates_the_score_test_is_the_rank_sum_test() -> None:
    """McCullagh 1980: at no effect the score of two groups is that of the mid-ranks."""
    data = study(80)
    fit = fit_of(data, ("arm",))
    at = np.concatenate(
        [np.log(np.cumsum(np.bincount(fit.codes))[:-1] / np.cumsum(np.bincount(fit.codes)[::-1])[:-1][::-1]), [0.0]]
    )
    score = score_and_information(fit.codes, fit.matrix.columns, at, 3)[0][-1]
    own = fit.matrix.columns[:, -1]
    ranks = stats.rankdata(fit.codes)
    assert score == pytest.approx(2 * float(own @ ranks) / len(own), rel=1e-9)


def test_brants_test_finds_an_odds_ratio_that_differs_between_cuts_and_holds_its_size() -> None:
    random = np.random.default_rng(1)
    arm = random.choice(["a", "b"], 400)
    grade = [str(random.choice(LEVELS, p=(0.4, 0.1, 0.1, 0.4) if one == "a" else (0.1, 0.4, 0.4, 0.1))) for one in arm]
    found = ordinal({"grade": grade, "arm": list(arm)}, ("arm",))
    assert {one.name: one.value for one in found.measures}["proportional odds p (Brant)"] < 1e-10
    assert any("not look the same at every cut" in said for said in found.caveats)
    p = [brant(fit_of(study(150, seed), ("x", "arm"))) for seed in range(60)]
    assert stats.kstest(p, "uniform").pvalue > 0.01


def test_two_cuts_apart_are_brants_logistic_regressions() -> None:
    data = study()
    data["grade"] = ["good" if one == "best" else one for one in data["grade"]]
    fit = fit_of(data, ("x",))
    x = sm.add_constant(fit.matrix.columns)
    models = [sm.Logit((fit.codes > cut).astype(float), x).fit(disp=0, tol=1e-13) for cut in (0, 1)]
    shares = [one.predict() for one in models]
    breads = [one.cov_params() for one in models]
    crossed = breads[0] @ (x * (shares[1] - shares[0] * shares[1])[:, None]).T @ x @ breads[1]
    variance = breads[0][1, 1] + breads[1][1, 1] - 2 * crossed[1, 1]
    square = (models[0].params[1] - models[1].params[1]) ** 2 / variance
    assert brant(fit) == pytest.approx(stats.chi2.sf(square, 1), rel=1e-7)


def test_separation_is_refused_and_is_what_the_linear_programme_says() -> None:
    x = np.arange(30.0)
    with pytest.raises(NotApplicable, match="Complete separation"):
        ordinal({"grade": [LEVELS[int(one // 10)] for one in x], "x": x}, ("x",))
    assert separated(np.array([0, 0, 1, 1, 2, 2]), np.array([[1.0], [2], [3], [4], [5], [6]]), 2)
    assert not separated(np.array([0, 1, 0, 1, 2, 2]), np.array([[1.0], [2], [3], [4], [5], [6]]), 2)


@pytest.mark.parametrize(("grades", "said"), [(["poor"], "same in every row"), (["poor", "best"], "Only two levels")])
def test_fewer_than_three_levels_are_refused(grades: list[str], said: str) -> None:
    data = study(40)
    with pytest.raises(NotApplicable, match=said):
        ordinal({**data, "grade": [grades[place % len(grades)] for place in range(40)]}, ("x",))


def test_turning_levels_or_the_outcome_turns_the_ratio_and_nothing_else() -> None:
    data = study(90)
    here = ordinal(data, ("arm", "x"), levels=("treated", "control"))
    there = ordinal(data, ("arm", "x"), levels=("control", "treated"))
    upside = ordinal(
        {**data, "grade": [LEVELS[3 - LEVELS.index(one)] for one in data["grade"]]}, ("arm", "x"), levels=("treated", "control")
    )
    for turned in (there, upside):
        assert turned.effect.value == pytest.approx(1 / here.effect.value, rel=1e-8)
        assert turned.p_value == pytest.approx(here.p_value, rel=1e-7)


def test_five_in_a_hundred_are_significant_without_an_effect_and_the_interval_agrees() -> None:
    found = [ordinal(study(40, seed, effect=0.0), ("arm",)) for seed in range(130)]
    wrong = [one.p_value <= 0.05 for one in found]
    assert 2 <= sum(wrong) <= 14
    assert wrong == [not one.effect.low <= 1 <= one.effect.high for one in found]

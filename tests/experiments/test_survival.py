"""Durations that may be cut off: the log-rank test, Kaplan–Meier estimates and Cox regression."""

from __future__ import annotations

import math
from itertools import product
from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats
from statsmodels.duration.survfunc import SurvfuncRight, survdiff

from kosmos_graph.domain.data_card import ColumnCard, DataCard, Kind, Level
from kosmos_graph.domain.hypothesis import Target
from kosmos_graph.domain.results import TestResult
from kosmos_graph.domain.study_sheet import StudySheet
from kosmos_graph.experiments.applicability import applicable_methods
from kosmos_graph.experiments.catalogue import CATALOGUE
from kosmos_graph.experiments.catalogue.cox import cox_fit
from kosmos_graph.experiments.method import NotApplicable
from kosmos_graph.experiments.partial_likelihood import (
    log_likelihood,
    proportionality,
    schoenfeld,
    score_and_information,
    score_residuals,
)
from tests.experiments.factories import make_dataset, make_design, make_sample, run_method

WEEKS_6MP = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
RELAPSED_6MP = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
WEEKS_PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]


def leukaemia() -> dict[str, Any]:
    """The trial of 6-mercaptopurine (Freireich et al. 1963, Blood 21:699; Gehan 1965, Biometrika 52:203)."""
    return {
        "weeks": WEEKS_6MP + WEEKS_PLACEBO,
        "relapse": ["yes" if one else "no" for one in RELAPSED_6MP] + ["yes"] * 21,
        "arm": ["6-MP"] * 21 + ["placebo"] * 21,
    }


def study(n: int = 120, seed: int = 0, effect: float = 0.7, whole: bool = False) -> dict[str, Any]:
    random = np.random.default_rng(seed)
    x = random.normal(size=n)
    arm = random.choice(["a", "b"], n)
    site = random.choice(["east", "north", "west"], n)
    time = random.exponential(10 * np.exp(-effect * (arm == "a") - 0.4 * x))
    cut = random.uniform(2, 25, n)
    weeks = np.minimum(time, cut)
    weeks = np.ceil(weeks) if whole else weeks
    return {"weeks": weeks, "relapse": np.where(time <= cut, "yes", "no").tolist(), "arm": list(arm), "site": list(site), "x": x}


def run(method: str, columns: dict[str, Any], predictors: tuple[str, ...] = (), **options: Any) -> TestResult:
    return run_method(
        make_dataset(columns), make_design(method, "weeks", predictors, event="relapse", event_level="yes", **options)
    )


def events(columns: dict[str, Any]) -> np.ndarray:
    return (np.array(columns["relapse"]) == "yes").astype(int)


def arm_a(columns: dict[str, Any]) -> np.ndarray:
    return (np.array(columns["arm"]) == "a").astype(float)


def reference_cox(columns: dict[str, Any], x: np.ndarray, **options: Any) -> Any:
    return sm.PHReg(np.asarray(columns["weeks"], dtype=float), x, status=events(columns), ties="efron", **options).fit()


def cox_of(columns: dict[str, Any], predictors: tuple[str, ...], **options: Any) -> Any:
    data = make_dataset(columns)
    design = make_design("cox_regression", "weeks", predictors, event="relapse", event_level="yes", **options)
    return cox_fit(make_sample(data, design), design)[0]


def test_the_leukaemia_trial_has_its_published_numbers() -> None:
    """Log-rank chi-square 16.79 (Kalbfleisch and Prentice 2002, 1.1), median 23 and 8 weeks; Cox by Efron −1.572, error 0.412."""
    found = run("log_rank", leukaemia(), ("arm",), levels=("6-MP", "placebo"))
    assert (found.statistic or 0) ** 2 == pytest.approx(16.79, abs=0.005)
    assert [(group.label, group.n, group.n_success, group.median) for group in found.groups] == [
        ("6-MP", 21, 9, 23.0),
        ("placebo", 21, 21, 8.0),
    ]
    cox = run("cox_regression", leukaemia(), ("arm",), levels=("6-MP", "placebo"))
    assert math.log(cox.effect.value) == pytest.approx(-1.5721, abs=5e-5)
    assert math.log(cox.effect.value) / (cox.statistic or 1) == pytest.approx(0.4124, abs=5e-5)


def test_a_lower_hazard_is_a_longer_duration() -> None:
    """The sign is the duration's, so that a hypothesis of longer times is supported by a ratio below 1."""
    for method in ("log_rank", "cox_regression"):
        found = run(method, leukaemia(), ("arm",), levels=("6-MP", "placebo"))
        assert (found.effect.label, found.effect.value < 1, found.effect.sign) == ("6-MP / placebo", True, 1)
        longer, shorter = (
            run(method, leukaemia(), ("arm",), levels=("6-MP", "placebo"), alternative=one) for one in ("greater", "less")
        )
        assert longer.p_value == pytest.approx((found.p_value or 0) / 2)
        assert (longer.effect.low, shorter.effect.high) == (None, None)
        assert (shorter.p_value or 0) + (longer.p_value or 0) == pytest.approx(1)


@pytest.mark.parametrize("whole", [False, True])
def test_the_log_rank_test_agrees_with_statsmodels(whole: bool) -> None:
    data = study(whole=whole)
    two = run("log_rank", data, ("arm",))
    chi_square, p = survdiff(data["weeks"], events(data), np.array(data["arm"]))
    assert ((two.statistic or 0) ** 2, two.p_value) == (pytest.approx(chi_square, rel=1e-10), pytest.approx(p, rel=1e-9))
    three = run("log_rank", data, ("site",))
    chi_square, p = survdiff(data["weeks"], events(data), np.array(data["site"]))
    assert (three.statistic, three.p_value) == (pytest.approx(chi_square, rel=1e-10), pytest.approx(p, rel=1e-9))
    strata = run("log_rank", data, ("arm",), stratum="site")
    chi_square, _ = survdiff(data["weeks"], events(data), np.array(data["arm"]), strata=np.array(data["site"]))
    assert (strata.statistic or 0) ** 2 == pytest.approx(chi_square, rel=1e-10)


def test_without_ties_the_log_rank_ratio_is_coxs_and_its_interval_decides_as_p_does() -> None:
    for seed in range(12):
        data = study(40, seed, effect=0.5)
        found = run("log_rank", data, ("arm",))
        cox = run("cox_regression", data, ("arm",))
        assert found.effect.value == pytest.approx(cox.effect.value, rel=1e-8)
        assert (found.effect.low > 1 or found.effect.high < 1) == (found.p_value <= 0.05)


@pytest.mark.parametrize("whole", [False, True])
def test_cox_agrees_with_statsmodels_with_and_without_ties_and_strata(whole: bool) -> None:
    data = study(whole=whole)
    x = np.column_stack([arm_a(data), data["x"]])
    fit = reference_cox(data, x)
    found = run("cox_regression", data, ("arm", "x"))
    assert math.log(found.effect.value) == pytest.approx(fit.params[0], rel=1e-7)
    assert found.statistic == pytest.approx(fit.tvalues[0], rel=1e-7)
    assert found.p_value == pytest.approx(fit.pvalues[0], rel=1e-6)
    assert (found.effect.low, found.effect.high) == pytest.approx(tuple(np.exp(fit.conf_int()[0])), rel=1e-6)
    fit = reference_cox(data, x, strata=np.array(data["site"]))
    found = run("cox_regression", data, ("arm", "x"), stratum="site")
    assert (math.log(found.effect.value), found.statistic) == pytest.approx((fit.params[0], fit.tvalues[0]), rel=1e-7)


def test_the_score_and_the_information_are_derivatives_of_the_likelihood() -> None:
    data = study(60, whole=True)
    fit = cox_of(data, ("x", "site"), stratum="arm")
    columns, strata = fit.matrix.columns, fit.strata
    at, step = np.array([0.3, -0.2, 0.1]), 1e-5
    score, information = score_and_information(columns, at, strata)
    for place in range(3):
        move = step * np.eye(3)[place]
        slope = (log_likelihood(columns, at + move, strata) - log_likelihood(columns, at - move, strata)) / (2 * step)
        bend = (score_and_information(columns, at + move, strata)[0] - score_and_information(columns, at - move, strata)[0]) / (
            2 * step
        )
        assert score[place] == pytest.approx(slope, rel=1e-6, abs=1e-6)
        assert information[place] == pytest.approx(-bend, rel=1e-6, abs=1e-6)


def test_residuals_of_the_score_and_of_the_events_sum_to_zero_and_agree() -> None:
    fit = cox_of(study(80, whole=True), ("x", "arm"), stratum="site")
    assert np.sum(score_residuals(fit), axis=0) == pytest.approx(np.zeros(2), abs=1e-9)
    assert np.sum(schoenfeld(fit)[1], axis=0) == pytest.approx(np.zeros(2), abs=1e-9)


def test_score_residuals_are_those_of_statsmodels() -> None:
    data = study(60)
    fit = cox_of(data, ("x",))
    reference = reference_cox(data, fit.matrix.columns)
    assert score_residuals(fit)[:, 0] == pytest.approx(np.asarray(reference.score_residuals)[:, 0], abs=1e-6)
    events_first = np.asarray(reference.schoenfeld_residuals)
    times, residuals = schoenfeld(fit)
    order = np.argsort(times)
    known = ~np.isnan(events_first[:, 0])
    expected = events_first[known, 0][np.argsort(np.asarray(data["weeks"])[known])]
    assert residuals[order, 0] == pytest.approx(expected, abs=1e-6)


def test_a_ratio_that_changes_over_time_is_told_and_one_that_does_not_is_not() -> None:
    random = np.random.default_rng(3)
    x = random.choice([0.0, 1.0], 300)
    fading = np.where(x == 1, 5 * random.weibull(0.6, 300), 5 * random.weibull(2.5, 300))
    crossing = {"weeks": fading, "relapse": ["yes"] * 300, "arm": ["a" if one else "b" for one in x]}
    crossed = cox_of(crossing, ("arm",))
    assert proportionality(crossed).p_value < 1e-6
    assert any("do not look proportional" in said for said in run("log_rank", crossing, ("arm",)).caveats)
    p = [proportionality(cox_of(study(60, seed), ("arm", "x"))).p_value for seed in range(60)]
    assert stats.kstest(p, "uniform").pvalue > 0.01


def test_a_cluster_of_every_row_gives_the_robust_errors_of_lin_and_wei_and_copies_do_not_make_them_smaller() -> None:
    data = {**study(60), "unit": [f"u{place}" for place in range(60)]}
    fit = cox_of(data, ("x",))
    found = run("cox_regression", data, ("x",), cluster="unit")
    scores = score_residuals(fit)[:, 0] * fit.covariance[0, 0] / fit.matrix.scales[0]
    error = math.sqrt(float(scores @ scores) * 60 / 59)
    assert math.log(found.effect.value) / (found.statistic or 1) == pytest.approx(error, rel=1e-9)
    assert found.df == (59.0,)
    doubled = {name: list(cells) * 2 for name, cells in data.items()}
    twice = run("cox_regression", doubled, ("x",), cluster="unit")
    assert math.log(twice.effect.value) / (twice.statistic or 1) == pytest.approx(error, rel=0.05)


def test_kaplan_meier_agrees_with_statsmodels() -> None:
    data = study(whole=True)
    reference = SurvfuncRight(np.asarray(data["weeks"]), events(data))
    found = run("kaplan_meier", data, quantity="quantile")
    assert found.effect.value == reference.quantile(0.5)
    assert (found.effect.low, found.effect.high) == reference.quantile_ci(0.5, method="cloglog")
    shares = run("kaplan_meier", data, quantity="proportion")
    place = np.searchsorted(reference.surv_times, found.effect.value, side="right") - 1
    survival, error = float(reference.surv_prob[place]), float(reference.surv_prob_se[place])
    assert shares.effect.value == pytest.approx(survival)
    reach = stats.norm.isf(0.025) * error / survival / abs(math.log(survival))
    ends = (survival ** math.exp(reach), survival ** math.exp(-reach))
    assert (shares.effect.low, shares.effect.high) == pytest.approx(ends)


def test_a_restricted_mean_without_censoring_is_the_mean() -> None:
    data = {"weeks": [3.0, 5.0, 8.0, 12.0, 13.0, 2.0], "relapse": ["yes"] * 5 + ["yes"], "arm": ["a"] * 6}
    found = run_method(
        make_dataset(data, kinds={"relapse": Kind.BINARY}),
        make_design("kaplan_meier", "weeks", event="relapse", event_level="yes", quantity="mean"),
    )
    assert found.effect.value == pytest.approx(np.mean(data["weeks"]))


def test_survival_of_two_groups_without_censoring_is_a_difference_of_shares_that_decides_as_p_does() -> None:
    data = leukaemia()
    found = run("kaplan_meier", data, ("arm",), levels=("6-MP", "placebo"))
    assert found.effect.label == "6-MP − placebo at 12"
    assert found.terms[1].estimate == pytest.approx(4 / 21)
    assert found.effect.value == pytest.approx(found.terms[0].estimate - found.terms[1].estimate)
    assert found.p_value < 0.05 < 1
    assert found.effect.low > 0
    for seed in range(12):
        one = run("kaplan_meier", study(40, seed), ("arm",))
        assert (one.effect.low > 0 or one.effect.high < 0) == (one.p_value <= 0.05)


def test_a_group_without_events_is_compared_by_its_mean() -> None:
    data = {"weeks": [float(n) for n in range(1, 21)], "relapse": ["yes"] * 10 + ["no"] * 10, "arm": ["b"] * 10 + ["a"] * 10}
    found = run("log_rank", data, ("arm",), levels=("a", "b"))
    assert found.effect.name == "difference of restricted mean survival"
    assert (found.p_value or 1) < 0.001
    assert any("no finite value" in said for said in found.caveats)
    with pytest.raises(NotApplicable, match="no maximum"):
        run("cox_regression", data, ("arm",), levels=("a", "b"))


REFUSED = {
    "a duration of zero": ({"weeks": [0.0, *study()["weeks"][1:]]}, "zero or below in 1 rows"),
    "no event": ({"relapse": ["no"] * 119 + ["maybe"]}, "no level called yes|No row has the event"),
}


@pytest.mark.parametrize(("case", "method"), product(REFUSED, ("log_rank", "kaplan_meier", "cox_regression")))
def test_what_is_no_follow_up_is_refused(case: str, method: str) -> None:
    changed, said = REFUSED[case]
    with pytest.raises(NotApplicable, match=said):
        run(method, {**study(), **changed}, ("arm",))


def test_units_levels_and_order_change_nothing_else() -> None:
    data = study(50)
    order = np.random.default_rng(1).permutation(50)
    moved = {name: [cells[place] for place in order] for name, cells in data.items()}
    for method in ("log_rank", "cox_regression", "kaplan_meier"):
        here = run(method, data, ("arm",), levels=("a", "b"))
        there = run(method, {**moved, "weeks": [7 * week for week in moved["weeks"]]}, ("arm",), levels=("a", "b"))
        turned = run(method, data, ("arm",), levels=("b", "a"))
        assert there.p_value == pytest.approx(here.p_value, rel=1e-7)
        assert there.effect.value == pytest.approx(here.effect.value, rel=1e-7)
        assert (turned.p_value, turned.effect.sign) == (pytest.approx(here.p_value, rel=1e-7), -here.effect.sign)


def test_five_in_a_hundred_are_significant_without_an_effect() -> None:
    found = dict.fromkeys(("log_rank", "kaplan_meier", "cox_regression"), 0)
    for seed, method in product(range(200), found):
        found[method] += run(method, study(40, seed, effect=0.0), ("arm",)).p_value <= 0.05
    assert all(3 <= n <= 20 for n in found.values()), found


def card() -> DataCard:
    def levels(name: str, *names: str) -> ColumnCard:
        kind = Kind.BINARY if len(names) == 2 else Kind.NOMINAL
        found = tuple(Level(name=one, n=100 // len(names)) for one in names)
        return ColumnCard(name=name, kind=kind, missing=0, distinct=len(names), levels=found)

    columns = [ColumnCard(name=name, kind=Kind.CONTINUOUS, missing=0, distinct=90, low=1.0, high=9.0) for name in ("weeks", "x")]
    more = (levels("relapse", "no", "yes"), levels("arm", "a", "b"), levels("site", "e", "n", "w"))
    return DataCard(name="d.csv", path="d.csv", sha256="0" * 64, format="csv", rows=100, columns=(*columns, *more))


CHOSEN = [
    ("compare", ("arm",), (), "log_rank"),
    ("compare", ("site",), (), "log_rank"),
    ("affect", ("arm",), ("x",), "cox_regression"),
    ("associate", ("x",), (), "cox_regression"),
    ("estimate", (), (), "kaplan_meier"),
]


@pytest.mark.parametrize(("task", "predictors", "covariates", "method"), CHOSEN)
def test_a_duration_with_an_event_is_never_taken_for_a_complete_one(
    task: str, predictors: tuple[str, ...], covariates: tuple[str, ...], method: str
) -> None:
    target = Target(dataset="d.csv", outcome="weeks", predictors=predictors, event="relapse", event_level="yes", quantity=None)
    expects = "estimate" if task == "estimate" else "effect"
    choices = applicable_methods(card(), StudySheet(), task, expects, target, covariates)
    assert choices[0].method == method
    assert all(CATALOGUE[choice.method].needs.event for choice in choices)

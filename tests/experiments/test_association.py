"""Correlations."""

from __future__ import annotations

import math
from itertools import combinations, permutations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.diagnostic import het_breuschpagan, het_white

from kosmos_graph.domain.results import TestResult
from kosmos_graph.experiments.catalogue.association import tau_error
from kosmos_graph.experiments.method import NotApplicable
from tests.experiments.factories import make_dataset, make_design, run_method

ANSCOMBE_X = [10.0, 8.0, 13.0, 9.0, 11.0, 14.0, 6.0, 4.0, 12.0, 7.0, 5.0]
ANSCOMBE_Y = [8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68]
METHODS = ("pearson", "spearman", "kendall")


def correlate(method: str, x: Any, y: Any, **options: Any) -> TestResult:
    return run_method(make_dataset({"x": list(x), "y": list(y)}), make_design(method, "y", ("x",), **options))


def noisy(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    x, z = random.normal(size=n), random.normal(size=n)
    return x, 0.5 * x - 0.7 * z + random.normal(size=n), z


def test_anscombes_quartet_has_the_published_correlation_and_slope() -> None:
    """Anscombe 1973, Am Stat 27:17: r = 0.816, slope 0.500."""
    found = correlate("pearson", ANSCOMBE_X, ANSCOMBE_Y)
    assert found.effect.value == pytest.approx(0.81642051634484, rel=1e-12)
    slope = found.other_effects[0]
    assert (slope.name, slope.value) == ("slope", pytest.approx(0.500090909090909, rel=1e-12))


@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
def test_pearson_agrees_with_scipy(alternative: str) -> None:
    x, y, _ = noisy(40)
    found, expected = correlate("pearson", x, y, alternative=alternative), stats.pearsonr(x, y, alternative=alternative)
    assert found.effect.value == pytest.approx(expected.statistic, rel=1e-12)
    assert found.p_value == pytest.approx(expected.pvalue, rel=1e-9)
    interval = expected.confidence_interval(0.95)
    assert (found.effect.low, found.effect.high) == pytest.approx((interval.low, interval.high), rel=1e-9)
    assert found.df == (38.0,)


@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
def test_spearman_agrees_with_scipy(alternative: str) -> None:
    x, y, _ = noisy(40)
    found, expected = correlate("spearman", x, np.round(y), alternative=alternative), stats.spearmanr(
        x, np.round(y), alternative=alternative
    )  # fmt: skip
    assert found.effect.value == pytest.approx(expected.statistic, rel=1e-12)
    assert found.p_value == pytest.approx(expected.pvalue, rel=1e-9)


def test_spearmans_interval_is_bonett_and_wrights() -> None:
    found = correlate("spearman", ANSCOMBE_X, ANSCOMBE_Y)
    rho = stats.spearmanr(ANSCOMBE_X, ANSCOMBE_Y).statistic
    half = stats.norm.ppf(0.975) * math.sqrt((1 + rho**2 / 2) / (11 - 3))
    expected = math.tanh(math.atanh(rho) - half), math.tanh(math.atanh(rho) + half)
    assert (found.effect.low, found.effect.high) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
def test_kendall_agrees_with_scipy(alternative: str) -> None:
    x, y, _ = noisy(25)
    found, expected = correlate("kendall", x, y, alternative=alternative), stats.kendalltau(x, y, alternative=alternative)
    assert found.effect.value == pytest.approx(expected.statistic, rel=1e-12)
    assert found.p_value == pytest.approx(expected.pvalue, rel=1e-9)


def test_tau_b_counts_pairs() -> None:
    x, y = [1, 2, 2, 3, 4, 5], [2, 1, 3, 3, 5, 4]
    products = [np.sign((x[i] - x[j]) * (y[i] - y[j])) for i, j in combinations(range(6), 2)]
    untied = [sum(values[i] != values[j] for i, j in combinations(range(6), 2)) for values in (x, y)]
    assert correlate("kendall", x, y).effect.value == pytest.approx(sum(products) / math.sqrt(untied[0] * untied[1]), rel=1e-12)


def test_partial_correlation_of_one_covariate_is_the_textbook_formula() -> None:
    x, y, z = noisy(50)
    found = run_method(make_dataset({"x": x, "y": y, "z": z}), make_design("partial_correlation", "y", ("x",), covariates=("z",)))
    (xy, xz), yz = (np.corrcoef(x, other)[0, 1] for other in (y, z)), np.corrcoef(y, z)[0, 1]
    expected = (xy - xz * yz) / math.sqrt((1 - xz**2) * (1 - yz**2))
    assert found.effect.value == pytest.approx(expected, rel=1e-9)
    t = expected * math.sqrt(47 / (1 - expected**2))
    assert (found.statistic, found.df) == (pytest.approx(t, rel=1e-9), (47.0,))
    assert found.p_value == pytest.approx(2 * stats.t.sf(abs(t), 47), rel=1e-9)
    half = stats.norm.ppf(0.975) / math.sqrt(50 - 1 - 3)
    assert found.effect.low == pytest.approx(math.tanh(math.atanh(expected) - half), rel=1e-9)


def test_partial_correlation_clears_categorical_covariates() -> None:
    x, y, _ = noisy(60)
    group = np.array(["a", "b", "c"] * 20)
    shift = np.where(group == "a", 5.0, np.where(group == "b", -3.0, 0.0))
    dataset = make_dataset({"x": x + shift, "y": y + shift, "g": list(group)})
    found = run_method(dataset, make_design("partial_correlation", "y", ("x",), covariates=("g",)))

    def cleared(values: np.ndarray) -> np.ndarray:
        return values - np.array([values[group == level].mean() for level in group])

    assert found.effect.value == pytest.approx(np.corrcoef(cleared(x), cleared(y))[0, 1], rel=1e-9)


def test_partial_correlation_needs_a_covariate() -> None:
    with pytest.raises(NotApplicable, match="needs a covariate"):
        correlate("partial_correlation", *noisy(20)[:2])


def test_ordered_levels_are_ranked_in_their_order() -> None:
    sizes = ["small", "medium", "large"] * 4
    dataset = make_dataset(
        {"size": sizes, "y": [1, 2, 3, 2, 3, 1, 1, 2, 4, 2, 2, 5]}, orders={"size": ["small", "medium", "large"]}
    )
    found = run_method(dataset, make_design("kendall", "y", ("size",)))
    codes = [("small", "medium", "large").index(size) for size in sizes]
    assert found.effect.value == pytest.approx(stats.kendalltau(codes, [1, 2, 3, 2, 3, 1, 1, 2, 4, 2, 2, 5]).statistic, rel=1e-12)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("column", ["x", "y"])
def test_a_constant_variable_is_refused(method: str, column: str) -> None:
    values = {"x": np.arange(12.0), "y": np.arange(12.0) ** 2, column: np.full(12, 0.1)}
    with pytest.raises(NotApplicable, match=f"{column} has the same value"):
        correlate(method, values["x"], values["y"])


def test_rows_exactly_on_a_line_are_refused() -> None:
    celsius = np.round(np.random.default_rng(0).normal(15, 8, 30), 1)
    with pytest.raises(NotApplicable, match="exactly on a line"):
        correlate("pearson", celsius, 32 + 1.8 * celsius)


def test_an_almost_perfect_correlation_keeps_its_digits() -> None:
    x = np.arange(20.0)
    wiggle = np.where(np.arange(20) % 2 == 0, 1e-9, -1e-9)
    found = correlate("pearson", x, x + wiggle)
    assert found.statistic is not None
    assert 1e9 < found.statistic < 1e11
    assert found.effect.high == pytest.approx(1.0)


def test_a_perfect_order_has_the_p_of_counting_orders() -> None:
    found = correlate("spearman", range(6), [1, 2, 4, 8, 16, 32])
    assert (found.effect.value, found.p_value) == (pytest.approx(1.0), pytest.approx(2 / math.factorial(6)))
    assert (found.effect.low, found.effect.high) == (None, None)
    assert correlate("spearman", range(6), [1, 2, 4, 8, 16, 32], alternative="less").p_value == 1.0


def test_a_perfect_tau_has_no_interval() -> None:
    found = correlate("kendall", range(8), [2**i for i in range(8)])
    assert (found.effect.value, found.effect.low, found.effect.high) == (1.0, None, None)


def test_delta_is_not_held_against_a_correlation() -> None:
    found = correlate("pearson", *noisy(30)[:2], delta=0.3)
    assert found.equivalence is None
    assert any("correlation" in caveat for caveat in found.caveats)


@pytest.mark.parametrize("method", METHODS)
@settings(deadline=None, max_examples=15)
@given(scale=st.floats(1e-6, 1e6), shift=st.floats(-1e6, 1e6), seed=st.integers(0, 50))
def test_units_and_origins_do_not_matter(method: str, scale: float, shift: float, seed: int) -> None:
    x, y, _ = noisy(20, seed)
    found, moved = correlate(method, x, y), correlate(method, x * scale, y * 1.8 + 32 + shift * 1e-3)
    assert moved.effect.value == pytest.approx(found.effect.value, rel=1e-6, abs=1e-9)
    assert moved.p_value == pytest.approx(found.p_value, rel=1e-5)


@pytest.mark.parametrize("method", METHODS)
@settings(deadline=None, max_examples=10)
@given(seed=st.integers(0, 50))
def test_correlation_is_symmetric_and_changes_sign_with_a_variable(method: str, seed: int) -> None:
    x, y, _ = noisy(20, seed)
    found, swapped, turned = correlate(method, x, y), correlate(method, y, x), correlate(method, x, -y)
    assert swapped.effect.value == pytest.approx(found.effect.value, rel=1e-9)
    assert turned.effect.value == pytest.approx(-found.effect.value, rel=1e-9)
    assert turned.p_value == pytest.approx(found.p_value, rel=1e-9)


def test_detectable_correlation_is_the_textbook_one() -> None:
    """n = 84 detects r = 0.3 with 80 % power at 5 % (Hulley et al. 2013, Designing Clinical Research, table 6C: 85)."""
    found = correlate("pearson", *noisy(85)[:2])
    assert found.minimum_detectable == pytest.approx(0.30, abs=0.002)


def ordinal_pairs(generator: np.random.Generator, n: int, rho: float) -> tuple[np.ndarray, np.ndarray]:
    """Two columns of four levels, most rows at the lowest ones, cut from normal ones."""
    x = generator.normal(size=n)
    y = rho * x + math.sqrt(1 - rho**2) * generator.normal(size=n)
    return np.digitize(x, (0.25, 0.84, 1.28)).astype(float), np.digitize(y, (0.25, 0.84, 1.28)).astype(float)


@pytest.mark.parametrize("rho", [0.0, 0.6])
def test_the_interval_of_tau_holds_it_among_many_ties(rho: float) -> None:
    """Fieller, Hartley and Pearson's alone, made for values without ties, held it in 83 to 88 of 100 samples."""
    generator = np.random.default_rng(11)
    truth = stats.kendalltau(*ordinal_pairs(generator, 100_000, rho)).statistic
    effects = [correlate("kendall", *ordinal_pairs(generator, 40, rho)).effect for _ in range(300)]
    assert np.mean([one.low <= truth <= one.high for one in effects]) > 0.92


def test_the_error_of_tau_is_that_of_leaving_rows_out() -> None:
    x, y = (np.minimum(codes, 1) for codes in ordinal_pairs(np.random.default_rng(12), 200, 0.95))
    x = np.where(x + y == 2, 1.0, 0.0)
    tau = stats.kendalltau(x, y).statistic
    without = [stats.kendalltau(np.delete(x, row), np.delete(y, row)).statistic for row in range(200)]
    assert tau_error(x, y, tau) == pytest.approx(math.sqrt(199 / 200 * np.sum((without - np.mean(without)) ** 2)), rel=0.03)


def test_the_error_of_tau_of_many_rows_is_judged_by_some_of_them() -> None:
    x, y = ordinal_pairs(np.random.default_rng(13), 16_000, 0.5)
    tau = stats.kendalltau(x, y).statistic
    assert tau_error(x, y, tau) == pytest.approx(tau_error(x[:4000], y[:4000], tau) / 2, rel=0.1)


def test_the_p_of_spearman_keeps_its_size_in_few_rows() -> None:
    """Student's t gives 10 of the 120 orders of five rows a p of at most 0.05."""
    p = np.array([correlate("spearman", range(5), order).p_value for order in permutations(range(5))])
    assert np.mean(p <= 0.05) <= 0.05


@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
def test_the_p_of_spearman_counts_orders(alternative: str) -> None:
    x, y = [1.0, 2, 3, 4, 5, 6, 6], [2.0, 1, 4, 4, 3, 7, 5]
    rho = [stats.spearmanr(x, order).statistic for order in permutations(y)]
    seen = stats.spearmanr(x, y).statistic
    above, below = np.mean(np.array(rho) >= seen - 1e-9), np.mean(np.array(rho) <= seen + 1e-9)
    expected = {"two-sided": 2 * min(above, below), "greater": above, "less": below}[alternative]
    assert correlate("spearman", x, y, alternative=alternative).p_value == pytest.approx(expected, rel=1e-12)


def spread_at_both_ends(method: str, seed: int) -> TestResult:
    """Of y, whose mean does not depend on x."""
    generator = np.random.default_rng(seed)
    x, noise, z = (generator.normal(size=60) for _ in range(3))
    columns, covariates = {"x": x, "y": noise * np.abs(x), "z": z}, () if method == "pearson" else ("z",)
    return run_method(make_dataset(columns), make_design(method, "y", ("x",), covariates=covariates))


@pytest.mark.parametrize("method", ["pearson", "partial_correlation"])
def test_where_the_spread_grows_at_both_ends_a_correlation_says_so(method: str) -> None:
    """Of the quarter that is correlated at 5 %, a test of spread that is linear in x leaves most without a word."""
    found = [one for one in (spread_at_both_ends(method, seed) for seed in range(150)) if one.p_value <= 0.05]
    assert len(found) / 150 > 0.2
    told = [any("spread of y changes" in caveat for caveat in one.caveats) for one in found]
    apart = [any("different sides of 0.05" in caveat for caveat in one.caveats) for one in found]
    assert sum(not (one or other) for one, other in zip(told, apart, strict=True)) / 150 < 0.05
    assert apart == [one.terms[0].p_value > 0.05 for one in found]
    assert any(apart)


def test_the_test_of_spread_is_whites_and_of_two_values_the_linear_one() -> None:
    x, y, _ = noisy(40)
    columns = np.column_stack([np.ones(40), x])
    residuals = y - columns @ np.linalg.lstsq(columns, y, rcond=None)[0]
    assert correlate("pearson", x, y).measures[0].value == pytest.approx(het_white(residuals, columns)[1], rel=1e-9)
    two = np.arange(40) % 2.0
    columns = np.column_stack([np.ones(40), two])
    residuals = y - columns @ np.linalg.lstsq(columns, y, rcond=None)[0]
    assert correlate("pearson", two, y).measures[0].value == pytest.approx(het_breuschpagan(residuals, columns)[1], rel=1e-9)


@pytest.mark.parametrize("method", ["pearson", "partial_correlation"])
def test_where_the_spread_grows_along_the_line_a_correlation_says_so_and_the_slope_beside_it_holds(method: str) -> None:
    """The mean of y does not depend on x; the t of the correlation finds about one in three."""
    generator, found = np.random.default_rng(21), []
    covariates = ("z",) if method == "partial_correlation" else ()
    for _ in range(150):
        x = generator.exponential(size=120)
        columns = {"x": x, "y": generator.normal(size=120) * (0.3 + x), "z": generator.normal(size=120)}
        found.append(run_method(make_dataset(columns), make_design(method, "y", ("x",), covariates=covariates)))
    told = [any("spread of y changes with x" in caveat for caveat in one.caveats) for one in found]
    assert np.mean([one.p_value <= 0.05 for one in found]) > 0.2
    assert np.mean([one.terms[0].p_value <= 0.05 for one in found]) < 0.12
    assert np.mean(told) > 0.95
    assert told == [one.measures[0].value <= 0.05 for one in found]
    even = {name: generator.normal(size=120) for name in ("x", "y", "z")}
    alike = run_method(make_dataset(even), make_design(method, "y", ("x",), covariates=covariates))
    assert not any("spread of y" in caveat for caveat in alike.caveats)
    (term,), slope = alike.terms, alike.other_effects[-1]
    assert (term.estimate, term.low, term.high) == (slope.value, slope.low, slope.high)

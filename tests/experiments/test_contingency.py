"""Chi-square tests of tables and McNemar's test."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar

from kosmos_graph.data.dataset import Dataset
from kosmos_graph.domain.results import TestResult
from kosmos_graph.experiments.catalogue.proportion_intervals import newcombe_paired, paired_equivalence, tango_statistic
from kosmos_graph.experiments.method import NotApplicable
from tests.experiments.factories import make_dataset, make_design, run_method

Z = float(stats.norm.ppf(0.975))
PARTY = [[762, 484], [327, 239], [468, 477]]
"""Party identification by gender (Agresti 2007, table 2.5): Democrat, Independent, Republican by female, male."""


def table_dataset(table: list[list[int]]) -> Dataset:
    rows = [(f"r{i}", f"c{j}") for i, line in enumerate(table) for j, count in enumerate(line) for _ in range(count)]
    return make_dataset({"outcome": [row for row, _ in rows], "group": [column for _, column in rows]})


def chi_square(table: list[list[int]], **options: Any) -> TestResult:
    return run_method(table_dataset(table), make_design("chi_square", "outcome", ("group",), **options))


def paired(counts: tuple[int, int, int, int], **options: Any) -> TestResult:
    both, first, second, neither = counts
    after = ["yes"] * (both + first) + ["no"] * (second + neither)
    before = ["yes"] * both + ["no"] * first + ["yes"] * second + ["no"] * neither
    design = make_design("mcnemar", "after", baseline="before", success="yes", **options)
    return run_method(make_dataset({"after": after, "before": before}), design)


def test_chi_square_of_party_by_gender_is_the_published_one() -> None:
    """Agresti 2007, section 2.4: X² = 30.1, df = 2; standardised residuals of female Democrats 4.5, of Republicans −5.3."""
    found = chi_square(PARTY)
    assert found.statistic == pytest.approx(30.07, abs=0.005)
    assert found.df == (2.0,)
    residuals = [round(term.estimate, 2) for term in found.terms]
    assert residuals == [4.5, -4.5, 0.7, -0.7, -5.32, 5.32]
    assert [term.n for term in found.terms] == [762, 484, 327, 239, 468, 477]


@settings(deadline=None, max_examples=25)
@given(st.integers(2, 4), st.integers(2, 4), st.data())
def test_chi_square_agrees_with_scipy(rows: int, columns: int, data: st.DataObject) -> None:
    table = [[data.draw(st.integers(1, 30)) for _ in range(columns)] for _ in range(rows)]
    found, expected = chi_square(table), stats.chi2_contingency(table, correction=False)
    assert found.statistic == pytest.approx(expected.statistic, rel=1e-9, abs=1e-12)
    assert found.p_value == pytest.approx(expected.pvalue, rel=1e-9)
    assert found.effect.low is not None
    assert found.effect.high is not None
    assert 0 <= found.effect.low <= found.effect.value + 1e-9 <= found.effect.high + 2e-9 <= 1 + 3e-9


def test_v_is_bergsmas_and_undirected() -> None:
    found, n = chi_square(PARTY), np.sum(PARTY)
    corrected = (found.statistic or 0) / n - 2 * 1 / (n - 1)
    sides = min(3 - 2**2 / (n - 1), 2 - 1 / (n - 1)) - 1
    assert found.effect.value == pytest.approx(math.sqrt(corrected / sides), rel=1e-12)
    assert not found.effect.directed


def test_the_interval_of_v_inverts_the_noncentral_distribution() -> None:
    found, n = chi_square(PARTY), int(np.sum(PARTY))
    sides = min(3 - 2**2 / (n - 1), 2 - 1 / (n - 1)) - 1
    for end, area in ((found.effect.low, 0.975), (found.effect.high, 0.025)):
        noncentrality = (end or 0) ** 2 * n * sides
        assert stats.ncx2.cdf(found.statistic, 2, noncentrality) == pytest.approx(area, abs=1e-8)


def test_chi_square_does_not_depend_on_the_order_of_levels() -> None:
    found, turned = chi_square(PARTY), chi_square([line[::-1] for line in PARTY[::-1]])
    assert turned.statistic == pytest.approx(found.statistic, rel=1e-12)
    assert turned.effect.value == pytest.approx(found.effect.value, rel=1e-12)


def test_levels_that_do_not_occur_are_no_margin() -> None:
    dataset = make_dataset(
        {"outcome": ["x", "y"] * 10, "group": ["a"] * 9 + ["b"] * 11}, orders={"outcome": ["x", "y", "never"], "group": ["a", "b"]}
    )
    found = run_method(dataset, make_design("chi_square", "outcome", ("group",)))
    assert found.df == (1.0,)


def test_a_constant_variable_is_refused() -> None:
    with pytest.raises(NotApplicable, match="the same in every row"):
        chi_square([[10, 12], [0, 0]])


def test_a_one_sided_chi_square_is_refused() -> None:
    with pytest.raises(NotApplicable, match="no direction"):
        chi_square(PARTY, alternative="greater")


def test_as_many_levels_as_rows_are_refused() -> None:
    with pytest.raises(NotApplicable):
        chi_square(np.eye(6, dtype=int).tolist())


def test_detectable_v_has_80_percent_power() -> None:
    found, n = chi_square(PARTY), int(np.sum(PARTY))
    sides = min(3 - 2**2 / (n - 1), 2 - 1 / (n - 1)) - 1
    power = stats.ncx2.sf(stats.chi2.isf(0.05, 2), 2, (found.minimum_detectable or 0) ** 2 * n * sides)
    assert power == pytest.approx(0.8, abs=1e-8)


@pytest.mark.parametrize(
    ("counts", "low", "high"),
    [((36, 12, 2, 0), 0.0569, 0.3404), ((20, 12, 2, 16), 0.0562, 0.3292), ((54, 0, 0, 0), -0.0664, 0.0664)],
)
def test_newcombe_gives_the_published_paired_intervals(counts: tuple[int, int, int, int], low: float, high: float) -> None:
    """Newcombe 1998, Stat Med 17:2635, table III, method 10."""
    assert newcombe_paired(counts, Z) == pytest.approx((low, high), abs=5e-5)


def test_tango_gives_the_published_statistic() -> None:
    """Tango 1998, Stat Med 17:891: disinfection of contact lenses, 44 pairs, one discordant, margin 0.1: Z = 1.709."""
    assert tango_statistic((43, 0, 1, 0), -0.1) == pytest.approx(1.709, abs=5e-4)


def test_mcnemar_agrees_with_statsmodels_and_the_published_difference() -> None:
    """Agresti 2007, table 8.1: higher taxes or lower living standards, 227 of 334 discordant pairs: 132 and 107."""
    counts = (227, 132, 107, 678)
    found = paired(counts)
    assert found.p_value == pytest.approx(mcnemar([[227, 132], [107, 678]], exact=True).pvalue, rel=1e-9)
    assert found.effect.value == pytest.approx(0.0219, abs=5e-5)
    assert found.effect.label == "after − before"
    assert [group.n_success for group in found.groups] == [359, 334]


def test_mcnemar_is_exact_however_many_pairs_are_discordant() -> None:
    assert paired((50, 400, 300, 50)).p_value == pytest.approx(stats.binomtest(400, 700).pvalue, rel=1e-12)


def test_one_sided_mcnemar_looks_at_the_named_side() -> None:
    counts = (10, 9, 2, 10)
    assert paired(counts, alternative="greater").p_value == pytest.approx(stats.binom.sf(8, 11, 0.5), rel=1e-12)
    assert paired(counts, alternative="less").p_value == pytest.approx(stats.binom.cdf(9, 11, 0.5), rel=1e-12)


def test_pairs_that_all_agree_show_no_change() -> None:
    found = paired((20, 0, 0, 20), delta=0.2)
    assert (found.p_value, found.effect.value, found.other_effects) == (1.0, 0.0, ())
    assert found.equivalence is not None
    assert found.equivalence.p_value < 0.05


def test_pairs_that_are_all_alike_are_refused() -> None:
    with pytest.raises(NotApplicable, match="nothing to compare"):
        paired((20, 0, 0, 0))


def test_measurements_with_different_levels_are_refused() -> None:
    dataset = make_dataset({"after": ["yes", "no"] * 5, "before": ["Y", "N"] * 5})
    with pytest.raises(NotApplicable, match="same levels"):
        run_method(dataset, make_design("mcnemar", "after", baseline="before", success="yes"))


def test_the_conditional_odds_ratio_has_the_clopper_pearson_interval() -> None:
    found = paired((227, 132, 107, 678)).other_effects[0]
    low, high = stats.binomtest(132, 239).proportion_ci(0.95, method="exact")
    assert (found.value, found.low, found.high) == pytest.approx((132 / 107, low / (1 - low), high / (1 - high)), rel=1e-9)


@settings(deadline=None, max_examples=25)
@given(st.tuples(*[st.integers(0, 30)] * 4).filter(lambda counts: sum(counts) > 4))
def test_swapping_the_measurements_turns_everything_around(counts: tuple[int, int, int, int]) -> None:
    swapped = (counts[0], counts[2], counts[1], counts[3])
    low, high = newcombe_paired(counts, Z)
    assert newcombe_paired(swapped, Z) == pytest.approx((-high, -low), abs=1e-12)
    here, there = paired_equivalence(counts, 0.2, 0.05), paired_equivalence(swapped, 0.2, 0.05)
    assert here is not None
    assert there is not None
    assert here.p_value == pytest.approx(there.p_value, rel=1e-9, abs=1e-15)


@pytest.mark.parametrize(("hits", "said"), [(20, False), (21, True), (22, False)])
def test_a_significant_test_beside_an_interval_from_zero_says_why(hits: int, said: bool) -> None:
    outcomes = ["u"] * hits + ["v"] * (30 - hits) + ["u"] * 12 + ["v"] * 18 + ["u"] * 13 + ["v"] * 17
    groups = ["a"] * 30 + ["b"] * 30 + ["c"] * 30
    result = run_method(make_dataset({"y": outcomes, "g": groups}), make_design("chi_square", "y", ("g",)))
    assert (result.p_value <= 0.05) == (hits > 20)
    assert (result.effect.low == 0) == (hits < 22)
    assert any("one tail" in caveat for caveat in result.caveats) == said

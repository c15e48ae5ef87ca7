"""Repeated measurements against scipy and formulas written out."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from kosmos_graph.domain.data_card import Kind
from kosmos_graph.experiments.method import NotApplicable
from tests.experiments.factories import make_dataset, make_design, run_method

BOTH = ("repeated_measures_anova", "friedman")


def values(n=15, k=4, seed=0, shift=0.4):
    draw = np.random.default_rng(seed)
    return draw.normal(size=(n, k)) + 2 * draw.normal(size=(n, 1)) + shift * np.arange(k)


def long(table, names="ABCDEFGHIJ"):
    n, k = table.shape
    columns = {
        "y": list(table.ravel()),
        "t": [names[place] for _ in range(n) for place in range(k)],
        "u": [f"u{unit}" for unit in range(n) for _ in range(k)],
    }
    return make_dataset(columns, kinds={"u": Kind.IDENTIFIER})


def run(method, table, **more):
    return run_method(long(table), make_design(method, "y", ("t",), pair="u", **more))


def test_f_is_that_of_two_way_sums_of_squares_and_epsilon_is_greenhouse_and_geissers():
    table = values()
    n, k = table.shape
    rows, columns = table.mean(axis=1, keepdims=True), table.mean(axis=0, keepdims=True)
    within = np.sum((table - rows - columns + table.mean()) ** 2) / ((n - 1) * (k - 1))
    expected = n * np.sum((columns - table.mean()) ** 2) / (k - 1) / within
    s = np.cov(table, rowvar=False)
    doubly = s - s.mean(0) - s.mean(1)[:, np.newaxis] + s.mean()
    epsilon = np.trace(doubly) ** 2 / ((k - 1) * np.sum(doubly**2))
    result = run("repeated_measures_anova", table)
    assert result.statistic == pytest.approx(expected, rel=1e-9)
    assert result.df == pytest.approx((epsilon * (k - 1), epsilon * (k - 1) * (n - 1)), rel=1e-9)
    assert result.p_value == pytest.approx(stats.f.sf(result.statistic, *result.df), rel=1e-9)


def test_pairs_are_paired_t_tests_with_holms_correction():
    table = values(k=3)
    terms = run("repeated_measures_anova", table).terms
    raw = [stats.ttest_rel(table[:, a], table[:, b]) for a, b in ((0, 1), (0, 2), (1, 2))]
    assert [term.statistic for term in terms] == pytest.approx([found.statistic for found in raw], rel=1e-9)
    smallest = min(range(3), key=lambda place: raw[place].pvalue)
    assert terms[smallest].p_value == pytest.approx(min(1.0, 3 * raw[smallest].pvalue), rel=1e-8)
    assert [term.name for term in terms] == ["A − B", "A − C", "B − C"]


def test_chi_square_and_w_are_friedmans_and_kendalls_with_ties():
    table = np.round(values())
    expected = stats.friedmanchisquare(*table.T)
    result = run("friedman", table)
    n, k = table.shape
    assert result.terms[0].statistic == pytest.approx(expected.statistic, rel=1e-10)
    assert result.terms[0].p_value == pytest.approx(expected.pvalue, rel=1e-9)
    assert result.effect.value == pytest.approx(expected.statistic / (n * (k - 1)), rel=1e-10)
    assert result.effect.low < result.effect.value < result.effect.high


def test_dunns_pairs_have_the_error_of_mean_ranks_without_ties():
    table = values()
    n, k = table.shape
    ranks = stats.rankdata(table, axis=1).mean(axis=0)
    term = run("friedman", table).terms[1]
    assert term.statistic == pytest.approx((ranks[0] - ranks[1]) / np.sqrt(k * (k + 1) / (6 * n)), rel=1e-10)


@pytest.mark.parametrize("method", BOTH)
def test_the_order_of_rows_and_what_is_added_to_a_unit_change_nothing(method):
    table = values()
    one, other = run(method, table), run(method, 3 * (table + 100 * np.arange(15)[:, np.newaxis])[::-1])
    assert other.statistic == pytest.approx(one.statistic, rel=1e-8)
    assert other.effect.value == pytest.approx(one.effect.value, rel=1e-8)


@pytest.mark.parametrize("method", BOTH)
def test_equal_levels_are_told_apart_at_most_one_time_in_twenty_whatever_the_spreads(method):
    found = []
    for seed in range(300):
        draw = np.random.default_rng(seed)
        table = draw.normal(size=(10, 4)) * [1, 1.5, 2, 2.5] + draw.normal(size=(10, 1))
        found.append(run(method, table).p_value <= 0.05)
    assert 0.005 < np.mean(found) < 0.08


def test_units_that_all_rank_alike_have_the_least_p_that_there_can_be():
    result = run("friedman", np.arange(3) + 10.0 * np.arange(6)[:, np.newaxis])
    assert (result.effect.value, result.statistic) == (1.0, None)
    assert result.p_value == pytest.approx(6.0**-5, rel=1e-12)


@pytest.mark.parametrize("method", BOTH)
def test_a_unit_without_all_levels_is_left_out_and_counted(method):
    table = values()
    table[3, 2] = np.nan
    result = run(method, table)
    assert result.n_analysed == 14 * 4
    assert {exclusion.reason for exclusion in result.exclusions} == {"missing", "unpaired"}


@pytest.mark.parametrize(
    ("method", "table", "match"),
    [
        ("repeated_measures_anova", np.arange(3) + 10.0 * np.arange(6)[:, np.newaxis], "same amounts"),
        ("repeated_measures_anova", np.ones((6, 3)), "All values"),
        ("friedman", np.ones((6, 3)) * np.arange(6)[:, np.newaxis], "nothing to rank"),
        ("friedman", values(n=4), "Complete units left"),
        ("friedman", values(k=2), "Three or more levels"),
    ],
)
def test_degenerate_tables_are_refused_with_a_sentence(method, table, match):
    with pytest.raises(NotApplicable, match=match):
        run(method, table)


@pytest.mark.parametrize("method", BOTH)
def test_a_difference_anywhere_has_no_direction(method):
    with pytest.raises(NotApplicable, match="no direction"):
        run(method, values(), alternative="greater")

"""Rank methods against published values, scipy, and brute force."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from kosmos_graph.data.decimals import difference
from kosmos_graph.experiments.catalogue import order_statistics
from kosmos_graph.experiments.catalogue.order_statistics import (
    pairwise_differences,
    rank_sum_distribution,
    signed_rank_distribution,
    walsh_averages,
)
from kosmos_graph.experiments.catalogue.relabelling import Reference
from kosmos_graph.experiments.catalogue.stochastic import (
    least_p,
    reference_for,
    superiority,
    superiority_ends,
    superiority_p,
)
from kosmos_graph.experiments.method import Context, NotApplicable
from tests.experiments.factories import make_context, make_dataset, make_design, pair_columns, run_method, two_columns

DEPRESSION_BEFORE = [1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30]
DEPRESSION_AFTER = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29]
"""Hollander and Wolfe 1973, p. 29: Hamilton depression scale factor, as in the help of R's wilcox.test."""
PERMEABILITY_A = [0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46]
PERMEABILITY_B = [1.15, 0.88, 0.90, 0.74, 1.21]
"""Hollander and Wolfe 1973, p. 69: permeability of the human chorioamnion, as in the help of R's wilcox.test."""
PAIN_A = [1, 2, 1, 1, 1, 1, 1, 1, 1, 1, 2, 4, 1, 1]
PAIN_B = [3, 3, 4, 3, 1, 2, 3, 1, 1, 5, 4]
"""Brunner and Munzel 2000, Biom J 42:17: pain scores, as in the help of R's lawstat."""

numbers = st.lists(st.integers(-60, 60).map(float), min_size=6, max_size=14).filter(
    lambda found: len(set(found)) > 2 and any(found)
)
quickly = settings(max_examples=25, deadline=None)


def signed(after, before, **design):
    return run_method(pair_columns(after, before), make_design("wilcoxon_signed_rank", "after", baseline="before", **design))


def mann_whitney(a, b, **design):
    return run_method(two_columns({"A": a, "B": b}), make_design("mann_whitney", "y", ("g",), levels=("A", "B"), **design))


def test_signed_rank_gives_the_values_published_for_the_depression_data():
    result = signed(DEPRESSION_BEFORE, DEPRESSION_AFTER, alternative="greater")
    assert result.statistic == 40
    assert result.p_value == pytest.approx(0.01953, abs=5e-6)


def test_pseudo_median_of_the_depression_data_is_hollander_and_wolfes():
    result = signed(DEPRESSION_AFTER, DEPRESSION_BEFORE)
    assert result.effect.value == pytest.approx(-0.46, abs=1e-12)
    assert (result.effect.low, result.effect.high) == (pytest.approx(-0.786, abs=1e-12), pytest.approx(-0.010, abs=1e-12))


def test_the_term_beside_it_has_the_values_published_for_the_permeability_data():
    (term,) = mann_whitney(PERMEABILITY_A, PERMEABILITY_B, alternative="greater").terms
    assert term.statistic == 35
    assert term.p_value == pytest.approx(0.1272, abs=5e-5)


def test_hodges_lehmann_shift_of_the_permeability_data_is_the_published_one():
    result = run_method(
        two_columns({"A": PERMEABILITY_A, "B": PERMEABILITY_B}),
        make_design("mann_whitney", "y", ("g",), levels=("A", "B")),
        Context(alpha=0.1, level=0.95, delta=None, seed=0),
    )
    shift = result.other_effects[0]
    assert shift.value == pytest.approx(0.305, abs=1e-12)
    assert (shift.low, shift.high) == (pytest.approx(-0.15, abs=1e-9), pytest.approx(0.76, abs=1e-9))


def by_student(a, b, alternative="two-sided"):
    """Statistic, p and ends without relabelling, and df."""
    found = superiority(np.array(a, dtype=float), np.array(b, dtype=float))
    reference = Reference(found.df)
    return found, superiority_p(found, reference, alternative), superiority_ends(found, reference, alternative, 0.95)


def test_brunner_munzel_by_students_t_is_the_published_one():
    found, p, ends = by_student(PAIN_B, PAIN_A)
    assert found.value == pytest.approx(0.788961, abs=5e-7)
    assert ends == (pytest.approx(0.5952169, abs=5e-8), pytest.approx(0.9827052, abs=5e-8))
    assert (found.statistic, found.df) == (pytest.approx(3.1375, abs=5e-5), pytest.approx(17.68284, abs=5e-6))
    assert p == pytest.approx(0.005786, abs=5e-7)


@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
def test_brunner_munzel_and_the_term_agree_with_scipy(alternative):
    a, b = PAIN_A * 2, PAIN_B * 2
    found = mann_whitney(a, b, alternative=alternative)
    # scipy's Brunner–Munzel statistic is positive where the second sample is higher
    mirrored = {"two-sided": "two-sided", "greater": "less", "less": "greater"}[alternative]
    expected, beside = stats.brunnermunzel(a, b, alternative=mirrored), stats.mannwhitneyu(a, b, alternative=alternative)
    assert found.statistic == pytest.approx(-expected.statistic, rel=1e-10)
    assert found.p_value in (pytest.approx(expected.pvalue, rel=1e-8), pytest.approx(1 - expected.pvalue, rel=1e-8))
    assert (found.p_value < 0.5) == (alternative != "greater")
    assert (found.terms[0].statistic, found.terms[0].p_value) == (beside.statistic, pytest.approx(beside.pvalue, rel=1e-12))


def test_small_groups_are_relabelled_in_every_way():
    a, b = np.array([2.0, 3, 5, 6, 9, 9.5]), np.array([1.0, 2, 2.5, 4, 5, 7])
    values = np.concatenate([a, b])
    choices = [list(chosen) for chosen in combinations(range(12), 6)]
    relabelled = np.array([superiority(values[chosen], np.delete(values, chosen)).statistic for chosen in choices])
    found = mann_whitney(a, b, alternative="greater")
    assert len(choices) == 924
    assert found.p_value == pytest.approx(np.mean(relabelled >= found.statistic - 1e-9))
    assert mann_whitney(a, b).p_value == pytest.approx(2 * np.mean(relabelled >= found.statistic - 1e-9))
    assert any("924 relabellings (all)" in caveat for caveat in found.caveats)


def test_drawn_relabellings_count_what_was_observed():
    a, b = np.arange(10.0) + 30, np.append(np.arange(9.0), 30.5)
    found = superiority(a, b)
    assert reference_for(a, b, found, 0).upper(1e6) == 1 / 10_000


@pytest.mark.parametrize(("size", "complete"), [(6, True), (10, False)])
@pytest.mark.parametrize("tail", [0.3, 0.025, 0.0107, 0.001])
def test_the_critical_value_is_the_last_that_is_not_significant(size, complete, tail):
    a, b = np.arange(size) * 1.5, np.arange(size) + 0.25
    reference = reference_for(a, b, superiority(a, b), 0)
    critical = reference.critical(tail, 0.0)
    assert reference.complete == complete
    assert reference.upper(critical) > tail >= reference.upper(critical * (1 + 1e-6))


def equal_probability(generator, sizes, spread):
    """Groups with P(X > Y) = ½ and spreads 1 and `spread`."""
    return generator.normal(0, 1, sizes[0]), generator.normal(0, spread, sizes[1])


def test_where_nothing_is_higher_one_in_twenty_is_significant_whatever_the_spreads():
    """The classic p, which stands among the terms, rejected 13 % here."""
    generator = np.random.default_rng(2)
    found = [mann_whitney(*equal_probability(generator, (30, 10), 3)) for _ in range(100)]
    assert np.mean([result.p_value <= 0.05 for result in found]) == pytest.approx(0.05, abs=0.03)
    assert np.mean([result.terms[0].p_value <= 0.05 for result in found]) > 0.09


def test_students_t_has_its_size_for_larger_groups():
    generator = np.random.default_rng(3)
    p = [by_student(*equal_probability(generator, (60, 20), 4))[1] for _ in range(800)]
    assert np.mean(np.array(p) <= 0.05) == pytest.approx(0.05, abs=0.015)


@quickly
@given(numbers, numbers, st.sampled_from([0.05, 0.1, 0.3]), st.sampled_from(["two-sided", "greater", "less"]))
def test_p_and_interval_decide_alike(a, b, alpha, alternative):
    design = make_design("mann_whitney", "y", ("g",), levels=("A", "B"), alternative=alternative)
    result = run_method(two_columns({"A": a, "B": b}), design, make_context(alpha=alpha))
    assert (result.p_value <= alpha) == (not result.effect.low <= 0.5 <= result.effect.high)
    exact = run_method(two_columns({"A": a, "B": b}), design, make_context(alpha=min(result.p_value, 0.9)))
    assert result.p_value > 0.9 or not exact.effect.low < 0.5 < exact.effect.high


def test_the_interval_holds_where_groups_hardly_overlap():
    """Brunner and Munzel's alone, by Student's t, held P(X > Y) = 0.9 in four of five samples."""
    generator = np.random.default_rng(4)
    truth, shift = 0.9, stats.norm.ppf(0.9) * np.hypot(1, 3)
    ends = []
    for _ in range(400):
        a, b = equal_probability(generator, (30, 10), 3)
        ends.append(by_student(a + shift, b)[2])
    assert np.mean([low <= truth <= high for low, high in ends]) > 0.94


def test_probability_of_superiority_is_counted_pair_by_pair():
    counted = np.mean([(a > b) + 0.5 * (a == b) for a, b in product(PAIN_A, PAIN_B)])
    assert mann_whitney(PAIN_A, PAIN_B).effect.value == pytest.approx(counted, rel=1e-12)


def test_groups_that_do_not_overlap_are_judged_as_so_many_pairs():
    result = mann_whitney([7, 8, 9, 10, 11, 12, 13], [1, 2, 3, 4, 5, 6])
    assert (result.effect.value, result.effect.low, result.effect.high) == (1.0, pytest.approx(0.025 ** (1 / 6)), 1.0)
    assert result.p_value == stats.binomtest(6, 6).pvalue
    assert result.statistic is None
    assert any("do not overlap" in caveat for caveat in result.caveats)
    large = mann_whitney(np.arange(30.0), np.arange(30.0) + 40)
    assert (large.p_value, large.effect.high) == (stats.binomtest(30, 30).pvalue, pytest.approx(1 - 0.025 ** (1 / 30)))


def test_the_least_p_is_reached_where_one_group_lies_close_together():
    """Six values, each above or below all others with equal chance: P(X > Y) = ½, and no overlap with this probability."""
    generator = np.random.default_rng(5)
    apart = [abs(np.sign(generator.normal(size=6)).sum()) == 6 for _ in range(20_000)]
    assert np.mean(apart) == pytest.approx(least_p((6, 50), "two-sided"), abs=0.005)


def test_groups_too_small_for_any_p_are_refused():
    with pytest.raises(NotApplicable, match="too few"):
        mann_whitney([6, 7, 8, 9, 10, 11, 12, 13], [1, 2, 3, 4, 5])
    assert mann_whitney([6, 7, 8, 9, 10, 11, 12, 13], [1, 2, 3, 4, 5], alternative="greater").p_value == 1 / 32


def test_what_can_be_detected_is_no_less_than_under_equal_distributions():
    """The error seen shrinks to nothing where groups hardly overlap; the power to find a smaller difference does not."""
    apart, alike = (mann_whitney(np.arange(30.0) + 28.5 * far, np.arange(30.0) + 0.5) for far in (1, 0))
    assert apart.minimum_detectable == pytest.approx(alike.minimum_detectable, rel=0.2)
    assert mann_whitney(np.arange(6.0), np.arange(6.0) + 0.5).minimum_detectable is None


@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
def test_signed_rank_agrees_with_scipy(alternative):
    found = signed(DEPRESSION_AFTER, DEPRESSION_BEFORE, alternative=alternative)
    expected = stats.wilcoxon(DEPRESSION_AFTER, DEPRESSION_BEFORE, alternative=alternative)
    assert found.p_value == pytest.approx(expected.pvalue, rel=1e-12)


def test_one_sample_wilcoxon_moves_with_its_reference():
    data = make_dataset({"y": DEPRESSION_BEFORE})
    result = run_method(data, make_design("one_sample_wilcoxon", "y", reference=1.0))
    assert result.p_value == pytest.approx(stats.wilcoxon(np.array(DEPRESSION_BEFORE) - 1.0).pvalue, rel=1e-12)
    assert result.effect.null == 1.0
    assert result.effect.low < np.median(DEPRESSION_BEFORE) < result.effect.high


def test_null_distributions_are_those_of_enumeration():
    sums = [sum(rank for rank, sign in enumerate(signs, 1) if sign) for signs in product((0, 1), repeat=6)]
    assert np.allclose(signed_rank_distribution(6) * 64, np.bincount(sums))
    exact = stats.mannwhitneyu([7, 8, 9], [1, 2, 3, 4], alternative="greater", method="exact").pvalue
    assert rank_sum_distribution(3, 4)[-1] == pytest.approx(exact, rel=1e-12)
    assert rank_sum_distribution(3, 4).sum() == pytest.approx(1)


def test_the_interval_of_the_pseudo_median_agrees_with_the_exact_test():
    result = signed(DEPRESSION_AFTER, DEPRESSION_BEFORE)
    change = np.array(DEPRESSION_AFTER) - np.array(DEPRESSION_BEFORE)
    for end, outwards in ((result.effect.low, -1e-6), (result.effect.high, 1e-6)):
        assert stats.wilcoxon(change - (end + outwards), method="exact").pvalue <= 0.05
        assert stats.wilcoxon(change - (end - outwards), method="exact").pvalue > 0.05


@quickly
@given(numbers, st.integers(1, 20))
def test_selection_by_bisection_finds_what_sorting_finds(found, k):
    collection, other = np.array(found), np.array(found[:4]) + 0.5
    with pytest.MonkeyPatch.context() as patch:
        sorted_walsh, sorted_differences = walsh_averages(collection), pairwise_differences(collection, other)
        patch.setattr(order_statistics, "MOST_SUMS", 0)
        assert walsh_averages(collection)[0](k) == pytest.approx(sorted_walsh[0](k), abs=1e-12)
        assert pairwise_differences(collection, other)[0](k) == pytest.approx(sorted_differences[0](k), abs=1e-12)


def test_many_rows_are_ranked_in_little_memory():
    generator = np.random.default_rng(5)
    result = mann_whitney(list(generator.normal(0.3, 1, 4000)), list(generator.normal(0, 1, 4000)))
    assert result.other_effects[0].low < 0.3 < result.other_effects[0].high


@quickly
@given(numbers, numbers)
def test_swapping_the_groups_mirrors_the_probability(a, b):
    one, other = mann_whitney(a, b), mann_whitney(b, a)
    assert one.effect.value == pytest.approx(1 - other.effect.value, abs=1e-12)
    assert one.p_value == pytest.approx(other.p_value, rel=1e-9)
    assert one.other_effects[0].value == pytest.approx(-other.other_effects[0].value, abs=1e-12)


@quickly
@given(numbers, numbers)
def test_ranks_do_not_see_a_monotone_change_of_scale(a, b):
    one, other = mann_whitney(a, b), mann_whitney([x**3 for x in a], [x**3 for x in b])
    assert one.effect == other.effect
    assert one.p_value == other.p_value


@quickly
@given(numbers)
def test_reversing_the_pairs_flips_the_pseudo_median(found):
    zeros = [0.0] * len(found)
    one, other = signed(found, zeros), signed(zeros, found)
    assert one.effect.value == pytest.approx(-other.effect.value, abs=1e-12)
    assert one.p_value == pytest.approx(other.p_value, rel=1e-9)
    assert one.other_effects[0].value == pytest.approx(-other.other_effects[0].value, abs=1e-12)


def test_sign_test_is_the_exact_binomial_test_of_the_pairs_that_differ():
    result = run_method(
        pair_columns([3, 4, 5, 6, 7, 1, 2], [1, 1, 1, 1, 1, 3, 2]), make_design("sign_test", "after", baseline="before")
    )
    expected = stats.binomtest(5, 6)
    ends = expected.proportion_ci(0.95)
    assert result.p_value == pytest.approx(expected.pvalue, rel=1e-12)
    assert (result.effect.value, result.effect.low, result.effect.high) == (
        5 / 6,
        pytest.approx(ends.low),
        pytest.approx(ends.high),
    )
    assert any("1 of 7 pairs" in caveat for caveat in result.caveats)


def test_ordered_levels_are_ranked_by_their_order_and_not_by_their_names():
    order = ["poor", "fair", "good"]
    data = make_dataset({"y": ["poor"] * 5 + ["fair"] * 3 + ["good"] * 4, "g": ["A"] * 6 + ["B"] * 6}, orders={"y": order})
    result = run_method(data, make_design("mann_whitney", "y", ("g",), levels=("B", "A")))
    assert result.effect.value == pytest.approx(stats.mannwhitneyu([1, 1, 2, 2, 2, 2], [0, 0, 0, 0, 0, 1]).statistic / 36)
    assert result.other_effects == ()


def test_ordered_pairs_need_the_same_levels():
    columns = {"after": ["low", "high", "low"], "before": ["a", "b", "a"]}
    data = make_dataset(columns, orders={"after": ["low", "high"], "before": ["a", "b"]})
    with pytest.raises(NotApplicable, match="same ordered levels"):
        run_method(data, make_design("sign_test", "after", baseline="before"))


def test_equal_values_cannot_be_ranked():
    with pytest.raises(NotApplicable, match="equal"):
        mann_whitney([1, 1, 1], [1, 1, 1])
    with pytest.raises(NotApplicable, match="zero"):
        signed([1, 2, 3], [1, 2, 3])


def test_equivalence_by_signed_ranks_agrees_with_its_interval():
    change = [0.1, -0.2, 0.15, -0.05, 0.02, -0.1, 0.12, 0.07, -0.03, 0.01]
    equivalence = signed(change, [0.0] * 10, delta=0.3).equivalence
    assert equivalence.p_value == pytest.approx(2**-10)
    assert -0.3 < equivalence.low < equivalence.high < 0.3


def unit_free(result, unit):
    """What a change of the unit may not change, and the numbers in units of the outcome in the first unit."""
    effects = [end for effect in (result.effect, *result.other_effects) for end in (effect.value, effect.low, effect.high)]
    measures = {measure.name: measure.value for measure in result.measures if "skewness" not in measure.name}
    inside = result.equivalence
    found = (result.statistic, result.p_value, measures, None if inside is None else inside.p_value)
    return found, [None if end is None else end * unit for end in effects[:3]]


def in_unit(values, unit):
    """Whole numbers in a unit of so many, as a file would give them."""
    return [float(f"{value / unit:.3f}") for value in values]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("method", ["wilcoxon_signed_rank", "one_sample_wilcoxon", "sign_test"])
def test_nothing_depends_on_the_unit_that_decimals_are_given_in(method, seed):
    generator = np.random.default_rng(seed)
    before = generator.integers(20, 60, 22)
    after = before + generator.integers(-4, 7, 22)
    outcomes = []
    for unit in (1, 10, 100, 1000):
        context = make_context(delta=2 / unit)
        if method == "one_sample_wilcoxon":
            result = run_method(make_dataset({"y": in_unit(after, unit)}), make_design(method, "y", reference=40 / unit), context)
        else:
            data = pair_columns(in_unit(after, unit), in_unit(before, unit))
            result = run_method(data, make_design(method, "after", baseline="before"), context)
        outcomes.append(unit_free(result, 1 if method == "sign_test" else unit))
    for same, values in outcomes[1:]:
        assert same == outcomes[0][0]
        assert values == pytest.approx(outcomes[0][1], rel=1e-12, abs=0)


def test_p_of_tenths_is_that_of_the_whole_numbers_and_ends_at_zero_are_zero():
    before = [3, 14, 22, 7, 19, 5, 28, 11, 16, 9]
    change = [-2, 1, 0, 3, -1, 2, 1, -3, 0, 2]
    after = [b + c for b, c in zip(before, change, strict=True)]
    whole_numbers = signed(after, before)
    for unit in (10, 100, 1000):
        result = signed(in_unit(after, unit), in_unit(before, unit))
        assert (result.statistic, result.p_value) == (whole_numbers.statistic, whole_numbers.p_value)
        assert {measure.name: measure.value for measure in result.measures}["share of zero differences"] == 0.2
    shift = mann_whitney([0.3, 0.7, 0.1, 0.9, 0.2, 0.4], [0.2, 0.6, 0.2, 0.7, 0.3, 0.4]).other_effects[0]
    assert shift.value == 0


def test_a_difference_is_the_decimal_at_any_size_and_never_minus_zero():
    assert difference([0.3, 100.3, 3e-30, 0.1, 0.0, 3e300], [0.1, 100.1, 1e-30, 0.1, 0.0, 1e300]).tolist() == [
        0.2, 0.2, 2e-30, 0.0, 0.0, 2e300,
    ]  # fmt: skip
    assert np.signbit(difference([0.1 + 0.2, -0.0], [0.3, 0.0])).tolist() == [False, False]
    assert np.isnan(difference([np.nan], [1.0])).all()


def test_values_that_do_not_vary_are_refused_as_by_the_t_tests():
    data = pair_columns([0.1 * place + 0.2 for place in range(12)], [0.1 * place for place in range(12)])
    with pytest.raises(NotApplicable, match="differences within pairs do not vary"):
        run_method(data, make_design("wilcoxon_signed_rank", "after", baseline="before"))
    with pytest.raises(NotApplicable, match="outcome do not vary"):
        run_method(make_dataset({"y": [5.0] * 12}), make_design("one_sample_wilcoxon", "y", reference=3.0))

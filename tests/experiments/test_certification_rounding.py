"""Numbers that floating-point cannot tell apart well enough are refused by every method; whole numbers are not rounded."""

from __future__ import annotations

import pytest

from kosmos_graph.domain.question import Options
from kosmos_graph.domain.study_sheet import StudySheet
from kosmos_graph.experiments.runner import run_design
from tests.experiments.factories import make_dataset, make_design, pair_columns, two_columns

NEAR = [0.4, 0.3, 0.5, 0.2, 0.6, 0.1, 0.7, 0.35]


def error_of(dataset, design):
    return run_design(dataset, design, StudySheet(), Options(), "c1h1g1").error


def test_values_with_a_huge_common_part_are_refused_for_ranks_too():
    groups = {"A": [1e12 + value for value in NEAR], "B": [1e12 + 2 * value for value in NEAR]}
    for method in ("welch_t", "mann_whitney", "permutation_test"):
        error = error_of(two_columns(groups), make_design(method, "y", ("g",), levels=("A", "B")))
        assert error is not None
        assert error.startswith("ill-conditioned: the values of y agree in so many leading digits")


def test_whole_numbers_with_a_huge_common_part_give_what_their_ends_give():
    small = {"A": [4, 3, 5, 2, 6, 1, 7], "B": [14, 9, 12, 7, 10, 8, 11]}
    large = {name: [10**13 + value for value in values] for name, values in small.items()}
    design = make_design("welch_t", "y", ("g",), levels=("A", "B"))
    found, expected = (run_design(two_columns(one), design, StudySheet(), Options(), "c1h1g1").result for one in (large, small))
    assert (found.statistic, found.df, found.p_value) == (expected.statistic, expected.df, expected.p_value)


def test_differences_within_pairs_that_are_lost_in_their_size_are_refused():
    before = [1e6 * (1 + place) + 0.1 for place in range(8)]
    after = [value + 1e-4 * near for value, near in zip(before, NEAR, strict=True)]
    error = error_of(pair_columns(after, before), make_design("paired_t", "after", baseline="before"))
    assert error is not None
    assert error.startswith("ill-conditioned: the differences within pairs")


def test_a_group_whose_own_spread_is_lost_is_refused_by_name():
    groups = {"A": [1e4 + 1e-5 * value for value in NEAR], "B": NEAR}
    error = error_of(two_columns(groups), make_design("welch_t", "y", ("g",), levels=("A", "B")))
    assert error is not None
    assert error.startswith("ill-conditioned: the values of y where g is A")


def test_a_predictor_is_held_to_the_same():
    dataset = make_dataset({"y": [float(place**2 % 7) for place in range(24)], "x": [1e12 + 0.1 * place for place in range(24)]})
    error = error_of(dataset, make_design("linear_regression", "y", ("x",)))
    assert error is not None
    assert error.startswith("ill-conditioned: the values of x")


@pytest.mark.parametrize("value", [0.1, 1e12 + 0.1])
def test_what_does_not_vary_at_all_is_left_to_the_method(value):
    groups = {"A": [value] * 5, "B": [value] * 5}
    error = error_of(two_columns(groups), make_design("welch_t", "y", ("g",), levels=("A", "B")))
    assert error == "The values of both groups do not vary, so there is nothing to test."

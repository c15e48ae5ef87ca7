"""Which rows a design analyses, and the count of those it leaves out."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kosmos_graph.domain.data_card import Kind
from kosmos_graph.domain.filters import Filter
from kosmos_graph.domain.results import Exclusion
from kosmos_graph.domain.study_sheet import StudySheet
from kosmos_graph.experiments.method import BASELINE, NotApplicable
from tests.experiments.factories import make_dataset, make_design, make_sample


def penguins():
    return make_dataset(
        {
            "mass": [3.7, 3.8, None, 5.0, 5.2, 4.9, 3.9, math.inf],
            "species": ["Adelie", "Adelie", "Adelie", "Gentoo", "Gentoo", None, "Chinstrap", "Gentoo"],
            "year": [2007, 2008, 2007, 2007, 2009, 2007, 2007, 2007],
            "age": [1, 2, 3, None, 5, 6, 7, 8],
        }
    )


def test_rows_are_left_out_in_a_fixed_order_and_counted_once_under_the_first_reason():
    sheet = StudySheet(exclusions=(Filter(column="year", operator="==", value=2009),))
    filters = (Filter(column="year", operator="<", value=2008),)
    design = make_design("welch_t", "mass", ("species",), levels=("Gentoo", "Adelie"), covariates=("age",), filters=filters)
    sample = make_sample(penguins(), design, sheet)
    assert sample.exclusions == (
        Exclusion(reason="excluded by the study sheet", variable="year", group="Gentoo", n=1),
        Exclusion(reason="filter", variable="year", group="Adelie", n=1),
        Exclusion(reason="not in the groups compared", variable="species", group=None, n=1),
        Exclusion(reason="missing", variable="mass", group="Adelie", n=1),
        Exclusion(reason="missing", variable="mass", group="Gentoo", n=1),
        Exclusion(reason="missing", variable="species", group=None, n=1),
        Exclusion(reason="missing", variable="age", group="Gentoo", n=1),
    )
    assert sample.n_read == 8
    assert sample.frame["mass"].tolist() == [3.7]


def test_group_a_comes_before_b_and_other_levels_are_gone():
    sample = make_sample(penguins(), make_design("welch_t", "mass", ("species",), levels=("Gentoo", "Adelie")))
    assert sample.frame["species"].cat.categories.tolist() == ["Gentoo", "Adelie"]
    unnamed = make_sample(
        penguins(), make_design("welch_anova", "mass", ("species",), filters=(Filter(column="mass", operator="<", value=4.5),))
    )
    assert unnamed.frame["species"].cat.categories.tolist() == ["Adelie", "Chinstrap"]


def test_the_data_set_is_not_written_to():
    data = penguins()
    before = data.frame.copy(deep=True)
    make_sample(data, make_design("welch_t", "mass", ("species",), levels=("Gentoo", "Adelie")))
    assert data.frame.equals(before)


def test_an_exclusion_about_another_file_is_passed_over():
    sheet = StudySheet(exclusions=(Filter(column="elsewhere", operator="==", value=1),))
    assert len(make_sample(penguins(), make_design("estimate", "year"), sheet).frame) == 8


def test_a_column_that_does_not_exist_is_named():
    with pytest.raises(NotApplicable, match="'weight'"):
        make_sample(penguins(), make_design("estimate", "weight"))
    with pytest.raises(NotApplicable, match="'height'"):
        make_sample(penguins(), make_design("estimate", "year", filters=(Filter(column="height", operator="is missing"),)))


def test_levels_of_a_column_of_numbers_are_refused():
    with pytest.raises(NotApplicable, match="two levels"):
        make_sample(penguins(), make_design("welch_t", "mass", ("year",), levels=("2007", "2008")))


def test_a_wide_pair_is_its_two_columns():
    data = make_dataset({"after": [1.0, 2.0, None], "before": [0.5, None, 0.7]})
    sample = make_sample(data, make_design("paired_t", "after", baseline="before"))
    assert sample.frame[["after", BASELINE]].values.tolist() == [[1.0, 0.5]]
    assert sample.exclusions == (
        Exclusion(reason="missing", variable="after", group=None, n=1),
        Exclusion(reason="missing", variable="before", group=None, n=1),
    )


def long(rows, **more):
    ids, phases, outcomes = zip(*rows, strict=True)
    return make_dataset({"id": ids, "phase": phases, "y": outcomes, **more}, kinds={"id": Kind.IDENTIFIER})


def paired_design(**target):
    return make_design("paired_t", "y", ("phase",), pair="id", **target)


def test_long_pairs_become_one_row_each_in_the_order_of_the_file():
    data = long([("p2", "pre", 1), ("p1", "post", 5), ("p2", "post", 3), ("p1", "pre", 4)])
    sample = make_sample(data, paired_design(levels=("post", "pre")))
    assert sample.frame["id"].tolist() == ["p2", "p1"]
    assert sample.frame[["y", BASELINE]].values.tolist() == [[3, 1], [5, 4]]
    assert sample.n_read == 2


def test_pairs_that_cannot_be_made_count_once_under_the_reason_that_a_row_was_lost():
    data = long(
        [
            *(("whole", phase, 1) for phase in ("pre", "post", "later")),
            ("lost post", "pre", 1),
            ("lost post", "post", None),
            ("only pre", "pre", 2),
            ("only later", "later", 2),
            ("no phase", "pre", 2),
            ("no phase", None, 2),
            (None, "pre", 2),
            (None, "post", 2),
        ]
    )
    sample = make_sample(data, paired_design(levels=("post", "pre")))
    assert sample.exclusions == (
        Exclusion(reason="not in the groups compared", variable="phase", group=None, n=1),
        Exclusion(reason="missing", variable="y", group="post", n=1),
        Exclusion(reason="missing", variable="phase", group=None, n=1),
        Exclusion(reason="missing", variable="id", group="post", n=1),
        Exclusion(reason="missing", variable="id", group="pre", n=1),
        Exclusion(reason="unpaired", variable="id", group="post", n=1),
    )
    assert (sample.n_read, len(sample.frame)) == (7, 1)


def test_two_rows_of_a_unit_at_one_level_are_no_pair():
    data = long([("p1", "pre", 1), ("p1", "pre", 2), ("p1", "post", 3), ("p2", "pre", 1), ("p2", "post", 1)])
    with pytest.raises(NotApplicable, match="1 of 2 units in 'id' have more than one row"):
        make_sample(data, paired_design())


def test_pairs_over_three_levels_need_two_of_them_named():
    data = long([("p1", "a", 1), ("p1", "b", 2), ("p1", "c", 3)])
    with pytest.raises(NotApplicable, match="3 levels"):
        make_sample(data, paired_design())


def test_numeric_ids_pair_as_well_as_text():
    data = make_dataset({"id": [1, 1, 2, None], "phase": ["a", "b", "a", "b"], "y": [1, 2, 3, 4]})
    sample = make_sample(data, paired_design(levels=("a", "b")))
    assert (len(sample.frame), sample.n_read) == (1, 3)


cells = st.tuples(
    st.sampled_from(["p1", "p2", "p3", "p4", None]), st.sampled_from(["a", "b", "c", None]), st.sampled_from([1.0, 2.0, None])
)


@settings(max_examples=40, deadline=None)
@given(st.lists(cells, min_size=1, max_size=14, unique_by=lambda row: (row[0] or object(), row[1])), st.booleans())
def test_what_is_read_is_what_is_analysed_and_what_is_left_out(rows, paired):
    rows = [*rows, ("z", "a", 1.0), ("z", "b", 1.0), ("z", "c", 1.0)]
    data = long(rows, w=[float(i % 3) for i in range(len(rows))])
    filters = (Filter(column="w", operator="!=", value=2),)
    target = {"levels": ("a", "b"), "filters": filters}
    design = paired_design(**target) if paired else make_design("welch_t", "y", ("phase",), **target)
    sample = make_sample(data, design)
    assert sample.n_read == len(sample.frame) + sum(exclusion.n for exclusion in sample.exclusions)
    assert not np.isnan(sample.frame["y"]).any()


def test_two_values_of_a_number_are_the_moments_of_pairs():
    dataset = make_dataset(
        {"y": [1.0, 2.0, 3.0, 5.0, 7.0], "year": [1990, 2000, 1990, 2000, 2010], "who": ["p", "p", "q", "q", "q"]},
        kinds={"who": Kind.IDENTIFIER},
    )
    sample = make_sample(dataset, make_design("paired_t", "y", ("year",), levels=("2000", "1990"), pair="who"))
    assert (sample.frame["y"] - sample.frame[BASELINE]).tolist() == [1.0, 2.0]

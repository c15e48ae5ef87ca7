"""How well rows are foretold that were not learnt from."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from kosmos_graph.domain.results import TestResult
from kosmos_graph.experiments.catalogue import cross_validation, get_method
from kosmos_graph.experiments.catalogue.cross_validation import Fold, encoded, foretell, ordered_folds, repeated_folds, skill
from kosmos_graph.experiments.figures import draw_figure
from kosmos_graph.experiments.method import NotApplicable
from tests.experiments.factories import make_context, make_dataset, make_design, make_sample, run_method


@pytest.fixture(autouse=True)
def few_trees(monkeypatch):
    """Forests of four trees and two rounds of folds: the claims are about folds and errors, not about forests."""
    monkeypatch.setattr(cross_validation, "TREES", 4)
    monkeypatch.setattr(cross_validation, "REPEATS", 2)


def table(n: int = 120, signal: float = 1.0, seed: int = 1) -> dict[str, list]:
    generator = np.random.default_rng(seed)
    x, z, k = generator.normal(size=n), generator.normal(size=n), generator.choice(["a", "b", "c"], n)
    y = signal * (x + 0.8 * (k == "a")) + generator.normal(size=n)
    return {
        "y": list(y),
        "won": ["yes" if value > 0 else "no" for value in y],
        "x": list(x),
        "z": list(z),
        "k": list(k),
        "t": list(range(n)),
        "c": [f"c{place % 12}" for place in range(n)],
    }


def found_in(columns: dict[str, list], outcome: str = "y", predictors=("x", "z", "k"), seed: int = 0, **options) -> TestResult:
    return run_method(make_dataset(columns), make_design("prediction", outcome, predictors, **options), make_context(seed=seed))


def test_every_row_is_foretold_once_a_round_and_never_learnt_from_then():
    folds = repeated_folds(np.arange(53), 3)
    assert len(folds) == 10
    assert all(not set(fold.train) & set(fold.test) for fold in folds)
    for start in (0, 5):
        assert sorted(np.concatenate([fold.test for fold in folds[start : start + 5]])) == list(range(53))


def test_rows_of_a_cluster_are_never_on_both_sides():
    units = np.random.default_rng(0).integers(0, 9, 80)
    folds = repeated_folds(units, 1)
    assert all(not set(units[fold.train]) & set(units[fold.test]) for fold in folds)


def test_time_is_foretold_from_the_past_alone():
    times = pd.Series(np.random.default_rng(1).permutation(90) // 3)
    folds = ordered_folds(times)
    assert all(times[fold.train].max() < times[fold.test].min() for fold in folds)
    assert sum(fold.test.size for fold in folds) == 60


def test_scales_and_levels_are_those_of_the_rows_learnt_from():
    frame = pd.DataFrame({"x": [1.0, 3.0, 500.0], "k": pd.Categorical(["a", "b", "new"])})
    learnt, foretold = encoded(frame, ("x", "k"), Fold(np.array([0, 1]), np.array([2])))
    assert learnt.tolist() == [[-1.0, 1.0, 0.0], [1.0, 0.0, 1.0]]
    assert foretold.tolist() == [[498.0, 0.0, 0.0]]


def test_what_is_foretold_does_not_know_the_outcomes_of_its_rows():
    columns = table()
    frame, y = make_dataset(columns).frame, np.array(columns["y"])
    fold = repeated_folds(np.arange(120), 0)[0]
    changed = y.copy()
    changed[fold.test] = 1e6
    here, there = (foretell(frame, ("x", "z", "k"), one, fold, counted=False, seed=1) for one in (y, changed))
    assert [one.tolist() for one in here] == [one.tolist() for one in there]


def test_the_skill_is_the_pooled_r_squared_with_the_corrected_error():
    model, baseline = np.array([5.0, 6.0, 4.0, 7.0]), np.array([10.0, 9.0, 11.0, 12.0])
    found = skill(model, baseline, 0.25)
    terms = 4 * (baseline * model.sum() / baseline.sum() - model) / baseline.sum()
    assert found.value == pytest.approx(1 - 22 / 42)
    assert found.error == pytest.approx(np.sqrt((1 / 4 + 0.25) * terms.var(ddof=1)))
    assert found.df == 3


def test_the_linear_part_is_near_least_squares_where_the_world_is_linear():
    columns = table(400)
    found = found_in(columns, predictors=("x", "k"))
    matrix = np.column_stack([np.ones(400), columns["x"], np.array(columns["k"]) == "a", np.array(columns["k"]) == "b"])
    y, folds = np.array(columns["y"]), repeated_folds(np.arange(400), 0)
    errors = [y[f.test] - matrix[f.test] @ np.linalg.lstsq(matrix[f.train], y[f.train], rcond=None)[0] for f in folds]
    base = [y[f.test] - y[f.train].mean() for f in folds]
    known = 1 - np.sum(np.concatenate(errors) ** 2) / np.sum(np.concatenate(base) ** 2)
    assert found.other_effects[0].value == pytest.approx(known, abs=0.01)


def test_a_relation_shows_and_its_absence_does_not():
    related, unrelated = found_in(table(150)), found_in(table(150, signal=0.0))
    assert (related.effect.low or 0) > 0.2
    assert unrelated.effect.value < 0.05
    assert (unrelated.effect.low or 0) < 0


def test_a_yes_no_outcome_has_a_brier_skill():
    found = found_in(table(200), "won", success="yes")
    measures = {measure.name: measure.value for measure in found.measures}
    assert found.effect.name == "Brier skill"
    assert 0.1 < found.effect.value < 0.6
    assert measures["area under the ROC curve"] > 0.75
    assert measures["share foretold rightly"] > measures["share that the baseline foretells rightly"]


def test_turning_the_level_around_changes_nothing_of_the_skill():
    one, other = (found_in(table(), "won", success=level).other_effects[0].value for level in ("yes", "no"))
    assert one == pytest.approx(other, abs=1e-4)


def test_units_do_not_matter():
    columns = table()
    moved = columns | {"y": [1000 * value + 5 for value in columns["y"]], "x": [value / 60 for value in columns["x"]]}
    assert found_in(moved).effect.value == pytest.approx(found_in(columns).effect.value, abs=1e-3)


def test_the_seed_settles_everything():
    assert found_in(table(), seed=5) == found_in(table(), seed=5)
    assert found_in(table(), seed=6).effect.value != found_in(table(), seed=5).effect.value


def test_leaving_clusters_out_shows_that_a_mark_of_the_cluster_foretells_nothing_new():
    """Each cluster has its own level and its own mark: rows foretell rows of their cluster, clusters do not foretell clusters."""
    generator = np.random.default_rng(2)
    cluster = np.repeat(np.arange(12), 12)
    levels, marks = generator.normal(scale=3, size=12), generator.normal(size=12)
    columns = {
        "y": list(levels[cluster] + generator.normal(size=144)),
        "x": list(marks[cluster] + 0.01 * generator.normal(size=144)),
        "c": [f"c{one}" for one in cluster],
    }
    assert found_in(columns, predictors=("x",)).effect.value > 0.4
    assert found_in(columns, predictors=("x",), cluster="c").effect.value < 0.2


def test_few_rows_are_a_caveat():
    assert [any("too narrow" in caveat for caveat in found_in(table(n)).caveats) for n in (60, 120)] == [True, False]


def test_one_sided_p_values_are_the_tails():
    greater, less = (found_in(table(signal=0.2), alternative=side) for side in ("greater", "less"))
    assert (greater.p_value or 0) + (less.p_value or 0) == pytest.approx(1.0)
    assert (greater.effect.high, less.effect.low) == (1.0, None) or greater.effect.high is None


@pytest.mark.parametrize(
    ("change", "options", "reason"),
    [
        ({"y": [2.0] * 120}, {}, "same value"),
        ({}, {"predictors": ("y", "x")}, "what foretells it"),
        ({"won": ["yes"] * 5 + ["no"] * 115}, {"outcome": "won"}, "rarer level of won has 5"),
        ({"c": ["one"] * 60 + ["two"] * 60}, {"cluster": "c"}, "has 2 clusters"),
        ({"t": [1] * 60 + [2] * 60}, {"time": "t"}, "too few points in time"),
        ({}, {"time": "t", "cluster": "c"}, "name one of them"),
        ({"y": [None] * 80 + [1.0, 2.0] * 20}, {}, "40 complete rows"),
    ],
)
def test_samples_without_an_answer_are_refused(change, options, reason):
    with pytest.raises(NotApplicable, match=reason):
        found_in(table() | change, **options)


@pytest.mark.parametrize(("outcome", "options"), [("y", {}), ("won", {}), ("y", {"time": "t"})])
def test_figures_are_drawn(outcome, options):
    data, design = make_dataset(table()), make_design("prediction", outcome, ("x", "z", "k"), **options)
    png = draw_figure(get_method("prediction"), make_sample(data, design), design, run_method(data, design))
    assert png.startswith(b"\x89PNG")

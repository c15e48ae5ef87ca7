"""From a design to an execution: results, failures, sensitivity, caveats, figures."""

from __future__ import annotations

import hashlib
import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from kosmos_graph.domain.question import Options
from kosmos_graph.domain.results import Execution
from kosmos_graph.domain.study_sheet import StudySheet
from kosmos_graph.experiments import runner
from kosmos_graph.experiments.catalogue import get_method
from kosmos_graph.experiments.method import NotApplicable
from kosmos_graph.experiments.runner import context_of, draw_result, run_design
from kosmos_graph.experiments.sample import draw_sample
from tests.experiments.factories import make_dataset, make_design, run_method, two_columns

GENERATOR = np.random.default_rng(11)
A, B = list(GENERATOR.normal(5, 1, 20)), list(GENERATOR.normal(4, 1, 25))
WELCH = make_design("welch_t", "y", ("g",), levels=("A", "B"))


def run(data, design, **options):
    return run_design(data, design, StudySheet(), Options(**options), "c1h1g2")


def draw(data, design):
    return draw_result(draw_sample(data, design, StudySheet()), design, run(data, design).result)


def test_a_design_that_runs_gives_its_result_and_its_sensitivity():
    data = two_columns({"A": A, "B": B})
    execution = run(data, WELCH)
    assert (execution.key, execution.design, execution.status, execution.error) == ("c1h1g2", "c1h1g1", "ok", None)
    assert execution.result.effect == run_method(data, WELCH).effect
    assert [result.method for result in execution.sensitivity] == ["mann_whitney", "permutation_test"]


def test_a_figure_is_kept_under_its_content():
    drawing = draw(two_columns({"A": A, "B": B}), WELCH)
    assert drawing.artefact.sha256 == hashlib.sha256(drawing.content).hexdigest()
    assert drawing.artefact.filename == f"{drawing.artefact.sha256}.png"
    assert drawing.content.startswith(b"\x89PNG")


def test_numbers_that_no_axis_can_hold_give_no_figure(monkeypatch):
    def drawn(*_):
        raise OverflowError("too large")

    monkeypatch.setattr(runner, "draw_figure", drawn)
    assert draw(two_columns({"A": A, "B": B}), WELCH) is None


def test_an_execution_survives_a_round_trip_through_json():
    execution = run(two_columns({"A": A, "B": B}), WELCH)
    assert Execution.model_validate_json(execution.model_dump_json()) == execution


def test_the_same_design_gives_the_same_bytes_also_from_several_threads():
    data = two_columns({"A": A, "B": B})
    first = (run(data, WELCH), draw(data, WELCH))
    with ThreadPoolExecutor(4) as pool:
        again = list(pool.map(lambda _: (run(data, WELCH), draw(data, WELCH)), range(4)))
    assert all(found == first for found in again)


def test_a_sample_without_an_answer_is_a_failed_execution_with_the_sentence():
    execution = run(two_columns({"A": [1, 1, 1], "B": [2, 2, 2]}), WELCH)
    assert execution == Execution(
        key="c1h1g2", design="c1h1g1", status="failed", error="The values of both groups do not vary, so there is nothing to test."
    )


def test_numbers_that_overflow_are_a_failed_execution():
    assert "too large" in run(two_columns({"A": [1.7e308, -1.7e308, 3], "B": [1, 2, 3]}), WELCH).error


def failing(error):
    def method_run(sample, design, context):
        raise error

    return replace(get_method("welch_t"), run=method_run)


@pytest.mark.parametrize(
    "error", [np.linalg.LinAlgError("Singular matrix"), ZeroDivisionError("division by zero"), FloatingPointError("overflow")]
)
def test_a_numerical_failure_of_a_library_is_a_failed_execution(monkeypatch, error):
    monkeypatch.setattr(runner, "get_method", lambda name: failing(error))
    execution = run(two_columns({"A": A, "B": B}), WELCH)
    assert execution.status == "failed"
    assert str(error) in execution.error


def test_a_result_that_is_not_finite_is_a_failed_execution(monkeypatch):
    def method_run(sample, design, context):
        result = run_method(two_columns({"A": A, "B": B}), WELCH)
        return type(result).model_validate(result.model_dump() | {"p_value": float("nan")})

    monkeypatch.setattr(runner, "get_method", lambda name: replace(get_method("welch_t"), run=method_run))
    assert "not finite" in run(two_columns({"A": A, "B": B}), WELCH).error


def test_an_error_of_programming_is_not_swallowed(monkeypatch):
    monkeypatch.setattr(runner, "get_method", lambda name: failing(TypeError("a bug")))
    with pytest.raises(TypeError, match="a bug"):
        run(two_columns({"A": A, "B": B}), WELCH)


def test_a_sensitivity_analysis_that_does_not_apply_is_left_out(monkeypatch):
    def lookup(name):
        return get_method(name) if name != "permutation_test" else failing(NotApplicable("no"))

    monkeypatch.setattr(runner, "get_method", lookup)
    execution = run(two_columns({"A": A, "B": B}), WELCH)
    assert [result.method for result in execution.sensitivity] == ["mann_whitney"]


def test_a_sensitivity_analysis_that_disagrees_is_a_caveat_and_changes_nothing():
    a, b = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10.0], [3, 4, 5, 6, 7, 8, 9, 10, 11, 12, -150]
    data = two_columns({"A": a, "B": b})
    result = run(data, make_design("mann_whitney", "y", ("g",), levels=("B", "A")), alpha=0.3).result
    assert [caveat for caveat in result.caveats if "run beside it" in caveat] == [
        "The effect of Welch's t test, run beside it, points the other way."
    ]
    outlying = run(two_columns({"A": [*A, 60.0], "B": B}), WELCH).result
    assert any(
        "Mann–Whitney test, run beside it, is significant at 0.05 where the primary analysis is not" in text
        for text in outlying.caveats
    )
    assert outlying.p_value == run_method(two_columns({"A": [*A, 60.0], "B": B}), WELCH).p_value


@pytest.mark.parametrize(("missing", "warned"), [(2, False), (3, True)])
def test_more_than_five_percent_missing_is_a_caveat(missing, warned):
    columns = {"y": [*A, *B, *([None] * missing)], "g": ["A"] * len(A) + ["B"] * len(B) + ["A"] * missing}
    result = run(make_dataset(columns), WELCH).result
    assert any("missing values" in caveat for caveat in result.caveats) is warned


def test_the_seed_follows_from_the_run_and_from_what_is_computed():
    seeds = {
        context_of(design, Options(seed=seed)).seed
        for design in (WELCH, WELCH.model_copy(update={"author": "someone"}))
        for seed in (0, 1)
    }
    assert len(seeds) == 2
    assert context_of(WELCH, Options(alpha=0.1)).level == pytest.approx(0.9)


def test_warnings_of_libraries_do_not_leak(capsys):
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        run(two_columns({"日本語\x01": A, "B": [*B, 1e150]}), make_design("welch_t", "y", ("g",)))
    assert capsys.readouterr().err == ""


def test_a_method_that_does_not_exist_is_a_key_error():
    with pytest.raises(KeyError):
        run(two_columns({"A": A, "B": B}), make_design("no_such_method", "y"))

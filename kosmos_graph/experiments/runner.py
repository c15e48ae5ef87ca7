"""Runs a design on its data: the primary method and its sensitivity analyses; and draws the figure of what came of it."""

from __future__ import annotations

import hashlib
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

import numpy as np
from pydantic import ValidationError
from threadpoolctl import ThreadpoolController

from kosmos_graph.data.dataset import Dataset
from kosmos_graph.domain.design import Design
from kosmos_graph.domain.question import Options
from kosmos_graph.domain.results import Artefact, Execution, TestResult
from kosmos_graph.domain.study_sheet import StudySheet
from kosmos_graph.experiments.catalogue import get_method
from kosmos_graph.experiments.comparison import caveats_of
from kosmos_graph.experiments.figures import caption_of, draw_figure
from kosmos_graph.experiments.method import Context, Method, NotApplicable, Sample
from kosmos_graph.experiments.rounding import require_digits
from kosmos_graph.experiments.sample import draw_sample
from kosmos_graph.ids import digest


@dataclass(frozen=True)
class Drawing:
    """A figure and its content."""

    artefact: Artefact
    content: bytes


_warning_filters = threading.Lock()


def run_design(dataset: Dataset, design: Design, sheet: StudySheet, options: Options, key: str) -> Execution:
    """Execute `design` under the generation key `key`; equal arguments give equal numbers.

    A sample on which the method has no answer, and numbers that leave floating-point arithmetic, make a failed execution whose
    error says what happened. Raises KeyError where the catalogue has no such method. Runs one design at a time: the filters of
    Python's warnings are the process's.
    """
    if design.code is not None:
        return _failed(key, design, "An experiment in code is run by the graph, in a sandbox.")
    method = get_method(design.method)
    with _numerical_warnings_as_errors(), _linear_algebra().limit(limits=1):
        try:
            return _executed(dataset, design, sheet, options, key, method)
        except NotApplicable as found:
            return _failed(key, design, str(found))
        except _numerical_failures() as failure:
            return _failed(key, design, f"The computation of {method.title} failed: {_sentence(failure)}")
        except ValidationError as refused:
            if not _only_non_finite(refused):
                raise
            return _failed(key, design, f"{method.title} gave a number that is not finite on this sample.")


def draw_result(sample: Sample, design: Design, result: TestResult) -> Drawing | None:
    """The figure of a design's result on its sample, under its content; equal arguments give equal bytes.

    None where the numbers cannot be placed on an axis. Runs one at a time, like `run_design`.
    """
    with _numerical_warnings_as_errors(), _linear_algebra().limit(limits=1):
        try:
            content = draw_figure(get_method(design.method), sample, design, result)
        except NotApplicable:  # another package's method may raise what it likes
            return None
        except _numerical_failures():
            return None
    digest_of_content = hashlib.sha256(content).hexdigest()
    return Drawing(Artefact(sha256=digest_of_content, suffix="png", caption=caption_of(result, design)), content)


def context_of(design: Design, options: Options) -> Context:
    """Alpha, level and δ in force, and the seed: it follows from the run's seed and from what the design computes."""
    content = design.model_dump(mode="json", include={"method", "target", "covariates", "alternative", "delta"})
    seed = int(digest({"seed": options.seed, "design": content})[:16], 16)
    delta = None if design.delta is None else design.delta.value
    return Context(alpha=options.alpha, level=options.level, delta=delta, seed=seed)


def _executed(dataset: Dataset, design: Design, sheet: StudySheet, options: Options, key: str, method: Method) -> Execution:
    sample = draw_sample(dataset, design, sheet)
    require_digits(sample.frame, design)
    context = context_of(design, options)
    primary = method.run(sample, design, context)
    beside = tuple(result for name in method.sensitivity if (result := _beside(get_method(name), sample, design, context)))
    result = primary.model_copy(update={"caveats": primary.caveats + caveats_of(primary, beside, options.alpha)})
    return Execution(key=key, design=design.key, status="ok", result=result, sensitivity=beside)


def _beside(method: Method, sample: Sample, design: Design, context: Context) -> TestResult | None:
    """A sensitivity analysis, None where it does not apply or cannot be computed."""
    try:
        return method.run(sample, design, context)
    except NotApplicable:
        return None
    except _numerical_failures():
        return None
    except ValidationError as refused:
        if not _only_non_finite(refused):
            raise
        return None


def _failed(key: str, design: Design, error: str) -> Execution:
    return Execution(key=key, design=design.key, status="failed", error=error)


def _numerical_failures() -> tuple[type[Exception], ...]:
    """What numpy, scipy and statsmodels raise when arithmetic fails on a sample."""
    from scipy.stats import DegenerateDataWarning
    from statsmodels.tools.sm_exceptions import ConvergenceWarning, PerfectSeparationError, PerfectSeparationWarning

    return (
        np.linalg.LinAlgError,
        ArithmeticError,
        DegenerateDataWarning,
        ConvergenceWarning,
        PerfectSeparationError,
        PerfectSeparationWarning,
    )


@cache
def _linear_algebra() -> ThreadpoolController:
    """The libraries of linear algebra in this process. One thread each: studies already run side by side, threads that wait for
    each other made a fit of 60 columns many times slower on busy cores, and the order of a sum no longer depends on them.
    """
    return ThreadpoolController()


@contextmanager
def _numerical_warnings_as_errors() -> Iterator[None]:
    """Silence the libraries' warnings, but for those that say that a result is not to be used: these are raised."""
    with _warning_filters, warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for failure in _numerical_failures():
            if issubclass(failure, Warning):
                warnings.simplefilter("error", failure)
        yield


def _only_non_finite(refused: ValidationError) -> bool:
    return all(error["type"] == "finite_number" for error in refused.errors())


def _sentence(failure: Exception) -> str:
    if isinstance(failure, OverflowError):
        return "its numbers leave the range of floating-point arithmetic; give the columns in other units."
    text = " ".join(str(failure).split()) or type(failure).__name__
    return text if text.endswith(".") else f"{text}."

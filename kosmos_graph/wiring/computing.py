"""Where studies are computed: in this process, or in a worker, so that computing one does not hold up the others."""

from __future__ import annotations

import asyncio
import importlib
import logging
from collections.abc import Callable
from typing import TypeVar

from kosmos_graph import workers
from kosmos_graph.data.dataset import Dataset
from kosmos_graph.domain.design import Design
from kosmos_graph.domain.question import Options
from kosmos_graph.domain.results import Execution, TestResult
from kosmos_graph.domain.study_sheet import StudySheet
from kosmos_graph.experiments.runner import Drawing, draw_result, run_design
from kosmos_graph.experiments.sample import draw_sample

LARGEST_SENT = 16 << 20
"""Bytes of a data set, or of a sample, that is sent to a worker; with a larger one is computed where it is."""

T = TypeVar("T")
_log = logging.getLogger(__name__)


async def execute(dataset: Dataset, design: Design, sheet: StudySheet, options: Options, key: str) -> Execution:
    """The design's execution, by `experiments.runner.run_design`."""
    return await _computed(_size(dataset), run_design, dataset, design, sheet, options, key)


async def draw(dataset: Dataset, design: Design, sheet: StudySheet, result: TestResult) -> Drawing | None:
    """The figure of a result, by `experiments.runner.draw_result`."""
    sample = await asyncio.to_thread(draw_sample, dataset, design, sheet)
    return await _computed(int(sample.frame.memory_usage().sum()), draw_result, sample, design, result)


async def _computed(size: int, function: Callable[..., T], *arguments: object) -> T:
    """`function(*arguments)`, by a worker process where there are any; here where much would be sent, or the worker is lost."""
    if workers.begun() and size <= LARGEST_SENT:
        try:
            return await workers.in_worker(function, *arguments)
        except workers.WorkerLost as lost:
            _log.warning("a study is computed again, because its worker process ended: %s", lost)
    return await asyncio.to_thread(function, *arguments)


def _size(dataset: Dataset) -> int:
    """Bytes of a data set, texts by their references alone."""
    return int(dataset.frame.memory_usage().sum())


def begin_workers() -> None:
    """Begin the worker processes, with what computing needs already imported there; without any, all is computed here."""
    try:
        workers.begin(_warm_up)
    except OSError as error:
        _log.warning("studies are computed without worker processes, because none can be begun: %s", error)


def _warm_up() -> None:
    for package in ("matplotlib.backends.backend_agg", "matplotlib.figure", "scipy.stats", "statsmodels.api"):
        importlib.import_module(package)

"""Where figures are drawn: in this process, or in a worker, so that drawing one study's does not hold up the others."""

from __future__ import annotations

import asyncio
import importlib
import logging

from kosmos_graph import workers
from kosmos_graph.data.dataset import Dataset
from kosmos_graph.domain.design import Design
from kosmos_graph.domain.results import TestResult
from kosmos_graph.domain.study_sheet import StudySheet
from kosmos_graph.experiments.method import Sample
from kosmos_graph.experiments.runner import Drawing, draw_result
from kosmos_graph.experiments.sample import draw_sample

LARGEST_SENT = 64 << 20
"""Bytes of a sample that is sent to a worker; a larger one is drawn where it is."""

_log = logging.getLogger(__name__)


async def draw(dataset: Dataset, design: Design, sheet: StudySheet, result: TestResult) -> Drawing | None:
    """The figure, drawn by a worker process where there are any; here where the sample is large, or the worker is lost."""
    sample: Sample = await asyncio.to_thread(draw_sample, dataset, design, sheet)
    if workers.begun() and sample.frame.memory_usage().sum() <= LARGEST_SENT:
        try:
            return await workers.in_worker(draw_result, sample, design, result)
        except workers.WorkerLost as lost:
            _log.warning("a figure is drawn again, because its worker process ended: %s", lost)
    return await asyncio.to_thread(draw_result, sample, design, result)


def begin_workers() -> None:
    """Begin the worker processes, with what drawing needs already imported there; without any, figures are drawn here."""
    try:
        workers.begin(_warm_up)
    except OSError as error:
        _log.warning("figures are drawn without worker processes, because none can be begun: %s", error)


def _warm_up() -> None:
    for package in ("matplotlib.backends.backend_agg", "matplotlib.figure", "scipy.stats", "statsmodels.api"):
        importlib.import_module(package)

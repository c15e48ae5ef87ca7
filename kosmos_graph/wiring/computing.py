"""Where studies are computed: in worker processes that have locked themselves in, so that computing one neither holds up the others
nor gives what is in the data a way out.
"""

from __future__ import annotations

import asyncio
import base64
import importlib
import json
import logging
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from kosmos_graph import workers
from kosmos_graph.data.dataset import Dataset
from kosmos_graph.domain.code_experiment import Rung
from kosmos_graph.domain.design import Design
from kosmos_graph.domain.question import Options
from kosmos_graph.domain.results import Artefact, Execution, TestResult
from kosmos_graph.domain.study_sheet import StudySheet
from kosmos_graph.experiments.catalogue import CATALOGUE, package_folders
from kosmos_graph.experiments.runner import Drawing, draw_result, run_design
from kosmos_graph.experiments.sample import columns_of, draw_sample
from kosmos_graph.sandbox.confine import confine_self

LARGEST_SENT = 1 << 30
"""Bytes of a data set that is sent to a worker; with a larger one is computed where it is."""
EXECUTION, FIGURE = 0, 1
"""What workers do first: an analyst waits for an execution, and for a figure nobody."""
MACHINE = tuple(Path(path) for path in ("/proc/self/maps", "/proc/cpuinfo", "/proc/meminfo", "/sys/devices/system/cpu"))
"""What libraries of linear algebra and of learning read about the machine and about themselves."""
WARM_UP = f"{__name__}:warm_up"
LOST = "its process ended twice before it did, for want of memory perhaps"

_log = logging.getLogger(__name__)
_held: Rung = "no sandbox"
"""What holds this process: a worker finds out as it locks itself in."""


async def execute(dataset: Dataset, design: Design, sheet: StudySheet, options: Options, key: str) -> Execution:
    """The design's execution, by `experiments.runner.run_design`; failed where its worker ends twice."""
    needed = _needed(dataset, design, sheet)
    try:
        content = await _computed(EXECUTION, needed.frame, run_as_json, needed, design, sheet, options, key)
    except workers.WorkerLost as lost:
        title = CATALOGUE[design.method].title if design.method in CATALOGUE else design.method
        why = f"{lost}" if isinstance(lost, workers.WorkerUnready) else LOST
        return Execution(key=key, design=design.key, status="failed", error=f"The computation of {title} failed: {why}.")
    return Execution.model_validate_json(content)


async def draw(dataset: Dataset, design: Design, sheet: StudySheet, result: TestResult) -> Drawing | None:
    """The figure of a result, by `experiments.runner.draw_result`; None also where its worker ends twice."""
    needed = _needed(dataset, design, sheet)
    try:
        content = await _computed(FIGURE, needed.frame, draw_as_json, needed, design, sheet, result)
    except workers.WorkerLost:
        return None
    drawn = json.loads(content)
    if drawn is None:
        return None
    return Drawing(Artefact.model_validate(drawn["artefact"]), base64.b64decode(drawn["content"], validate=True))


def run_as_json(*arguments: object) -> bytes:
    """An execution as JSON, with what held the process that computed it."""
    return run_design(*arguments).model_copy(update={"rung": _held}).model_dump_json().encode()  # type: ignore[arg-type]


def draw_as_json(dataset: Dataset, design: Design, sheet: StudySheet, result: TestResult) -> bytes:
    """A figure as JSON, its content in base 64."""
    drawing = draw_result(draw_sample(dataset, design, sheet), design, result)
    if drawing is None:
        return b"null"
    artefact = drawing.artefact.model_dump()
    return json.dumps({"artefact": artefact, "content": base64.b64encode(drawing.content).decode()}).encode()


def begin_workers(size: int = 1) -> None:
    """Begin worker processes, with what computing needs already imported there; without any, all is computed here."""
    try:
        workers.begin(WARM_UP, size)
    except OSError as error:
        _log.warning("studies are computed without worker processes, because none can be begun: %s", error)


async def _computed(rank: int, frame: pd.DataFrame, function: Callable[..., bytes], *arguments: object) -> bytes:
    """`function(*arguments)`, by a worker process where there are any; here where too much would be sent.

    What ended one worker may end the next, and never ends this process. Raises WorkerLost.
    """
    if not workers.begun() or _size(frame) > LARGEST_SENT:
        return await asyncio.to_thread(function, *arguments)
    try:
        return await workers.in_worker(function, *arguments, rank=rank)
    except workers.WorkerLost as lost:
        _log.warning("a study is computed again, because its worker process ended: %s", lost)
    return await workers.in_worker(function, *arguments, rank=rank)


def _needed(dataset: Dataset, design: Design, sheet: StudySheet) -> Dataset:
    """The data set with only those columns that the design and the sheet's exclusions read."""
    conditions = (*design.target.filters, *sheet.exclusions)
    named = {*columns_of(design), *(condition.column for condition in conditions)}
    kept = [column for column in dataset.frame.columns if column in named]
    return Dataset(dataset.card, dataset.frame[kept])


def _size(frame: pd.DataFrame) -> int:
    """Bytes of a frame, texts by their references alone."""
    return int(frame.memory_usage().sum())


def warm_up() -> bytes:
    """In a worker: import what will be needed, other packages' methods too, and find the fonts, then lock the process in."""
    global _held  # noqa: PLW0603 - it is this process that is held
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # of a cache that it cannot write it tells at length
    for package in ("matplotlib.backends.backend_agg", "matplotlib.figure", "scipy.stats", "statsmodels.api"):
        importlib.import_module(package)
    font_manager = importlib.import_module("matplotlib.font_manager")
    font_manager.findfont("DejaVu Sans")
    confinement = confine_self(read=(*MACHINE, *package_folders()))
    if confinement.files and confinement.calls:
        _held = "landlock"
    return _held.encode()

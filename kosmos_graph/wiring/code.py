"""Runs a design's own code in the sandbox, and makes an execution of what comes back."""

from __future__ import annotations

import asyncio
import hashlib
import io
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from kosmos_graph.data.dataset import Dataset
from kosmos_graph.data.filters import mask
from kosmos_graph.data.load import load_dataset
from kosmos_graph.data.sheet import read_sheet
from kosmos_graph.domain.code_experiment import CodeExperiment, DeclaredResult, NamedTable, Outcome, Rung
from kosmos_graph.domain.design import CODE, Design, Protocol
from kosmos_graph.domain.hypothesis import Target
from kosmos_graph.domain.question import Options
from kosmos_graph.domain.results import Artefact, Execution
from kosmos_graph.domain.study_sheet import StudySheet
from kosmos_graph.errors import BadInput
from kosmos_graph.experiments.code_check import complaints, seed_of, typed_numbers
from kosmos_graph.ids import canonical_json
from kosmos_graph.render.table_files import csv_file
from kosmos_graph.run_folder import write_whole
from kosmos_graph.sandbox.executor import LocalExecutor
from kosmos_graph.sandbox.jobs import DataFile, Job
from kosmos_graph.sandbox.ladder import Ladder, probe

UNSAFE: Rung = "no sandbox"
FOLDER = "sandbox-data"
UNSAFE_FOLDER = "without-sandbox"
"""Where outcomes are kept that nothing held: no run in a sandbox takes one of them for its own, nor the other way round."""
Suffixed = tuple[Artefact, bytes]


class CodeRunner:
    """Implements the graph's `RunCode` over an executor that is begun with the first code, in `home`.

    With `unsafe` the code runs without a sandbox, as its author's own.
    """

    def __init__(self, home: Path, *, workers: int = 1, image: str | None = None, unsafe: bool = False) -> None:
        self._home = home
        self._workers = workers
        self._image = image
        self._unsafe = unsafe
        self._executor: LocalExecutor | None = None
        self._lock = threading.Lock()

    @cached_property
    def ladder(self) -> Ladder:
        """What holds code on this machine; found out by trying, which takes up to a second."""
        return probe(docker_image=self._image)

    @property
    def rung(self) -> Rung | None:
        """What code is run in, None where it is not run."""
        return UNSAFE if self._unsafe else self.ladder.rung

    @property
    def sentence(self) -> str:
        """What a user is told of it."""
        if self._unsafe:
            return "Code that a model writes runs without a sandbox, as you asked: it can do all that you can do on this machine."
        return self.ladder.sentence

    def holds(self) -> bool:
        """Whether code can be run."""
        return self.rung is not None

    async def __call__(
        self, dataset: Dataset, design: Design, sheet: StudySheet, options: Options, key: str
    ) -> tuple[Execution, Mapping[str, bytes]]:
        """The execution of the design's code, and its files. Raises StoreError where the home folder cannot be written."""
        return await asyncio.to_thread(self.run, dataset, design, sheet, options, key)

    def close(self) -> None:
        """End every process of it; the next code begins new ones."""
        with self._lock:
            if self._executor is not None:
                self._executor.close()
                self._executor = None

    def run(
        self, dataset: Dataset, design: Design, sheet: StudySheet, options: Options, key: str
    ) -> tuple[Execution, Mapping[str, bytes]]:
        """The same, for a caller that can wait."""
        experiment = design.code
        assert experiment is not None, "only designs with code come here"  # noqa: S101
        code = kept(experiment.code.encode(), "py", "the code of the experiment")
        if against := " ".join(complaints(experiment)) or (None if self.holds() else self.sentence):
            refused = Execution(key=key, design=design.key, status="failed", error=against, files=(code[0],))
            return refused, {code[0].filename: code[1]}
        seed = seed_of(experiment, dataset.card.sha256, options.seed)
        job = Job(experiment.code, (self._data_file(dataset, sheet),), seed=seed, results=experiment.results)
        executor = self._begun()
        outcome = executor.result(executor.submit(job))
        if outcome.state == "error" and not job.data[0].path.exists():  # somebody tidied up while the job waited
            self._data_file(dataset, sheet)
            outcome = executor.result(executor.submit(job))
        outcome = outcome.model_copy(update={"seconds": 0.0})  # a clock's, and equal runs are equal
        files = (code, *_files(outcome))
        error = _error(experiment, outcome)
        execution = Execution(
            key=key,
            design=design.key,
            status="ok" if error is None else "failed",
            error=error,
            outcome=outcome,
            rung=outcome.rung,
            notes=(executor.trouble,) if executor.trouble is not None else (),
            files=tuple(artefact for artefact, _ in files),
        )
        return execution, {artefact.filename: content for artefact, content in files}

    def _begun(self) -> LocalExecutor:
        with self._lock:
            if self._executor is None:
                home = self._home / UNSAFE_FOLDER if self._unsafe else self._home
                self._executor = LocalExecutor(self.rung or self.ladder, home, self._workers, docker_image=self._image)
            return self._executor

    def _data_file(self, dataset: Dataset, sheet: StudySheet) -> DataFile:
        """The prepared data, less the rows that the sheet excludes, as a Parquet file under its content."""
        frame = dataset.frame
        for condition in sheet.exclusions:
            if condition.column in frame.columns:
                frame = frame[~np.asarray(mask(frame, condition), dtype=np.bool_)]
        buffer = io.BytesIO()
        frame.reset_index(drop=True).to_parquet(buffer, index=False)
        content = buffer.getvalue()
        sha256 = hashlib.sha256(content).hexdigest()
        path = self._home / FOLDER / f"{sha256}.parquet"
        if not _holds(path, content):
            write_whole(path, content)
        return DataFile(name=dataset.card.name, path=path, sha256=sha256)


def run_code(
    code: str,
    data: str | Path,
    results: Sequence[DeclaredResult | Mapping[str, str]],
    *,
    about: str | Path | Mapping[str, Any] | StudySheet | None = None,
    options: Mapping[str, Any] | None = None,
    name: str | None = None,
    unsafe_no_sandbox: bool = False,
) -> Outcome:
    """What `experiment(data, seed)`, which `code` defines, returns on a data file, run in the sandbox as a run would run it.

    `results` are those declared (name, kind, meaning), `about` is a study sheet, `options` has the seed, `name` is what the code
    calls the data set. Raises BadInput where the code cannot be run, or gave no result; the message says why.
    """
    experiment, settled = _given(code, results, options or {})
    if against := " ".join(complaints(experiment)):
        raise BadInput(against)
    sheet = about if isinstance(about, StudySheet) else read_sheet(Path(about) if isinstance(about, str) else about)
    dataset = load_dataset(Path(data), sheet, name=name)
    target = Target(dataset=dataset.card.name, outcome=dataset.card.columns[0].name)
    design = Design(
        key="c1h1g1",
        hypothesis="c1h1",
        method=CODE,
        method_reason="asked for",
        target=target,
        protocol=Protocol(objective="", steps=()),
        author="user",
        code=experiment,
    )
    with tempfile.TemporaryDirectory(prefix="kosmos-graph-") as folder:
        runner = CodeRunner(Path(folder), unsafe=unsafe_no_sandbox)
        try:
            execution, _ = runner.run(dataset, design, sheet, settled, design.key)
        finally:
            runner.close()
    if execution.outcome is None or execution.status == "failed":
        raise BadInput(execution.error or "the code gave no result")
    return execution.outcome


def _given(
    code: str, results: Sequence[DeclaredResult | Mapping[str, str]], options: Mapping[str, Any]
) -> tuple[CodeExperiment, Options]:
    """A caller's experiment and options. Raises BadInput."""
    try:
        return CodeExperiment.model_validate({"code": code, "results": tuple(results)}), Options.model_validate(options)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise BadInput(f"the experiment cannot be run: {where}: {first['msg'].lower()}") from error


def kept(content: bytes, suffix: str, caption: str) -> Suffixed:
    """A file as an artefact under its content."""
    sha256 = hashlib.sha256(content).hexdigest()
    return Artefact.model_validate({"sha256": sha256, "suffix": suffix, "caption": caption}), content


def _holds(path: Path, content: bytes) -> bool:
    """Whether the file is what it was written as: a full disk or another hand may have left something else there."""
    try:
        return not path.is_symlink() and path.read_bytes() == content
    except OSError:
        return False


def _files(outcome: Outcome) -> Iterator[Suffixed]:
    if outcome.stdout:
        yield kept(outcome.stdout.encode(), "txt", "what the code printed")
    if outcome.results:
        values = [result.model_dump(mode="json") for result in outcome.results]
        yield kept(canonical_json(values).encode(), "json", "what the code returned")
    for result in outcome.results:
        if isinstance(result, NamedTable):
            yield csv_file(result.columns, result.rows, f"the table {result.name}")


def _error(experiment: CodeExperiment, outcome: Outcome) -> str | None:
    if outcome.state != "ok":
        return outcome.error or f"The code ended as: {outcome.state}."
    typed = typed_numbers(experiment, outcome)
    if typed:
        return f"{', '.join(typed)}: a number that stands in the code as it is was typed, not computed; compute it from the data."
    return None

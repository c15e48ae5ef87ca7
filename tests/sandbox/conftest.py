"""Executors on every rung that holds on this machine; a rung that does not is skipped with its reason."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest

from kosmos_graph.domain.code_experiment import DeclaredResult, Outcome, Rung
from kosmos_graph.sandbox import DataFile, Job, Limits, LocalExecutor, probe

RUNGS: tuple[Rung, ...] = ("bubblewrap", "landlock")
NUMBER = DeclaredResult(name="answer", kind="number", meaning="what was asked for", unit="mm")
TABLE = DeclaredResult(name="rows", kind="table", meaning="one row a group")

Ask = Callable[..., Outcome]


def job(
    code: str,
    *,
    data: tuple[DataFile, ...] = (),
    results: tuple[DeclaredResult, ...] = (NUMBER,),
    seed: int = 1,
    whole: bool = False,
    **limits: float,
) -> Job:
    """A job of `code`: the body of experiment(data, seed), unless it is the `whole` or defines something."""
    if not whole and "def " not in code:
        code = "def experiment(data, seed):\n" + "\n".join(f"    {line}" for line in code.splitlines())
    return Job(code, data, seed, Limits(**{"wall_seconds": 20.0, **limits}), results)  # type: ignore[arg-type]


@pytest.fixture(scope="session", params=RUNGS)
def rung(request: pytest.FixtureRequest) -> Rung:
    finding = next((each for each in probe(every=True).findings if each.rung == request.param), None)
    if finding is None or not finding.holds:
        pytest.skip(f"{request.param}: {finding.reason if finding else 'not on this system'}")
    return finding.rung


@pytest.fixture(scope="session")
def executor(rung: Rung, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalExecutor]:
    """One warm executor a rung, for all tests that do not harm it."""
    running = LocalExecutor(rung, tmp_path_factory.mktemp("home"), workers=1)
    yield running
    running.close()


@pytest.fixture
def ask(executor: LocalExecutor) -> Ask:
    """Run a piece of code and wait for its outcome."""

    def ask(code: str, **named: object) -> Outcome:
        return executor.result(executor.submit(job(code, **named)), timeout=60)  # type: ignore[arg-type]

    return ask


@pytest.fixture
def penguins(tmp_path: Path) -> DataFile:
    return data_file(
        tmp_path / "penguins.parquet", pd.DataFrame({"species": ["Adelie", "Gentoo", "Gentoo"], "mass": [3700.0, 5000.0, 5200.0]})
    )


def data_file(path: Path, frame: pd.DataFrame) -> DataFile:
    frame.to_parquet(path)
    return DataFile(path.stem, path, hashlib.sha256(path.read_bytes()).hexdigest())

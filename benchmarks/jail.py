"""What the sandbox costs: time of a job in a cold and a warm jail, and jobs a second with one and two jails, on every rung.

    python -m benchmarks.jail [--jobs 200] [--warm 40] [--rung NAME]

The job reads a Parquet file of two columns and 10,000 rows, and computes a correlation by scipy. Cold is a jail begun for the job:
the interpreter, the scientific libraries, and the job. Warm is another job in the same jail. The throughput is of jobs that differ
in their seed, so that none is answered out of the store, with the jails begun before. Prints medians; claims nothing, since what it
measures is mostly the machine's.
"""

from __future__ import annotations

import argparse
import hashlib
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import count
from pathlib import Path

import numpy as np
import pandas as pd

from kosmos_graph.domain.code_experiment import DeclaredResult, Rung
from kosmos_graph.sandbox import DataFile, Job, LocalExecutor, probe

LOCAL: tuple[Rung, ...] = ("bubblewrap", "landlock", "sandbox-exec")
ROWS = 10_000
CODE = """
from scipy import stats

def experiment(data, seed):
    frame = data["pairs"]
    return {"r": stats.pearsonr(frame["x"], frame["y"]).statistic}
"""
DECLARED = (DeclaredResult(name="r", kind="number", meaning="correlation of x and y"),)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=200, help="jobs of the throughput")
    parser.add_argument("--warm", type=int, default=40, help="warm jobs that are timed one by one")
    parser.add_argument("--rung", action="append", choices=[*LOCAL, "no sandbox"], help="only this one; may be given several times")
    asked = parser.parse_args(arguments)
    holding = [finding.rung for finding in probe(every=True).findings if finding.holds and finding.rung in LOCAL]
    rungs: list[Rung] = asked.rung or [*holding, "no sandbox"]
    print(f"{'rung':<12} {'cold ms':>8} {'warm ms':>8} {'1 jail: jobs/s':>15} {'2 jails: jobs/s':>16}")
    with tempfile.TemporaryDirectory(prefix="kosmos-benchmark-") as folder:
        jobs = _jobs(Path(folder))
        for number, rung in enumerate(rungs):
            cold, warm = one_by_one(rung, Path(folder) / f"home{number}", jobs, asked.warm)
            rates = [throughput(rung, Path(folder) / f"home{number}-{workers}", jobs, asked.jobs, workers) for workers in (1, 2)]
            print(f"{rung:<12} {1000 * cold:>8.0f} {1000 * warm:>8.1f} {rates[0]:>15.1f} {rates[1]:>16.1f}", flush=True)
    return 0


def one_by_one(rung: Rung, home: Path, jobs: Iterator[Job], number: int) -> tuple[float, float]:
    """Seconds of the first job of a jail, and the median of those after it."""
    with closing(LocalExecutor(rung, home)) as executor:
        first, *others = [_timed(executor, next(jobs)) for _ in range(1 + number)]
    return first, statistics.median(others)


def throughput(rung: Rung, home: Path, jobs: Iterator[Job], number: int, workers: int) -> float:
    """Jobs a second over `number` jobs submitted at once."""
    with closing(LocalExecutor(rung, home, workers)) as executor:
        for outcome in list(executor.as_completed([executor.submit(next(jobs)) for _ in range(4 * workers)])):
            _right(outcome.state, outcome.error)
        began = time.perf_counter()
        for outcome in executor.as_completed([executor.submit(next(jobs)) for _ in range(number)]):
            _right(outcome.state, outcome.error)
        return number / (time.perf_counter() - began)


def _timed(executor: LocalExecutor, job: Job) -> float:
    began = time.perf_counter()
    outcome = executor.result(executor.submit(job))
    _right(outcome.state, outcome.error)
    return time.perf_counter() - began


def _right(state: str, error: str | None) -> None:
    if state != "ok":
        sys.exit(f"a job ended as {state}: {error}")


def _jobs(folder: Path) -> Iterator[Job]:
    """Jobs that differ in their seed."""
    random = np.random.default_rng(1)
    x = random.normal(size=ROWS)
    path = folder / "pairs.parquet"
    pd.DataFrame({"x": x, "y": x + random.normal(size=ROWS)}).to_parquet(path)
    data = (DataFile("pairs", path, hashlib.sha256(path.read_bytes()).hexdigest()),)
    return (Job(CODE, data, seed, results=DECLARED) for seed in count())


if __name__ == "__main__":
    sys.exit(main())

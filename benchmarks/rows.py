"""A declarative test on many rows beside the bare call of scipy on the same numbers. Prints one table.

    python -m benchmarks.rows [--rows 1000000]

Every figure is measured in this one process tree. `method` is the method alone on its sample, with interval, standardised effect
and descriptions; `here` is all that a design costs, with drawing the sample and the sensitivity analyses; `worker` is the same in a
process that has locked itself in, with what is sent there and back.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from kosmos_graph.data.load import load_dataset
from kosmos_graph.domain.design import Design, Protocol
from kosmos_graph.domain.hypothesis import Target
from kosmos_graph.domain.question import Options
from kosmos_graph.domain.study_sheet import StudySheet
from kosmos_graph.experiments.catalogue import CATALOGUE
from kosmos_graph.experiments.runner import context_of, run_design
from kosmos_graph.experiments.sample import draw_sample
from kosmos_graph.wiring.computing import begin_workers, execute


def least(call: Callable[[], object], repeats: int) -> float:
    """Least wall seconds of several calls."""
    found = []
    for _ in range(repeats):
        began = time.perf_counter()
        call()
        found.append(time.perf_counter() - began)
    return min(found)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"g": rng.choice(["a", "b"], asked.rows), "y": rng.normal(10, 2, asked.rows), "z": rng.normal(size=asked.rows)}
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.parquet"
        frame.to_parquet(path)
        began = time.perf_counter()
        dataset = load_dataset(path, StudySheet())
        read = time.perf_counter() - began
    groups = [dataset.frame.loc[dataset.frame["g"] == level, "y"].to_numpy() for level in ("a", "b")]
    bare = least(lambda: stats.ttest_ind(*groups, equal_var=False), asked.repeats)
    begin_workers()
    print(f"{asked.rows:,} rows; reading and profiling the Parquet file {read:.2f} s")
    print(f"scipy.stats.ttest_ind alone {bare * 1000:.1f} ms, to which the ratios are\n")
    print(f"{'design':<34}{'method':>9}{'ratio':>8}{'here':>9}{'ratio':>8}{'worker':>9}{'ratio':>8}")
    for name in ("welch_t", "mann_whitney", "linear_regression"):
        design = designed(name, dataset.card.name)
        sample, context = draw_sample(dataset, design, StudySheet()), context_of(design, Options())
        alone = least(lambda: CATALOGUE[design.method].run(sample, design, context), asked.repeats)  # noqa: B023 - called at once
        here = least(lambda design=design: run_design(dataset, design, StudySheet(), Options(), "k"), asked.repeats)
        there = least(lambda design=design: asyncio.run(execute(dataset, design, StudySheet(), Options(), "k")), asked.repeats)
        beside = len(CATALOGUE[name].sensitivity)
        label = f"{name} and {beside} beside it" if beside else name
        told = "".join(f"{seconds:>8.2f}s{seconds / bare:>7.0f}×" for seconds in (alone, here, there))
        print(f"{label:<34}{told}")


def designed(method: str, dataset: str) -> Design:
    """A design of `y` between the groups, or on the number beside it."""
    groups = method != "linear_regression"
    target = Target(dataset=dataset, outcome="y", predictors=("g",) if groups else ("z",), levels=("a", "b") if groups else None)
    return Design(
        key="c1h1g1",
        hypothesis="c1h1",
        method=method,
        method_reason="",
        target=target,
        protocol=Protocol(objective="", steps=()),
        author="benchmark",
    )


if __name__ == "__main__":
    main()

"""What a run costs beside the models: start-up, overlap of studies, checkpoints, replay. Prints one table.

    python -m benchmarks.workflow [--studies 8 64] [--latency 0.5] [--repeats 3]

Every figure is a ratio or a length measured in this one process tree; nothing is compared with another machine. The critical
path is measured, not computed: the wall time of the same run with a single study, against the same server. Wall times are medians.
Beside them stands the least that the processors allow: the CPU seconds of all processes of the run (this one, the workers that
compute and draw, the server), shared evenly by all cores. What a run takes beyond the longer of the two is scheduling. The last
line of each says what its libraries take alone: as many calls in the same rounds by LiteLLM, and as many figures by matplotlib,
with nothing of a run around them.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import io
import os
import random
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.server import serving
from kosmos_graph import start
from kosmos_graph.settings import Settings

QUESTION = "What affects growth?"
ROWS = 400


def cpu_of(*arguments: str, repeats: int = 5) -> float:
    """Least CPU seconds (user and system) of a Python child with these arguments, of several tries."""
    spent = []
    for _ in range(repeats):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL, timeout=60)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(spent)


def write_data(path: Path, columns: int) -> None:
    """A table of `growth` and as many numeric predictors, none of which matters."""
    chance = random.Random(columns)
    names = [f"factor_{number}" for number in range(1, columns + 1)]
    lines = [",".join(["growth", *names])]
    lines += [",".join(f"{chance.gauss(0, 1):.5f}" for _ in range(columns + 1)) for _ in range(ROWS)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def sheet_of(studies: int) -> dict[str, Any]:
    """A study sheet that states one hypothesis a study, so that the number of studies does not depend on a model."""
    stated = [
        {"statement": f"factor_{number} goes with growth", "outcome": "growth", "predictors": [f"factor_{number}"]}
        for number in range(1, studies + 1)
    ]
    return {"hypotheses": stated}


def timed_run(studies: int, latency: float, folder: Path) -> dict[str, float]:
    """One run against a loopback server: wall and CPU seconds, those of the processes beside this one, calls, checkpoint bytes."""
    data = folder / "data.csv"
    write_data(data, studies)
    with serving(latency) as server:
        settings = Settings(
            litellm_model="openai/bench", litellm_api_base=server.base, kosmos_home=folder / "home", kosmos_loopback_calls=256
        )
        began, cpu, whole = time.perf_counter(), time.process_time(), cpu_of_children()
        run = start(QUESTION, [data], about=sheet_of(studies), settings=settings, options={"hypotheses": 1, "parallel": 256})
        report = run.result
        wall, busy = time.perf_counter() - began, time.process_time() - cpu
        beside = cpu_of_children() - whole
    if len(report.findings) != studies:
        raise SystemExit(f"{len(report.findings)} findings of {studies} studies: {report.unanswered[:3]}")
    return {
        "wall": wall,
        "cpu": busy,
        "beside": beside,
        "calls": server.calls,
        "at_once": server.at_once,
        "bytes": checkpoint_bytes(folder / "home"),
    }


def cpu_of_children() -> float:
    """CPU seconds so far of the processes that this one has begun and that live; 0 where the system has no `/proc`."""
    spent = 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it has ended since
            fields = path.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            parent, *times = (int(fields[place]) for place in (1, 11, 12))  # ppid, utime and stime, in proc(5)
            spent += sum(times) if parent == os.getpid() else 0
    return spent / os.sysconf("SC_CLK_TCK") if spent else 0.0


def checkpoint_bytes(home: Path) -> int:
    """Bytes of all checkpoints and writes of a home folder's one run."""
    with sqlite3.connect(home / "checkpoints.sqlite") as connection:
        (checkpoints,) = connection.execute("SELECT coalesce(sum(length(checkpoint)), 0) FROM checkpoints").fetchone()
        (writes,) = connection.execute("SELECT coalesce(sum(length(value)), 0) FROM writes").fetchone()
    return int(checkpoints) + int(writes)


def bare_libraries(studies: int, latency: float, rounds: int) -> dict[str, float]:
    """Seconds of `rounds` rounds of a call a study by LiteLLM alone, and of a figure a study by matplotlib alone."""
    from matplotlib.figure import Figure

    from kosmos_graph.providers.door import litellm

    async def calls(base: str) -> None:
        ask = [{"role": "user", "content": "What affects growth? " * 100}]
        for _ in range(rounds):
            waiting = (litellm().acompletion("openai/bench", ask, api_base=base, api_key="none") for _ in range(studies))
            await asyncio.gather(*waiting)

    with serving(latency) as server:
        began, cpu = time.perf_counter(), time.process_time()
        asyncio.run(calls(server.base))
        wall, called = time.perf_counter() - began, time.process_time() - cpu
    cpu = time.process_time()
    for number in range(studies):
        figure = Figure(figsize=(6.4, 4.0))
        panel = figure.subplots()
        panel.scatter(range(ROWS), range(ROWS))
        panel.set(xlabel="factor", ylabel="growth", title=f"{number}")
        figure.savefig(io.BytesIO(), format="png", dpi=150)
    return {"wall": wall, "called": called, "drawn": time.process_time() - cpu}


def in_folder(work: Callable[[Path], dict[str, float]]) -> dict[str, float]:
    """Do `work` in a fresh temporary folder."""
    with tempfile.TemporaryDirectory() as folder:
        return work(Path(folder))


def median_run(studies: int, latency: float, repeats: int) -> dict[str, float]:
    """The medians of what several runs took, each in a fresh folder."""
    found = [in_folder(lambda folder: timed_run(studies, latency, folder)) for _ in range(repeats)]
    return {name: statistics.median(one[name] for one in found) for name in found[0]}


def print_start_up() -> None:
    """CPU of the import and of `--help`, over a bare interpreter."""
    bare = cpu_of("-c", "pass")
    print(f"{'import kosmos_graph over a bare interpreter':<58}{cpu_of('-c', 'import kosmos_graph') - bare:8.3f} s CPU  (goal 0.1)")
    helped = cpu_of("-m", "kosmos_graph.cli", "--help") - bare
    print(f"{'kosmos-graph --help over a bare interpreter':<58}{helped:8.3f} s CPU  (goal 0.3)")


def print_overlap(counts: list[int], latency: float, repeats: int) -> None:
    """Wall time of runs with several studies beside the critical path, and their checkpoints. The process is warm in all."""
    in_folder(lambda folder: timed_run(min(counts, default=1), 0.0, folder))
    path = median_run(1, latency, repeats)
    print(f"{f'critical path: 1 study, {latency} s latency':<58}{path['wall']:8.2f} s wall, {path['calls']:.0f} calls")
    cores = os.cpu_count() or 1
    for count in counts:
        found = median_run(count, latency, repeats)
        ratio = found["wall"] / path["wall"]
        of = f"{count} studies, {latency} s latency"
        print(f"{of:<58}{found['wall']:8.2f} s wall, {found['calls']:.0f} calls, {ratio:.2f} × path  (goal 1.15)")
        print(f"{'':<58}{found['cpu']:8.2f} s CPU in this process, {found['at_once']:.0f} calls at once")
        print(f"{'':<58}{found['beside']:8.2f} s CPU in workers and server")
        least = (found["cpu"] + found["beside"]) / cores
        print(f"{f'    least on {cores} cores: all CPU / {cores}':<58}{least:8.2f} s, {least / path['wall']:.2f} × path")
        print(f"{f'checkpoint bytes a study, of {count}':<58}{found['bytes'] / count / 1000:8.1f} kB")
        rounds = round(found["calls"] / count)
        bare_libraries(1, 0.0, 1)
        bare = bare_libraries(count, latency, rounds)
        alone = f"    {rounds} rounds of {count} calls by LiteLLM alone"
        print(f"{alone:<58}{bare['wall']:8.2f} s wall for {rounds * latency:.1f} s of latency, {bare['called']:.2f} s CPU")
        print(f"{f'    {count} figures by matplotlib alone':<58}{bare['drawn']:8.2f} s CPU")


def print_replay() -> None:
    """Time to replay the recorded whole run, as its test does."""
    root = Path(__file__).parents[1]
    test = root / "tests" / "test_whole_run.py"
    began = time.perf_counter()
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", str(test), "--durations=5", "-k", "replays"],
        capture_output=True,
        text=True,
        cwd=root,
        timeout=300,
        check=False,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    calls = [line.strip() for line in ended.stdout.splitlines() if "s call " in line]
    wall = time.perf_counter() - began
    print(f"{'replay of the recorded run, pytest included':<58}{wall:8.2f} s wall, exit code {ended.returncode}")
    for call in calls:
        print(f"{'':<10}{call}")


def main() -> None:
    """Print everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, nargs="*", default=[8, 64])
    parser.add_argument("--latency", type=float, default=0.5, help="seconds that the server waits before it answers")
    parser.add_argument("--repeats", type=int, default=3, help="runs of which the median counts")
    arguments = parser.parse_args()
    print_start_up()
    print_overlap(arguments.studies, arguments.latency, arguments.repeats)
    print_replay()


if __name__ == "__main__":
    main()

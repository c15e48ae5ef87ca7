"""Runs a payload in one way and says what came out."""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kosmos_graph.sandbox import DataFile, Job
from tests.sandbox.attacks import processes
from tests.sandbox.attacks.canaries import Canaries
from tests.sandbox.attacks.evidence import Evidence, all_proofs
from tests.sandbox.attacks.payload import Payload
from tests.sandbox.attacks.watching import Watching
from tests.sandbox.attacks.ways import CONTROL, Came, Way

_SETTLE_SECONDS = 2.0


@dataclass(frozen=True)
class Verdict:
    """What a payload achieved, in words: nothing where it was blocked."""

    payload: Payload
    way: str
    out: str
    seconds: float


def try_out(payload: Payload, way: Way, canaries: Canaries) -> Verdict:
    """Run `payload`: without a jail its own proof is looked for, in a jail every sign that anything came out of it."""
    canaries.reset()
    evidence = _evidence(payload, way, canaries)
    out = payload.proof(evidence) if way.name == CONTROL else all_proofs(evidence)
    way.end_jobs()
    return Verdict(payload, way.name, out, evidence.seconds)


def _evidence(payload: Payload, way: Way, canaries: Canaries) -> Evidence:
    told = canaries.told()
    files = _files(payload, canaries)
    if payload.earlier:
        way.run(Job(payload.code(told | {"secret": canaries.secrets["earlier"]}, payload.earlier)))
    before = way.running()
    lying = _lying(canaries.temporary)
    job = Job(payload.code(told), data=files, limits=payload.limits, results=payload.results)
    with Watching(canaries, payload.proof, lambda: way.running() - before, before) as watching:
        came = way.run(job)
        left = _left(way, before)
    canaries.servers.settle()
    return Evidence(
        limits=payload.limits,
        seen=watching.seen,
        secrets=tuple(canaries.secrets.values()),
        returned=came.text,
        output_bytes=len(came.text.encode("utf-8", "replace")),
        forged=_forged(came, job, way),
        raised=came.raised,
        seconds=came.seconds,
        arrivals=list(canaries.servers.arrivals),
        changes=canaries.changes(),
        meddling=canaries.victim.meddling(),
        left_processes=left,
        left_files=sorted(_lying(canaries.temporary) - lying),
        lost_parents=sum(not processes.lives(process) for process in before),
    )


def _left(way: Way, before: set[int]) -> int:
    """How many processes are more than there were; those of a jail that is being begun anew come and go."""
    deadline = time.monotonic() + (0.0 if way.name == CONTROL else _SETTLE_SECONDS)
    while (more := len(way.running()) - len(before)) > 0 and time.monotonic() < deadline:
        time.sleep(0.01)
    return max(0, more)


def _lying(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} | {path.name for path in folder.glob("kosmos-jail-*/*")}


def _forged(came: Came, job: Job, way: Way) -> list[str]:
    """What no honest run can have returned."""
    if not came.says:
        return []
    expected = {"id": job.id, "rung": way.name}
    wrong = [f"{name} is {came.says[name]!r}" for name, value in expected.items() if came.says.get(name, value) != value]
    declared = {result.name: result.kind for result in job.results}
    wrong += [f"{name!r} had not been declared" for name in came.results if name not in declared]
    for name, value in came.results.items():
        if declared.get(name) == "number" and (type(value) not in {int, float} or not math.isfinite(value)):
            wrong.append(f"{name!r} is {str(value)[:40]}")
    try:
        json.dumps(came.results, ensure_ascii=False, default=_plain).encode()
    except UnicodeEncodeError:
        wrong.append("the results are not text")
    return wrong


def _plain(value: Any) -> Any:
    return value.model_dump()


def _files(payload: Payload, canaries: Canaries) -> tuple[DataFile, ...]:
    files = []
    store = canaries.folder / "store"
    store.mkdir(mode=0o755, exist_ok=True)
    for name, frame in payload.frames.items():
        path = store / f"{name}.parquet"
        frame(canaries.told()).to_parquet(path)
        path.chmod(0o644)
        files.append(DataFile(name, path, hashlib.sha256(path.read_bytes()).hexdigest()))
    return tuple(files)


Report = Callable[[Verdict], None]

"""Runs a payload in one way and says what came out."""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kosmos_graph.sandbox import DataFile, Job
from tests.sandbox.attacks import processes
from tests.sandbox.attacks.canaries import Canaries
from tests.sandbox.attacks.evidence import Evidence, Proof, all_proofs, outlived
from tests.sandbox.attacks.payload import Payload
from tests.sandbox.attacks.watching import Watching
from tests.sandbox.attacks.ways import CONTROL, SIGN, Came, Way

_SETTLE_SECONDS = 2.0
_SEARCH_SECONDS = 1.0
_LOOKS = 3
"""A process that forks and ends all the time is not found at every look."""
_NEIGHBOUR = f"""
with open({SIGN!r}, "w") as file:
    file.write(CANARY["secret"])
while True:
    time.sleep(0.01)
"""


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
    if payload.earlier:
        told = canaries.told() | {"secret": canaries.secrets["earlier"]}
        way.run(Job(payload.code(told, payload.earlier), limits=payload.limits, results=payload.results))
    with _neighbour(payload, way, canaries) as beside:
        evidence = _evidence_of_run(payload, way, canaries)
        evidence.changes += _disturbed(beside)
    return evidence


def _evidence_of_run(payload: Payload, way: Way, canaries: Canaries) -> Evidence:
    told = canaries.told()
    files = _files(payload, canaries)
    before = way.running()
    lying = _lying(canaries.temporary)
    job = Job(payload.code(told), data=files, limits=payload.limits, results=payload.results)
    with Watching(canaries, payload.proof, lambda: way.running() - before, before) as watching:
        came = way.run(job)
        left = _left(way, before, payload.proof)
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


@contextlib.contextmanager
def _neighbour(payload: Payload, way: Way, canaries: Canaries) -> Iterator[Path | None]:
    """A job that runs at the same time where the payload wants one; its scratch folder, as seen from outside."""
    if not payload.neighbour:
        yield None
        return
    told = canaries.told() | {"secret": canaries.secrets["neighbour"]}
    with way.beside(Job(payload.code(told, _NEIGHBOUR), limits=payload.limits)) as folder:
        yield folder


def _disturbed(folder: Path | None) -> list[str]:
    """What is in a neighbour's scratch folder that it has not put there."""
    return [] if folder is None else [f"a neighbour's {path.name}" for path in folder.iterdir() if path.name != SIGN]


def _left(way: Way, before: set[int], proof: Proof) -> int:
    """How many processes are more than there were; those of a jail that is being begun anew come and go."""
    if way.name == CONTROL:
        wanted, seconds = True, _SEARCH_SECONDS if proof is outlived else 0.0
    else:
        wanted, seconds = False, _SETTLE_SECONDS
    deadline = time.monotonic() + seconds
    while True:
        more = max(len(way.running()) - len(before) for _ in range(_LOOKS if proof is outlived else 1))
        if (more > 0) == wanted or time.monotonic() > deadline:
            return max(0, more)


def _lying(folder: Path) -> set[str]:
    """What lies in the folder for temporary files, but for the jails themselves, of which only one may be."""
    jails = list(folder.glob("kosmos-jail-*"))
    names = {path.name for path in folder.iterdir() if path not in jails} | {path.name for path in folder.glob("kosmos-jail-*/*")}
    return names | {f"jail {path.name}" for path in jails[1:]}


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

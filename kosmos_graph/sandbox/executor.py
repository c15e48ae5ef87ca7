"""Executors: jobs in, outcomes out."""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

from kosmos_graph.domain.code_experiment import Outcome, Rung, State
from kosmos_graph.errors import BadInput
from kosmos_graph.sandbox.data_files import DataGone
from kosmos_graph.sandbox.docker import DockerJail
from kosmos_graph.sandbox.jail import LIBRARIES, Jail, JailDown
from kosmos_graph.sandbox.jobs import Job
from kosmos_graph.sandbox.ladder import Ladder
from kosmos_graph.sandbox.running import Runs, lasts, run
from kosmos_graph.sandbox.store import OutcomeStore

_TRIES = 2


class Executor(Protocol):
    """Runs jobs. Every method may be called from any thread; `result` and `as_completed` wait."""

    def submit(self, job: Job) -> str:
        """Give `job` to be run, unless it is running or has a stored outcome; its id."""
        ...

    def result(self, id: str, timeout: float | None = None) -> Outcome:  # noqa: A002
        """The outcome of a submitted job. Raises TimeoutError after `timeout` seconds, KeyError where nobody submitted it."""
        ...

    def cancel(self, id: str) -> bool:  # noqa: A002
        """End a job that has not ended; whether there was one to end."""
        ...

    def as_completed(self, ids: Iterable[str]) -> Iterator[Outcome]:
        """The outcomes of submitted jobs, each once, in the order in which they end."""
        ...

    def close(self) -> None:
        """Cancel what runs, and end every process of this executor."""
        ...


class _Task:
    """A job on its way to an outcome. `failure` is what every caller is told where there is none.

    An outcome that is not `lasting` is of this one time: the job is run when it is submitted again. `place` orders tasks by when
    they ended; one whose outcome was stored had ended before all that run.
    """

    def __init__(self, job: Job, stored: Outcome | None = None) -> None:
        self.job = job
        self.outcome = stored
        self.lasting = stored is not None
        self.failure: Exception | None = None
        self.place = 0
        self.cancelled = threading.Event()

    @property
    def ended(self) -> bool:
        return self.outcome is not None or self.failure is not None


class LocalExecutor:
    """Runs up to `workers` jails on this machine; outcomes are stored in `home`.

    Each jail belongs to a thread, is begun with its first job and kept for the next ones. A jail that dies is begun again and
    its job run a second time; after that the job is lost. `modules` are imported in each jail before its first job. Raises
    BadInput where no rung of the ladder holds.
    """

    def __init__(
        self,
        ladder_or_rung: Ladder | Rung,
        home: Path,
        workers: int = 1,
        *,
        docker_image: str | None = None,
        modules: Sequence[str] = LIBRARIES,
    ) -> None:
        if workers < 1:
            raise BadInput(f"at least one worker has to run; {workers} were asked for")
        self.rung = _chosen(ladder_or_rung)
        self._docker_image = docker_image
        self._modules = tuple(modules)
        self._store = OutcomeStore(home)
        self._most = workers
        self._changed = threading.Condition()
        self._tasks: dict[str, _Task] = {}
        self._waiting: deque[_Task] = deque()
        self._threads: list[threading.Thread] = []
        self._idle = 0
        self._ended = 0
        self._closed = False

    @property
    def trouble(self) -> str | None:
        """Sentences on why outcomes are not stored, where they are not."""
        return self._store.trouble

    def submit(self, job: Job) -> str:
        with self._changed:
            if self._closed:
                raise RuntimeError("this executor is closed")
            known = self._tasks.get(job.id)
            if known is not None and (known.lasting or not known.ended):
                return job.id
            stored = self._store.get(job.id)
            task = self._tasks[job.id] = _Task(job, stored)
            if stored is None:
                self._waiting.append(task)
                self._begin_thread()
            self._changed.notify_all()
        return job.id

    def result(self, id: str, timeout: float | None = None) -> Outcome:  # noqa: A002
        with self._changed:
            task = self._tasks[id]
            if not self._changed.wait_for(lambda: task.ended, timeout):
                raise TimeoutError(f"the job {id} has not ended after {timeout} seconds")
        return _given(task)

    def cancel(self, id: str) -> bool:  # noqa: A002
        with self._changed:
            task = self._tasks.get(id)
            if task is None or task.ended:
                return False
            task.cancelled.set()
            if task in self._waiting:
                self._waiting.remove(task)
                self._end(task, self._without_run(task, "cancelled", "the job was cancelled before it began"))
            return True

    def as_completed(self, ids: Iterable[str]) -> Iterator[Outcome]:
        with self._changed:
            waiting = {id_: self._tasks[id_] for id_ in ids}
        while waiting:
            with self._changed:
                self._changed.wait_for(lambda: any(task.ended for task in waiting.values()))
                ended = [id_ for id_, task in waiting.items() if task.ended]
                ended.sort(key=lambda id_: waiting[id_].place)
            for id_ in ended:
                yield _given(waiting.pop(id_))

    def close(self) -> None:
        with self._changed:
            self._closed = True
            for task in self._tasks.values():
                task.cancelled.set()
            while self._waiting:
                task = self._waiting.popleft()
                self._end(task, self._without_run(task, "cancelled", "the job was cancelled before it began"))
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()
        self._store.close()

    def _begin_thread(self) -> None:
        """Begin another thread where all are busy and there may be more."""
        if self._idle < len(self._waiting) and len(self._threads) < self._most:
            thread = threading.Thread(target=self._work, name=f"kosmos-graph jail {len(self._threads) + 1}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _work(self) -> None:
        """A thread's life: take jobs and run them in its own jail until the executor is closed."""
        keeper = _Keeper(self._new_jail)
        try:
            while (task := self._next()) is not None:
                try:
                    outcome = self._run(keeper, task)
                    if task.lasting:
                        outcome = self._store.put(outcome)
                except Exception as error:  # noqa: BLE001 - raised again in every thread that asks for this outcome
                    with self._changed:
                        self._end(task, error)
                else:
                    with self._changed:
                        self._end(task, outcome)
        finally:
            keeper.drop()

    def _next(self) -> _Task | None:
        with self._changed:
            self._idle += 1
            self._changed.wait_for(lambda: self._waiting or self._closed)
            self._idle -= 1
            return self._waiting.popleft() if self._waiting else None

    def _run(self, keeper: _Keeper, task: _Task) -> Outcome:
        why = ""
        for _ in range(_TRIES):
            if task.cancelled.is_set():
                return self._without_run(task, "cancelled", "the job was cancelled")
            try:
                outcome = run(keeper.jail(), task.job, task.cancelled.is_set)
                task.lasting = lasts(outcome, task.job.limits)
            except DataGone as gone:
                return self._without_run(task, "error", str(gone))
            except (JailDown, OSError) as error:
                keeper.drop()
                why = str(error)
            else:
                return outcome
        return self._without_run(task, "lost", f"the jail died under the code, twice: {why}")

    def _end(self, task: _Task, outcome: Outcome | Exception) -> None:
        if isinstance(outcome, Exception):
            task.failure = outcome
        else:
            task.outcome = outcome
        self._ended += 1
        task.place = self._ended
        self._changed.notify_all()

    def _without_run(self, task: _Task, state: State, error: str) -> Outcome:
        return Outcome(id=task.job.id, state=state, error=error, rung=self.rung)

    def _new_jail(self) -> Runs:
        if self.rung == "docker":
            if self._docker_image is None:
                raise JailDown("no Docker image is configured")
            return DockerJail(self._docker_image, modules=self._modules)
        return Jail(self.rung, modules=self._modules)


class _Keeper:
    """Keeps one jail warm, for one thread."""

    def __init__(self, new: Callable[[], Runs]) -> None:
        self._new = new
        self._jail: Runs | None = None

    def jail(self) -> Runs:
        """The jail, begun where there is none. Raises JailDown."""
        if self._jail is None:
            self._jail = self._new()
        return self._jail

    def drop(self) -> None:
        """End the jail."""
        jail, self._jail = self._jail, None
        if jail is not None:
            with contextlib.suppress(OSError):
                jail.close()


def _given(task: _Task) -> Outcome:
    if task.failure is not None:
        raise task.failure
    assert task.outcome is not None  # noqa: S101 - it has ended
    return task.outcome


def _chosen(ladder_or_rung: Ladder | Rung) -> Rung:
    if not isinstance(ladder_or_rung, Ladder):
        return ladder_or_rung
    if ladder_or_rung.rung is None:
        raise BadInput(ladder_or_rung.sentence)
    return ladder_or_rung.rung

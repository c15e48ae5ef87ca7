"""One holder a run: this process, or another one."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import ClassVar

from filelock import FileLock, Timeout

FILENAME = "lock"


class RunLock:
    """Holds a run for this process and against others. The system frees it when the process is killed.

    A FileLock alone does not say "taken" to its own thread: it takes a second lock of one file for a mistake and raises
    RuntimeError. So what this process holds is remembered here.
    """

    _held: ClassVar[set[Path]] = set()
    _guard: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self, folder: Path) -> None:
        self._path = folder.absolute() / FILENAME
        self._file = FileLock(self._path, timeout=0, thread_local=False)

    def acquire(self) -> bool:
        """Whether the run could be had. Raises OSError where the file cannot be made."""
        with self._guard:
            if self._path in self._held:
                return False
            try:
                self._file.acquire()
            except Timeout:
                return False
            self._held.add(self._path)
            return True

    def release(self) -> None:
        """Let others have the run."""
        with self._guard:
            self._file.release()
            self._held.discard(self._path)

    def is_free(self) -> bool:
        """Whether nobody holds the run now."""
        try:
            free = self.acquire()
        except OSError:
            return False
        if free:
            self.release()
        return free

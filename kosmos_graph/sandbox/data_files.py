"""Opens the data of a job, and makes sure that they are the ones which the job names."""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
from collections.abc import Iterator, Sequence

from kosmos_graph.sandbox.jobs import DataFile

_lock = threading.Lock()
_known: dict[tuple[int, int, int, int], str] = {}
"""Digests by device, inode, size and time of the last change, so that a file is read whole once."""


class DataGone(Exception):
    """The sentence that says which data are not what they were."""


@contextlib.contextmanager
def opened(files: Sequence[DataFile]) -> Iterator[list[int]]:
    """The files, open for reading, in order. Raises DataGone."""
    with contextlib.ExitStack() as closing:
        descriptors = []
        for file in files:
            descriptors.append(_open(file))
            closing.callback(os.close, descriptors[-1])
        yield descriptors


def _open(file: DataFile) -> int:
    try:
        descriptor = os.open(file.path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise DataGone(f"the data {file.name!r} have vanished: there is no file {file.path} any more") from error
    except OSError as error:
        raise DataGone(f"the data {file.name!r} cannot be read: {error}") from error
    try:
        found = _digest(descriptor)
    except OSError as error:
        os.close(descriptor)
        raise DataGone(f"the data {file.name!r} cannot be read: {error}") from error
    if found != file.sha256:
        os.close(descriptor)
        raise DataGone(f"the data {file.name!r} have changed: {file.path} is not the file that the job names")
    return descriptor


def _digest(descriptor: int) -> str:
    status = os.fstat(descriptor)
    key = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
    with _lock:
        if (found := _known.get(key)) is not None:
            return found
    with os.fdopen(os.dup(descriptor), "rb") as content:
        found = hashlib.file_digest(content, "sha256").hexdigest()
    os.lseek(descriptor, 0, os.SEEK_SET)
    with _lock:
        _known[key] = found
    return found

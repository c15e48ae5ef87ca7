"""Collects the one file that a job leaves behind: part of the boundary, since the job made the folder."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any, NoReturn

from kosmos_graph.sandbox.inside.experiment import RESULT


class Uncollectable(Exception):
    """The sentence that says why the file is not taken."""


def collect(folder: Path, most_bytes: int) -> dict[str, Any]:
    """The JSON object in the job's result file. Raises Uncollectable.

    The file has to be regular, with one name, no symbolic link and not larger than `most_bytes`; nothing waits for a FIFO.
    """
    content = _read(folder, most_bytes)
    try:
        value = json.loads(content, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise Uncollectable("the code's result file is not valid JSON") from error
    if not isinstance(value, dict):
        raise Uncollectable("the code's result file is not a JSON object")
    return value


def _read(folder: Path, most_bytes: int) -> bytes:
    try:
        descriptor = os.open(folder / RESULT, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise Uncollectable("the code ended without returning a result") from error
    except OSError as error:
        raise Uncollectable("the code put something else in the place of its result file") from error
    try:
        status = os.fstat(descriptor)  # before any file object: Python makes none of a folder
        if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1:
            raise Uncollectable("the code put something else in the place of its result file")
        if status.st_size > most_bytes:
            raise Uncollectable(f"the results are larger than {most_bytes} bytes; return a summary")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            content = file.read(most_bytes + 1)
    finally:
        os.close(descriptor)
    if len(content) > most_bytes:
        raise Uncollectable(f"the results are larger than {most_bytes} bytes; return a summary")
    return content


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")

"""The home folder, the files in it, and the disk below. Nothing is changed by looking."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from kosmos_graph.doctor.diagnosis import Check, Finding, Status
from kosmos_graph.doctor.stores import CHECKPOINTS, ELSEWHERE, JOURNAL, examine_store, size_text

LEAST_FREE = 64 << 20
LITTLE_FREE = 1 << 30
_PROBE = b"\0" * 4096


def examine_home(home: Path, *, thorough: bool = True) -> tuple[Finding, ...]:
    """Whether a run could keep its files. See `examine_store` for `thorough`."""
    folder = home.expanduser().absolute()
    stores = (examine_store(store, folder, thorough=thorough) for store in (CHECKPOINTS, JOURNAL))
    return _writable(folder), *stores, _space(folder)


def _finding(check: Check, status: Status, detail: str, remedy: str | None = None) -> Finding:
    return Finding(subject="home", check=check, status=status, detail=detail, remedy=remedy)


def _nearest(folder: Path) -> Path:
    """The folder itself, or what stands where its path begins to be missing."""
    return next((path for path in (folder, *folder.parents) if os.path.lexists(path)), folder)


def _writable(home: Path) -> Finding:
    try:
        for folder in dict.fromkeys((_nearest(home), _nearest(home / "runs"))):
            if not folder.is_dir():
                return _finding("writable", "failed", f"{folder} is not a folder, and runs are kept in {home}", ELSEWHERE)
            with tempfile.TemporaryFile(dir=folder) as probe:
                probe.write(_PROBE)
                probe.flush()
    except OSError as error:
        return _finding("writable", "failed", f"the home folder {home} cannot be written: {error.strerror or error}", ELSEWHERE)
    made = "can be written" if home.exists() else "is not there yet and can be made"
    return _finding("writable", "ok", f"{home} {made}")


def _space(home: Path) -> Finding:
    try:
        free = shutil.disk_usage(_nearest(home)).free
    except OSError as error:
        return _finding("space", "warning", f"the free space cannot be told: {error.strerror or error}", ELSEWHERE)
    said = f"{size_text(free)} of the disk below {home} are free"
    if free < LEAST_FREE:
        return _finding("space", "failed", f"only {said}", f"free at least {size_text(LEAST_FREE)}, or {ELSEWHERE}")
    if free < LITTLE_FREE:
        return _finding("space", "warning", f"only {said}", f"free some space, or {ELSEWHERE}")
    return _finding("space", "ok", said)

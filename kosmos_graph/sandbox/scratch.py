"""Scratch folders: where a job may write, and what lies there."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import NamedTuple


class Lying(NamedTuple):
    """Bytes on disk and number of entries; `hidden` where a folder cannot be listed."""

    size: int
    entries: int
    hidden: bool


def make(user: int | None = None) -> Path:
    """A new folder in the system's place for temporary files, that only its owner may enter."""
    folder = Path(tempfile.mkdtemp(prefix="kosmos-jail-")).resolve()
    _give(folder, user)
    return folder


def make_in(parent: Path, name: str, user: int | None = None) -> Path:
    """A new folder in a scratch folder."""
    folder = parent / name
    folder.mkdir(mode=0o700)
    _give(folder, user)
    return folder


def measure(folder: Path, most_entries: int) -> Lying:
    """What lies in `folder`, counted up to `most_entries` and one."""
    size = entries = 0
    hidden = False
    waiting = [str(folder)]
    while waiting:
        try:
            listing = os.scandir(waiting.pop())
        except FileNotFoundError:
            continue
        except OSError:
            hidden = True
            continue
        with listing:
            for entry in listing:
                entries += 1
                if entries > most_entries:
                    return Lying(size, entries, hidden)
                try:
                    status = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue
                size += status.st_blocks * 512
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
    return Lying(size, entries, hidden)


def _give(folder: Path, user: int | None) -> None:
    if user is not None:
        os.chown(folder, user, user)

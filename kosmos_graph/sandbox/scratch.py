"""Scratch folders: where a job may write."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


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


def _give(folder: Path, user: int | None) -> None:
    if user is not None:
        os.chown(folder, user, user)

"""Scratch folders: where a job may write, what lies there, and how it is removed whatever the job made of it."""

from __future__ import annotations

import itertools
import os
import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


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


def remove(folder: Path) -> None:
    """Remove `folder` and all in it, when no process writes there any more.

    However deep folders lie in one another, one level at a time is moved up, so that neither paths nor open files nor the
    recursion of a function become too many. Symbolic links are removed, never followed.
    """
    try:
        top = os.open(folder, _FOLDER)
    except FileNotFoundError:
        return
    try:
        os.fchmod(top, 0o700)
        fresh = map(f".{secrets.token_hex(8)}-{{}}".format, itertools.count())
        while names := os.listdir(top):
            for name in names:
                _remove_entry(top, name, fresh)
    finally:
        os.close(top)
    folder.rmdir()


def _remove_entry(top: int, name: str, fresh: Iterator[str]) -> None:
    """Remove an entry of `top`; the folders in it are moved into `top` under fresh names."""
    if _unlinked(name, top):
        return
    os.chmod(name, 0o700, dir_fd=top)
    inner = os.open(name, _FOLDER, dir_fd=top)
    try:
        for below in os.listdir(inner):
            if not _unlinked(below, inner):
                os.chmod(below, 0o700, dir_fd=inner)
                os.rename(below, next(fresh), src_dir_fd=inner, dst_dir_fd=top)
    finally:
        os.close(inner)
    os.rmdir(name, dir_fd=top)


def _unlinked(name: str, folder: int) -> bool:
    """Whether the entry was no folder, and so is removed."""
    try:
        os.unlink(name, dir_fd=folder)
    except (IsADirectoryError, PermissionError):
        return False
    return True


def _give(folder: Path, user: int | None) -> None:
    if user is not None:
        os.chown(folder, user, user)

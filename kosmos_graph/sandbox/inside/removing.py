"""Removes a scratch folder, whatever a job made of it."""

from __future__ import annotations

import itertools
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def remove(folder: str | Path) -> None:
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
    os.rmdir(folder)


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

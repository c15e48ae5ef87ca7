"""What lies in a scratch folder."""

from __future__ import annotations

import os
from typing import NamedTuple


class Lying(NamedTuple):
    """Bytes on disk and number of entries; `hidden` where a folder cannot be listed."""

    size: int
    entries: int
    hidden: bool


def measure(folder: str | os.PathLike[str], most_entries: int) -> Lying:
    """What lies in `folder`, counted up to `most_entries` and one."""
    size = entries = 0
    hidden = False
    waiting = [os.fspath(folder)]
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
                except OSError:
                    hidden = True
                    continue
                size += status.st_blocks * 512
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
    return Lying(size, entries, hidden)

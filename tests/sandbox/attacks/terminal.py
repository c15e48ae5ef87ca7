"""A terminal of the user's, to see what is typed into it or written onto it."""

from __future__ import annotations

import os
import tty

from tests.sandbox.attacks import unprivileged


class Terminal:
    """A pseudo-terminal that the user that payloads run as may open; this process holds both ends."""

    def __init__(self) -> None:
        self._far, self._near = os.openpty()
        self.path = os.ttyname(self._near)
        os.chown(self.path, unprivileged.user(), -1)
        tty.setraw(self._near)
        for end in (self._far, self._near):
            os.set_blocking(end, False)

    def typed(self) -> bytes:
        """What a program that reads from the terminal would get now."""
        return _read(self._near)

    def shown(self) -> bytes:
        """What was written onto the terminal since the last look."""
        return _read(self._far)

    def close(self) -> None:
        os.close(self._far)
        os.close(self._near)


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 4096)
    except OSError:
        return b""

"""Canary servers on loopback: whatever reaches one of them came out."""

from __future__ import annotations

import contextlib
import os
import selectors
import socket
import threading
from pathlib import Path

from tests.sandbox.attacks import unprivileged

_OURS = b"from the judge"
_HTTP = b"HTTP/1.0 200 OK\r\nContent-Type: text/csv\r\nContent-Length: 8\r\nConnection: close\r\n\r\na,b\n1,2\n"
_PATIENCE_SECONDS = 5.0


class Servers:
    """TCP (also as HTTP), UDP and unix sockets that note what comes, in one thread."""

    def __init__(self, folder: Path, token: str) -> None:
        self.arrivals: list[str] = []
        self._marks: dict[str, threading.Event] = {}
        self._sockets: dict[str, socket.socket] = {}
        self._listen("TCP", socket.AF_INET, ("127.0.0.1", 0))
        self._listen("HTTP", socket.AF_INET, ("127.0.0.1", 0))
        self._bind("UDP", socket.AF_INET, ("127.0.0.1", 0))
        self._listen("unix socket", socket.AF_UNIX, str(folder / "agent.sock"))
        self._bind("unix datagram socket", socket.AF_UNIX, str(folder / "log.sock"))
        self._listen("abstract socket", socket.AF_UNIX, f"\0kosmos-{token}")
        with contextlib.suppress(OSError):
            self._listen("TCP over IPv6", socket.AF_INET6, ("::1", 0))
        for path in (folder / "agent.sock", folder / "log.sock"):
            os.chown(path, unprivileged.user(), -1)
        self._stop, self._stopped = socket.socketpair()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def addresses(self) -> dict[str, object]:
        """Where each is, by its name."""
        return {name: list(found) if isinstance(found := self._at(name), tuple) else found for name in self._sockets}

    def settle(self) -> None:
        """Return when all that was sent before this is noted: the judge's own message comes after it in each queue."""
        for name, server in self._sockets.items():
            self._marks[name] = threading.Event()
            with socket.socket(server.family, server.type) as client:
                client.settimeout(_PATIENCE_SECONDS)
                client.connect(self._at(name))
                client.send(_OURS)
                assert self._marks[name].wait(_PATIENCE_SECONDS), f"the canary server {name} does not answer"

    def close(self) -> None:
        self._stop.send(b".")
        self._thread.join()
        for one in [*self._sockets.values(), self._stop, self._stopped]:
            one.close()

    def _listen(self, name: str, family: int, address: object) -> None:
        self._bind(name, family, address, socket.SOCK_STREAM)
        self._sockets[name].listen(64)

    def _bind(self, name: str, family: int, address: object, kind: int = socket.SOCK_DGRAM) -> None:
        server = socket.socket(family, kind)
        try:
            server.bind(address)  # type: ignore[arg-type]
        except OSError:
            server.close()
            raise
        self._sockets[name] = server

    def _at(self, name: str) -> str | tuple[object, ...]:
        found: str | bytes | tuple[object, ...] = self._sockets[name].getsockname()
        return found.decode() if isinstance(found, bytes) else found

    def _serve(self) -> None:
        with selectors.DefaultSelector() as selector:
            for name, server in self._sockets.items():
                selector.register(server, selectors.EVENT_READ, name)
            selector.register(self._stopped, selectors.EVENT_READ, "")
            while True:
                for key, _ in selector.select():
                    if not key.data:
                        return
                    self._note(key.data)

    def _note(self, name: str) -> None:
        server = self._sockets[name]
        received = server.recv(1 << 16) if server.type == socket.SOCK_DGRAM else _attend(server, name)
        if received == _OURS:
            self._marks[name].set()
        else:
            self.arrivals.append(name)


def _attend(server: socket.socket, name: str) -> bytes:
    connection, _ = server.accept()
    with connection:
        connection.settimeout(0.5)
        try:
            received = connection.recv(1 << 16)
            if name == "HTTP":
                connection.sendall(_HTTP)
        except OSError:
            return b""
    return received

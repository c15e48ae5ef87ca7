"""What a payload must not reach: a user's home, servers, a process, a terminal, and secrets in all of them."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import secrets
import shutil
import socket
import stat
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from kosmos_graph.sandbox.inside import syscalls
from tests.sandbox.attacks import shared_objects, unprivileged
from tests.sandbox.attacks.servers import Servers
from tests.sandbox.attacks.terminal import Terminal
from tests.sandbox.attacks.victim import Victim

_SECRETS = (
    "key",
    "env file",
    "credentials",
    "shadow",
    "results of another",
    "environment",
    "victim's environment",
    "memory",
    "arguments",
    "vault",
    "inherited",
    "neighbour",
    "earlier",
    "listing",
)
_BUSY = {"temporary", "store"}
"""What changes in the folder anyway."""


class Canaries:
    """All canaries of one session. `reset` makes them anew, `changes` says what was done to those on disk."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="kosmos-attacks-", dir="/tmp")).resolve()
        self.folder.chmod(0o755)
        self.home = self.folder / "home"
        self.temporary = self.folder / "temporary"
        self.temporary.mkdir()
        self.temporary.chmod(0o1777)
        self.token = secrets.token_hex(8)
        self.secrets = {name: f"kosmos-canary-{secrets.token_hex(8)}" for name in _SECRETS}
        self.key = secrets.randbelow(1 << 30) + 1
        self.name = f"kosmos-{self.token}"
        self.inherited = self._inherited()
        self.servers = Servers(self.folder, self.token)
        self.victim = Victim(self.folder, self.secrets, self.token)
        self.terminal = Terminal()
        self.listen_port = _free_port()
        self._before: dict[str, tuple[Any, ...]] = {}
        self.reset()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.servers.close()
        self.victim.close()
        self.terminal.close()
        os.close(self.inherited)
        shared_objects.remove(self.key, self.name)
        shutil.rmtree(self.folder)

    def reset(self) -> None:
        """Everything as it was at first, after a payload that succeeded."""
        shared_objects.remove(self.key, self.name)
        self._write_home()
        self.servers.settle()
        self.servers.arrivals.clear()
        self.terminal.close()
        self.terminal = Terminal()
        if self.victim.meddling():
            self.victim.close()
            self.token = secrets.token_hex(8)
            self.victim = Victim(self.folder, self.secrets, self.token)
        self._before = self._entries()

    def told(self) -> dict[str, Any]:
        """What a payload is told of them: paths and numbers, no secret."""
        addresses = self.servers.addresses()
        machine = platform.machine()
        tables = (syscalls.FOREIGN, syscalls.ALLOWED, syscalls.METADATA, syscalls.ATTRIBUTES, syscalls.FILTERED)
        return {
            "home": str(self.home),
            "temporary": str(self.temporary),
            "token": self.token,
            "tcp": addresses["TCP"],
            "tcp6": addresses.get("TCP over IPv6", ["::1", 9]),
            "http": addresses["HTTP"],
            "udp": addresses["UDP"],
            "unix": addresses["unix socket"],
            "unix datagram": addresses["unix datagram socket"],
            "abstract": addresses["abstract socket"],
            "victim": self.victim.process,
            "address": self.victim.address,
            "descriptor": self.victim.descriptor,
            "terminal": self.terminal.path,
            "listen": self.listen_port,
            "key": self.key,
            "name": self.name,
            "calls": {name: number for table in tables for name, number in table[machine].items()},
        }

    def changes(self) -> list[str]:
        """What is not as it was, among files and shared objects."""
        now = self._entries()
        names = sorted(self._before.keys() | now.keys())
        return [name for name in names if self._before.get(name) != now.get(name)] + shared_objects.found(self.key, self.name)

    def _inherited(self) -> int:
        """An open file with a secret that this process forgot to close."""
        path = self.folder / "forgotten"
        path.write_text(self.secrets["inherited"])
        path.chmod(0o600)
        descriptor = os.open(path, os.O_RDWR)
        os.set_inheritable(descriptor, True)
        return descriptor

    def _write_home(self) -> None:
        shutil.rmtree(self.home, ignore_errors=True)
        files = {
            ".ssh/id_ed25519": self.secrets["key"],
            ".env": f"API_KEY={self.secrets['env file']}\n",
            ".config/credentials.json": json.dumps({"results": {"done": 1.0}, "error": self.secrets["credentials"]}),
            "etc/shadow": f"root:{self.secrets['shadow']}:20000::::::\n",
            "results/result.json": json.dumps({"results": {"done": 1.0}, "error": self.secrets["results of another"]}),
            f"private/{self.secrets['listing']}": "",
            "thesis.txt": "It took four years.\n" * 20,
            ".bashrc": "alias ll='ls -l'\n",
            ".local/lib/python/site-packages/package/__init__.py": "",
        }
        for name, content in files.items():
            path = self.home / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
            path.chmod(0o600)
        for path in [self.home, *self.home.rglob("*")]:
            os.chown(path, unprivileged.user(), -1)

    def _entries(self) -> dict[str, tuple[Any, ...]]:
        paths = [*self.home.rglob("*"), *(path for path in self.folder.iterdir() if path.name not in _BUSY)]
        return {str(path.relative_to(self.folder)): _fingerprint(path) for path in paths}


def _fingerprint(path: Path) -> tuple[Any, ...]:
    status = path.lstat()
    attributes = {name: os.getxattr(path, name, follow_symlinks=False) for name in os.listxattr(path, follow_symlinks=False)}
    regular = stat.S_ISREG(status.st_mode)
    content = hashlib.sha256(path.read_bytes()).hexdigest() if regular and status.st_size < 1 << 20 else ""
    moments = (status.st_mtime_ns, status.st_ctime_ns)
    return (status.st_mode, status.st_uid, status.st_gid, status.st_size, status.st_nlink, moments, attributes, content)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])

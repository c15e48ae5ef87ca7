"""The canary process: begun as the user that payloads run as, and looked at before and after each of them."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from tests.sandbox.attacks import unprivileged


class Victim:
    """One process; `meddling` says what has happened to it since it was begun."""

    def __init__(self, folder: Path, secrets: dict[str, str], token: str) -> None:
        vault = folder / "vault"
        vault.write_text(secrets["vault"])
        os.chown(vault, unprivileged.user(), -1)
        environment = {"VICTIM_MEMORY": secrets["memory"], "VICTIM_API_KEY": secrets["victim's environment"]}
        argument = {"vault": str(vault), "token": token, "password": secrets["arguments"]}
        script = Path(__file__).with_name("victim_process.py")
        self._process: subprocess.Popen[bytes] = unprivileged.begin(script, argument, readable=[str(folder)], env=environment)
        told = self._hear()
        vault.unlink()
        self.process: int = told["process"]
        self.address: int = told["address"]
        self.descriptor: int = told["descriptor"]
        self._before = self._status()

    def meddling(self) -> list[str]:
        """What is not as it was."""
        if self._process.poll() is not None:
            return [f"was ended ({self._process.returncode})"]
        now = self._status()
        found = [f"{name} was {value}, is {now.get(name)}" for name, value in self._before.items() if now.get(name) != value]
        if now["state"] == "stopped":
            return found
        assert self._process.stdin is not None
        self._process.stdin.write(b"\n")
        self._process.stdin.flush()
        told = self._hear()
        found += [f"signal {number}" for number in told["received"]]
        if not told["memory"]:
            found.append("its memory was written")
        if told["keys"]:
            found.append("its keyring was written")
        return found

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()

    def _hear(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        message: dict[str, Any] = json.loads(self._process.stdout.readline())
        return message

    def _status(self) -> dict[str, Any]:
        """What others can change of a process, and the kernel tells."""
        number = self.process
        stat = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
        tracer = [line for line in Path(f"/proc/{number}/status").read_text().splitlines() if line.startswith("TracerPid")]
        return {
            "state": "stopped" if stat[0] in {"T", "t"} else "running",
            "niceness": stat[16],
            "policy": os.sched_getscheduler(number),
            "processors": sorted(os.sched_getaffinity(number)),
            "limits": Path(f"/proc/{number}/limits").read_text().split("\n"),
            "out-of-memory score": Path(f"/proc/{number}/oom_score_adj").read_text(),
            "tracer": tracer,
        }

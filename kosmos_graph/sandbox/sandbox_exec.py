"""The command line of macOS's sandbox-exec: all is denied that the profile does not allow."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable

from kosmos_graph.sandbox.inside.experiment import DEVICES

_SYSTEM = ("/usr/lib", "/System/Library", "/System/Volumes/Preboot/Cryptexes", "/private/var/db/dyld", "/Library/Apple")


def find() -> str | None:
    """The path of the program, None where it is not installed."""
    return shutil.which("sandbox-exec")


def command(*, read: Iterable[str], scratch: str, inside: list[str], program: str = "/usr/bin/sandbox-exec") -> list[str]:
    """The argument list that runs `inside` in a sandbox that reads `read` and writes `scratch`."""
    return [program, "-p", profile(read, scratch), *inside]


def profile(read: Iterable[str], scratch: str) -> str:
    """The profile: no network, no other program, no signals to others; a forked process is in the same sandbox."""
    readable = " ".join(f"(subpath {json.dumps(path)})" for path in [*read, *_SYSTEM])
    devices = " ".join(f"(literal {json.dumps(device)})" for device in DEVICES)
    executable = json.dumps(inside_executable) if (inside_executable := next(iter(read), "")) else '""'
    return "\n".join(
        [
            "(version 1)",
            "(deny default)",
            "(allow process-fork)",
            f"(allow process-exec (literal {executable}))",
            "(allow signal (target same-sandbox))",
            "(allow sysctl-read)",
            "(allow file-read-metadata)",
            f"(allow file-read* {readable} {devices})",
            f"(allow file-read* file-write* (subpath {json.dumps(scratch)}))",
            '(allow file-write-data (literal "/dev/null"))',
        ]
    )

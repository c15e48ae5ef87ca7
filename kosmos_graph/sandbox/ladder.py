"""The ladder of sandboxes: which of them hold on this machine, found out by trying."""

from __future__ import annotations

import functools
import itertools
import os
import platform
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from kosmos_graph.domain.code_experiment import Rung
from kosmos_graph.sandbox import bubblewrap, docker, sandbox_exec
from kosmos_graph.sandbox.canaries import escapes
from kosmos_graph.sandbox.inside import landlock, seccomp
from kosmos_graph.sandbox.jail import Jail, JailDown
from kosmos_graph.sandbox.running import Runs

_INSTALL_BUBBLEWRAP = "install bubblewrap (`apt install bubblewrap`, `dnf install bubblewrap`)"
_ALLOW_BUBBLEWRAP = (
    "give /usr/bin/bwrap an AppArmor profile with `userns,` (Ubuntu's package apparmor-profiles has one: bwrap-userns-restrict)"
)


@dataclass(frozen=True)
class Finding:
    """Whether one rung holds here; `reason` says why not, `remedy` what a person can do about it."""

    rung: Rung
    holds: bool
    reason: str = ""
    remedy: str = ""


@dataclass(frozen=True)
class Ladder:
    """What probing found, from the best rung down. `rung` is the first that holds, None where code cannot be executed."""

    findings: tuple[Finding, ...]

    @property
    def rung(self) -> Rung | None:
        return next((finding.rung for finding in self.findings if finding.holds), None)

    @property
    def sentence(self) -> str:
        """One line for the user: which rung holds, and how to get a better one."""
        failed = list(itertools.takewhile(lambda finding: not finding.holds, self.findings))
        if self.rung is None:
            reasons = "; ".join(f"{finding.rung}: {finding.reason}" for finding in failed) or "there is none for this system"
            remedies = "; or ".join(finding.remedy for finding in failed if finding.remedy)
            return f"Code experiments are refused, because no sandbox holds here ({reasons})." + (
                f" To have one: {remedies}." if remedies else ""
            )
        better = failed[0] if failed else None
        if better is None:
            return f"Code experiments run in the sandbox {self.rung}."
        return (
            f"Code experiments run in the sandbox {self.rung}. {better.rung} would be better, but {better.reason}: {better.remedy}."
        )


@dataclass(frozen=True)
class System:
    """What of this machine decides what to tell the user; a setting that does not exist here is None."""

    name: str
    machine: str
    landlock: int
    restricted_by_apparmor: bool
    user_namespaces: bool

    @classmethod
    def here(cls) -> System:
        linux = sys.platform == "linux"
        return cls(
            name=sys.platform,
            machine=platform.machine(),
            landlock=landlock.version() if linux else 0,
            restricted_by_apparmor=_setting("kernel/apparmor_restrict_unprivileged_userns") == "1",
            user_namespaces=linux
            and Path("/proc/self/ns/user").exists()
            and _setting("kernel/unprivileged_userns_clone") != "0"
            and _setting("user/max_user_namespaces") != "0",
        )


def probe(*, docker_image: str | None = None, every: bool = False) -> Ladder:
    """Try the rungs in order until one holds, or `every` one; once a process for the same question."""
    return _probed(docker_image, every, os.getpid())


def climb(tries: Iterable[Callable[[], Finding]], *, every: bool = False) -> Ladder:
    """Try rungs in order until one holds, or `every` one."""
    findings: list[Finding] = []
    for attempt in tries:
        findings.append(attempt())
        if findings[-1].holds and not every:
            break
    return Ladder(tuple(findings))


def try_bubblewrap(system: System, program: str | None, begin: Callable[[], Runs]) -> Finding:
    """Whether bubblewrap holds here."""
    if program is None:
        return Finding("bubblewrap", holds=False, reason="it is not installed", remedy=_INSTALL_BUBBLEWRAP)
    if not seccomp.supported(system.machine):
        return _no_filter("bubblewrap", system)
    finding = _try("bubblewrap", begin, "run as a user who may make user namespaces")
    if finding.holds:
        return finding
    if system.restricted_by_apparmor:
        return Finding("bubblewrap", holds=False, reason="AppArmor forbids it to make user namespaces", remedy=_ALLOW_BUBBLEWRAP)
    if not system.user_namespaces:
        reason = "this kernel has no user namespaces for normal users"
        remedy = (
            "switch them on (`sysctl user.max_user_namespaces=15000`, and `kernel.unprivileged_userns_clone=1` where there is one)"
        )
        return Finding("bubblewrap", holds=False, reason=reason, remedy=remedy)
    return finding


def try_landlock(system: System, begin: Callable[[], Runs]) -> Finding:
    """Whether Landlock, with a filter of system calls, holds here."""
    if system.landlock < 1:
        reason = "this kernel has no Landlock, or it is switched off"
        return Finding(
            "landlock", holds=False, reason=reason, remedy="use Linux 5.13 or newer with `landlock` among the boot option lsm="
        )
    if not seccomp.supported(system.machine):
        return _no_filter("landlock", system)
    return _try("landlock", begin, "run as a normal user whose Python every user may read")


def try_docker(image: str, program: str | None, begin: Callable[[], Runs]) -> Finding:
    """Whether a container of `image` holds here."""
    if program is None:
        return Finding("docker", holds=False, reason="it is not installed", remedy="install Docker")
    if (said := docker.answers(program, image)) is not None:
        remedy = f"start the daemon, and `docker pull {image}` or build it"
        return Finding(
            "docker", holds=False, reason=f"its daemon does not answer or lacks the image {image} ({said})", remedy=remedy
        )
    return _try("docker", begin, f"give the image {image} Python 3.11 or newer with the packages that docs/sandbox.md names")


def try_sandbox_exec(program: str | None, begin: Callable[[], Runs]) -> Finding:
    """Whether macOS's sandbox-exec holds here."""
    if program is None:
        return Finding("sandbox-exec", holds=False, reason="this macOS does not have it", remedy="configure a Docker image")
    return _try("sandbox-exec", begin, "configure a Docker image")


def _rungs(docker_image: str | None) -> list[Callable[[], Finding]]:
    """What can be tried on this system, best first."""
    system = System.here()
    tries: list[Callable[[], Finding]] = []
    if system.name == "linux":
        tries.append(lambda: try_bubblewrap(system, bubblewrap.find(), lambda: Jail("bubblewrap", modules=())))
        tries.append(lambda: try_landlock(system, lambda: Jail("landlock", modules=())))
    if docker_image is not None:
        tries.append(lambda: try_docker(docker_image, docker.find(), lambda: docker.DockerJail(docker_image)))
    if system.name == "darwin":
        tries.append(lambda: try_sandbox_exec(sandbox_exec.find(), lambda: Jail("sandbox-exec", modules=())))
    return tries


@functools.cache
def _probed(docker_image: str | None, every: bool, process: int) -> Ladder:  # a forked process finds out for itself
    return climb(_rungs(docker_image), every=every)


def _try(rung: Rung, begin: Callable[[], Runs], remedy: str) -> Finding:
    """Begin a jail of the rung and let the canaries loose in it."""
    try:
        jail = begin()
        try:
            out = escapes(jail)
        finally:
            jail.close()
    except (JailDown, OSError) as down:
        return Finding(rung, holds=False, reason=str(down), remedy=remedy)
    return Finding(rung, holds=not out, reason=", ".join(out), remedy=remedy if out else "")


def _no_filter(rung: Rung, system: System) -> Finding:
    reason = f"there is no filter of system calls for processors of the kind {system.machine}"
    return Finding(rung, holds=False, reason=reason, remedy="configure a Docker image")


def _setting(name: str) -> str | None:
    """A setting of the kernel's."""
    try:
        return Path("/proc/sys", name).read_text(encoding="ascii").strip()
    except OSError:
        return None

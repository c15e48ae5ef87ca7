"""What was seen from outside while a payload ran and afterwards, and what each kind of it proves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from kosmos_graph.sandbox import Limits
from kosmos_graph.sandbox.limits import MIB

SLACK_SECONDS = 1.0
"""How much later than its limit a job may end: the time between two looks, and that of ending all of it, on a busy machine."""
SLACK_MEMORY = 64 * MIB
"""How far above its limit a job may come: 16 MiB that it may take between two measurements, and what two processors fill between
two looks, 16 MiB in 2 ms, or more where a busy machine lets the guardian look late. 24 MiB were seen in 120 runs of bombs beside
two busy loops."""
SLACK_DISK = 256 * MIB
"""The same for disk."""
SLACK_TASKS = 100
"""The kernel's limit counts all that the user runs, so a jail leaves room for what else may be begun."""


@dataclass
class Seen:
    """Peaks and oddities of the processes of a job while it ran."""

    memory: int = 0
    tasks: int = 0
    disk: int = 0
    longest_file: int = 0
    cpu_seconds: float = 0.0
    held: set[str] = field(default_factory=set)
    isolated: set[str] = field(default_factory=set)
    typed: bytes = b""
    shown: bytes = b""


@dataclass
class Evidence:
    """All that is known from outside about one run of one payload."""

    limits: Limits
    seen: Seen
    secrets: tuple[str, ...]
    returned: str = ""
    output_bytes: int = 0
    forged: list[str] = field(default_factory=list)
    raised: str = ""
    seconds: float = 0.0
    arrivals: list[str] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)
    meddling: list[str] = field(default_factory=list)
    left_processes: int = 0
    left_files: list[str] = field(default_factory=list)
    lost_parents: int = 0


Proof = Callable[[Evidence], str]
"""What the evidence proves, in words; empty where it proves nothing."""


def leaked(evidence: Evidence) -> str:
    found = [secret for secret in evidence.secrets if secret in evidence.returned]
    return f"{len(found)} secrets came back" if found else ""


def arrived(evidence: Evidence) -> str:
    return f"reached {', '.join(sorted(set(evidence.arrivals)))}" if evidence.arrivals else ""


def changed(evidence: Evidence) -> str:
    return f"changed {', '.join(evidence.changes)}" if evidence.changes else ""


def meddled(evidence: Evidence) -> str:
    return f"the other process: {', '.join(evidence.meddling)}" if evidence.meddling else ""


def outlived(evidence: Evidence) -> str:
    return f"{evidence.left_processes} processes outlived the job" if evidence.left_processes else ""


def orphaned(evidence: Evidence) -> str:
    return f"{evidence.lost_parents} processes above the job are gone" if evidence.lost_parents else ""


def late(evidence: Evidence) -> str:
    most = evidence.limits.wall_seconds + SLACK_SECONDS
    return f"still ran after {evidence.seconds:.1f} s" if evidence.seconds > most else ""


def burnt(evidence: Evidence) -> str:
    most = evidence.limits.cpu_seconds + SLACK_SECONDS
    return f"used {evidence.seen.cpu_seconds:.1f} s of processor time" if evidence.seen.cpu_seconds > most else ""


def swelled(evidence: Evidence) -> str:
    most = evidence.limits.memory_bytes + SLACK_MEMORY
    return f"held {evidence.seen.memory // MIB} MiB of memory" if evidence.seen.memory > most else ""


def crowded(evidence: Evidence) -> str:
    most = evidence.limits.processes + SLACK_TASKS
    return f"ran {evidence.seen.tasks} tasks at once" if evidence.seen.tasks > most else ""


def flooded(evidence: Evidence) -> str:
    most = evidence.limits.disk_bytes + SLACK_DISK
    if evidence.seen.disk > most:
        return f"took {evidence.seen.disk // MIB} MiB of disk"
    if evidence.seen.longest_file > most:
        return f"made a file of {evidence.seen.longest_file // MIB} MiB"
    return ""


def chattered(evidence: Evidence) -> str:
    most = evidence.limits.output_bytes + evidence.limits.result_bytes + 64 * 1024
    return f"{evidence.output_bytes} bytes came back" if evidence.output_bytes > most else ""


def escaped(evidence: Evidence) -> str:
    """Control characters that a terminal obeys."""
    odd = {
        character
        for character in evidence.returned
        if (ord(character) < 32 and character not in "\n\t") or 127 <= ord(character) < 160
    }
    return f"control characters {sorted(map(ascii, odd))} came back" if odd else ""


def forged(evidence: Evidence) -> str:
    return "; ".join(evidence.forged)


def broke(evidence: Evidence) -> str:
    return f"collecting raised {evidence.raised}" if evidence.raised else ""


def littered(evidence: Evidence) -> str:
    return f"left {', '.join(evidence.left_files[:3])}" if evidence.left_files else ""


def isolated(evidence: Evidence) -> str:
    return f"has its own {', '.join(sorted(evidence.seen.isolated))}" if evidence.seen.isolated else ""


def held(evidence: Evidence) -> str:
    return f"held {', '.join(sorted(evidence.seen.held))}" if evidence.seen.held else ""


def typed(evidence: Evidence) -> str:
    return "typed into a terminal" if evidence.seen.typed else ""


def shown(evidence: Evidence) -> str:
    return "wrote onto a terminal" if evidence.seen.shown else ""


PROOFS: tuple[Proof, ...] = (
    leaked,
    arrived,
    changed,
    meddled,
    outlived,
    orphaned,
    late,
    burnt,
    swelled,
    crowded,
    flooded,
    chattered,
    escaped,
    forged,
    broke,
    littered,
    isolated,
    held,
    typed,
    shown,
)


def all_proofs(evidence: Evidence) -> str:
    """Everything that the evidence proves: a jail has held where that is nothing."""
    return "; ".join(filter(None, (proof(evidence) for proof in PROOFS)))

"""The limits that a job has passed, in sentences."""

from __future__ import annotations

from dataclasses import dataclass

from kosmos_graph.sandbox.limits import MIB, Limits


@dataclass(frozen=True)
class Passed:
    """A limit that was passed: the state that a job ends in, and the sentence."""

    state: str
    sentence: str


def told(found: str, limits: Limits) -> Passed:
    """What the guardian of a jail `found` to be passed."""
    match found:
        case "memory":
            return out_of_memory(limits)
        case "processor time":
            return out_of_cpu(limits)
        case "processes":
            return Passed("limit", f"the code ran more than {limits.processes} processes at once")
        case "files":
            return Passed("limit", f"the code made more than {limits.files} files")
        case "disk":
            return Passed("limit", f"the code wrote more than {limits.disk_bytes // MIB} MiB to disk")
        case _:
            return Passed("limit", "the code made a folder that cannot be listed")


def out_of_memory(limits: Limits) -> Passed:
    return Passed("limit", f"the code needed more memory than its limit of {limits.memory_bytes // MIB} MiB")


def out_of_cpu(limits: Limits) -> Passed:
    return Passed("time-out", f"the code used more than its {limits.cpu_seconds:g} seconds of processor time")

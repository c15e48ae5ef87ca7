"""The ladder of sandboxes: which of them hold on this machine, found out by trying."""

from __future__ import annotations

from dataclasses import dataclass

from kosmos_graph.domain.code_experiment import Rung


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
        raise NotImplementedError


def probe(*, docker_image: str | None = None) -> Ladder:
    """Try the rungs in order until one holds, once a process for each image."""
    raise NotImplementedError

"""What code that a model writes would run in on this machine."""

from __future__ import annotations

from collections.abc import Callable

from kosmos_graph.doctor.diagnosis import Finding
from kosmos_graph.sandbox.ladder import Ladder, probe
from kosmos_graph.settings import Settings

SUBJECT = "experiments in code"


def sandbox_finding(settings: Settings, probed: Callable[..., Ladder] = probe) -> Finding:
    """Whether a sandbox holds here. A run begins without one: it has no experiments in code then."""
    ladder = probed(docker_image=settings.kosmos_sandbox_image)
    if ladder.rung is not None:
        return Finding(subject=SUBJECT, check="sandbox", status="ok", detail=ladder.sentence)
    reasons = "; ".join(f"{finding.rung}: {finding.reason}" for finding in ladder.findings) or "there is none for this system"
    remedies = "; or ".join(finding.remedy for finding in ladder.findings if finding.remedy) or "configure a Docker image"
    return Finding(subject=SUBJECT, check="sandbox", status="warning", detail=f"no sandbox holds here ({reasons})", remedy=remedies)

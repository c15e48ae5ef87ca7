"""Code that nobody has read, executed so that neither the data nor the machine is at risk."""

from __future__ import annotations

from kosmos_graph.sandbox.confine import Confinement, confine_self
from kosmos_graph.sandbox.executor import Executor, LocalExecutor
from kosmos_graph.sandbox.jobs import DataFile, Job
from kosmos_graph.sandbox.ladder import Finding, Ladder, probe
from kosmos_graph.sandbox.limits import Limits

__all__ = ["Confinement", "DataFile", "Executor", "Finding", "Job", "Ladder", "Limits", "LocalExecutor", "confine_self", "probe"]

"""Whether a run could start: models, servers, keys, home folder, checkpoint store and disk, each finding with its remedy."""

from kosmos_graph.doctor.diagnosis import Diagnosis, Finding
from kosmos_graph.doctor.examine import chain_check, examine, free_check, home_check

__all__ = ["Diagnosis", "Finding", "chain_check", "examine", "free_check", "home_check"]

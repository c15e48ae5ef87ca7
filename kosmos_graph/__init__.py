"""kosmos-graph: a question and a data file go in, a report whose every number was computed comes out.

Names are loaded when they are first used, so that importing the package costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kosmos_graph.agents.batch import analyze, design_experiments
    from kosmos_graph.errors import BadInput, KosmosError, ModelError, RunStopped
    from kosmos_graph.experiments.direct import run_method
    from kosmos_graph.providers.registry import list_providers, register_provider
    from kosmos_graph.providers.usage import usage
    from kosmos_graph.runs import Run, fork, history, list_runs, resume, start
    from kosmos_graph.settings import Settings, load_settings
    from kosmos_graph.wiring.batch import get_analyst, get_designer, material_of, report_of, run_experiments
    from kosmos_graph.wiring.code import run_code
    from kosmos_graph.wiring.models import get_chat_model
    from kosmos_graph.wiring.services import build_graph, build_study_graph

__version__ = "0.1.0"

_HOMES = {
    "BadInput": "errors",
    "KosmosError": "errors",
    "ModelError": "errors",
    "Run": "runs",
    "RunStopped": "errors",
    "Settings": "settings",
    "analyze": "agents.batch",
    "build_graph": "wiring.services",
    "build_study_graph": "wiring.services",
    "design_experiments": "agents.batch",
    "fork": "runs",
    "get_analyst": "wiring.batch",
    "get_chat_model": "wiring.models",
    "get_designer": "wiring.batch",
    "history": "runs",
    "list_providers": "providers.registry",
    "list_runs": "runs",
    "load_settings": "settings",
    "material_of": "wiring.batch",
    "register_provider": "providers.registry",
    "report_of": "wiring.batch",
    "resume": "runs",
    "run_code": "wiring.code",
    "run_experiments": "wiring.batch",
    "run_method": "experiments.direct",
    "start": "runs",
    "usage": "providers.usage",
}

__all__ = [
    "BadInput",
    "KosmosError",
    "ModelError",
    "Run",
    "RunStopped",
    "Settings",
    "__version__",
    "analyze",
    "build_graph",
    "build_study_graph",
    "design_experiments",
    "fork",
    "get_analyst",
    "get_chat_model",
    "get_designer",
    "history",
    "list_providers",
    "list_runs",
    "load_settings",
    "material_of",
    "register_provider",
    "report_of",
    "resume",
    "run_code",
    "run_experiments",
    "run_method",
    "start",
    "usage",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'kosmos_graph' has no attribute {name!r}")
    value = getattr(import_module(f"kosmos_graph.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

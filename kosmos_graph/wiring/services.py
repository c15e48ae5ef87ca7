"""From settings, or from agents given by the caller, to the services that a graph closes over."""

from __future__ import annotations

import platform
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver

from kosmos_graph.agents.model_analyst import ModelAnalyst
from kosmos_graph.agents.model_designer import ModelDesigner
from kosmos_graph.agents.protocol import Analyst, Designer
from kosmos_graph.agents.rules_analyst import RulesAnalyst
from kosmos_graph.agents.rules_designer import RulesDesigner
from kosmos_graph.checkpoints.both_faces import both_faces
from kosmos_graph.domain.calls import CallSite
from kosmos_graph.graph.build import compile_research, compile_study
from kosmos_graph.graph.face import ResearchGraph
from kosmos_graph.graph.services import Event, Link, Opened, Services
from kosmos_graph.run_folder import RunFolders
from kosmos_graph.settings import Settings, load_settings
from kosmos_graph.wiring.calls import Calls
from kosmos_graph.wiring.code import CodeRunner
from kosmos_graph.wiring.computing import begin_workers, draw, execute
from kosmos_graph.wiring.data_files import DataFiles

PACKAGES = ("kosmos-graph", "langgraph", "litellm", "numpy", "pandas", "scipy", "statsmodels", "matplotlib")

DesignerChoice = str | Designer | Sequence[Designer] | None
AnalystChoice = str | Analyst | Sequence[Analyst] | None


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that numbers and words depend on."""
    return {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}}


def now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


def build_services(
    settings: Settings,
    *,
    designer: Designer | Sequence[Designer] | None = None,
    analyst: Analyst | Sequence[Analyst] | None = None,
    approve: bool = False,
    clock: Callable[[], datetime] = now,
    watch: Callable[[Event], None] | None = None,
    calls: Calls | None = None,
    unsafe_no_sandbox: bool = False,
) -> Services:
    """Services from settings; agents that are given stand in for the settings' chains. Raises BadInput, MissingKey.

    With `unsafe_no_sandbox` the designer's code runs without a sandbox.
    """
    calls = calls or Calls.of(settings)
    code = CodeRunner(
        settings.kosmos_home, workers=settings.kosmos_workers, image=settings.kosmos_sandbox_image, unsafe=unsafe_no_sandbox
    )
    bound = partial(ModelDesigner, code_holds=code.holds)
    return Services(
        designers=_given(designer) if designer is not None else calls.links("designer", RulesDesigner, bound),
        analysts=_given(analyst) if analyst is not None else calls.links("analyst", RulesAnalyst, ModelAnalyst),
        store=RunFolders(settings.kosmos_home),
        data=DataFiles(),
        execute=execute,
        run_code=code,
        draw=draw,
        prepare=begin_workers,
        close=partial(_close, code, calls),
        quote=calls.quote if designer is None and analyst is None else lambda material: None,
        clock=clock,
        approve=approve,
        versions=versions(),
        watch=watch or (lambda event: None),
    )


def _close(code: CodeRunner, calls: Calls) -> None:
    code.close()
    calls.close()


def _given(agents: Any) -> tuple[Link[Any], ...]:
    listed = tuple(agents) if isinstance(agents, Sequence) else (agents,)
    return tuple(Link(model=agent.author, open=partial(_opened, agent)) for agent in listed)


def _opened(agent: Any, site: CallSite) -> Opened[Any]:
    del site  # an agent of the caller's keeps its own accounts
    return Opened(agent=agent)


def model_settings(
    *,
    model: str | None = None,
    designer: object = None,
    analyst: object = None,
    fallback: Sequence[str] | None = None,
    prices: Sequence[str] | None = None,
    home: str | Path | None = None,
    settings: Settings | None = None,
) -> Settings:
    """Settings in force: the arguments that name models or the home folder, over `settings`, or over the environment's.

    Another model does not get the address and the key that belong to the settings' own.
    """
    given: dict[str, Any] = {
        "litellm_model": model,
        "kosmos_designer_model": designer if isinstance(designer, str) else None,
        "kosmos_analyst_model": analyst if isinstance(analyst, str) else None,
        "kosmos_fallback_models": ",".join(fallback) if fallback else None,
        "kosmos_prices": ",".join(prices) if prices else None,
        "kosmos_home": Path(home) if home is not None else None,
    }
    chosen = {name: value for name, value in given.items() if value is not None}
    if settings is None:
        return at_home(load_settings(**chosen))
    if chosen.get("litellm_model", settings.litellm_model) != settings.litellm_model:
        chosen |= dict.fromkeys(("llm_provider", "litellm_api_base", "litellm_api_key"))
    return at_home(settings.model_copy(update=chosen))


def at_home(settings: Settings) -> Settings:
    """The settings with an absolute home folder, so that a later change of directory does not split a run."""
    return settings.model_copy(update={"kosmos_home": settings.kosmos_home.expanduser().absolute()})


def build_graph(
    *,
    designer: DesignerChoice = None,
    analyst: AnalystChoice = None,
    model: str | None = None,
    fallback: Sequence[str] | None = None,
    checkpointer: BaseCheckpointSaver[Any] | None = None,
    approve: bool = False,
    home: str | Path | None = None,
    settings: Settings | None = None,
    clock: Callable[[], datetime] = now,
    watch: Callable[[Event], None] | None = None,
    unsafe_no_sandbox: bool = False,
) -> ResearchGraph:
    """The compiled research graph.

    `designer` and `analyst` are model names ("ollama/llama3.1:8b", "rules"), or agents (one, or a chain of them); where they
    are None the settings decide, and without any model `rules` plays both. `fallback` names the models that take over, in
    order. `checkpointer` may be synchronous or asynchronous. With `unsafe_no_sandbox` code that the designer writes runs without a
    sandbox. Raises BadInput, UnknownModel, MissingKey.
    """
    services = build_services(
        model_settings(model=model, designer=designer, analyst=analyst, fallback=fallback, home=home, settings=settings),
        designer=None if designer is None or isinstance(designer, str) else designer,
        analyst=None if analyst is None or isinstance(analyst, str) else analyst,
        approve=approve,
        clock=clock,
        watch=watch,
        unsafe_no_sandbox=unsafe_no_sandbox,
    )
    return compile_research(services, both_faces(checkpointer))


def build_study_graph(**choices: Any) -> ResearchGraph:
    """The compiled graph for one locked design (see `StudyState` for its input), without a checkpointer."""
    settings = model_settings(**choices)
    return compile_study(build_services(settings))

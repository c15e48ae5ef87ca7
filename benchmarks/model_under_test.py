"""The model whose choices the question benchmark scores."""

from __future__ import annotations

from typing import Any

from kosmos_graph.agents.model_designer import ModelDesigner
from kosmos_graph.agents.protocol import Designer
from kosmos_graph.errors import BadInput
from kosmos_graph.providers.chat_asker import ChatAsker
from kosmos_graph.settings import load_settings
from kosmos_graph.wiring.models import chain_of


def model_designer(name: str, api_base: str | None = None) -> Designer:
    """The designer on the model `name`, without its fallbacks. Address and key default to the environment's.

    Raises UnknownModel, MissingKey or BadInput before any call.
    """
    given: dict[str, Any] = {"litellm_model": name, "litellm_api_base": api_base}
    settings = load_settings(**{field: value for field, value in given.items() if value is not None})
    primary = chain_of(settings.model_copy(update={"kosmos_designer_model": name}), "designer")[0]
    if isinstance(primary, str):
        raise BadInput(f"{name} is no model: --designer rules is the designer without one")
    return ModelDesigner(ChatAsker(primary, "designer"))

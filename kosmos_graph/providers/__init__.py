"""Chat models over LiteLLM: names, keys, retries, usage. Importing this package is cheap; LiteLLM loads when a model is opened."""

from kosmos_graph.providers.asking import Asker, Prompt
from kosmos_graph.providers.chat_asker import ChatAsker
from kosmos_graph.providers.models import open_chat
from kosmos_graph.providers.names import RULES, Limits, ModelSpec, require_key, resolve
from kosmos_graph.providers.registry import Provider, list_providers, register_provider
from kosmos_graph.providers.retries import RetryPolicy
from kosmos_graph.providers.usage import Usage, usage

__all__ = [
    "RULES",
    "Asker",
    "ChatAsker",
    "Limits",
    "ModelSpec",
    "Prompt",
    "Provider",
    "RetryPolicy",
    "Usage",
    "list_providers",
    "open_chat",
    "register_provider",
    "require_key",
    "resolve",
    "usage",
]

"""Opening a chat model from its specification."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kosmos_graph.providers.retries import RetryPolicy

if TYPE_CHECKING:
    from kosmos_graph.providers.chat import KosmosChat
    from kosmos_graph.providers.names import ModelSpec


def open_chat(spec: ModelSpec, policy: RetryPolicy | None = None, **options: Any) -> KosmosChat:
    """The chat model for a specification. The first one of a process loads LiteLLM, which takes seconds; nothing is contacted."""
    from kosmos_graph.providers.chat import KosmosChat

    return KosmosChat.of(spec, policy or RetryPolicy(), **options)

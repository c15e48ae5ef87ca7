"""A saver that wraps another one, synchronous or asynchronous, and serves both kinds of callers, from any thread and loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Iterator, Sequence
from concurrent.futures import Future
from typing import Any, Protocol, TypeVar, runtime_checkable

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver, ChannelVersions, Checkpoint, CheckpointMetadata, CheckpointTuple

from kosmos_graph import background

T = TypeVar("T")


@runtime_checkable
class WritesTogether(Protocol):
    """A synchronous saver that does writes in a thread of its own, those that come together in one transaction."""

    def write_together(self, work: Callable[[], T]) -> Future[T]:
        """Do `work`, a `put` or `put_writes` of the saver; done when it is on disk."""
        ...


class BothFaces(BaseCheckpointSaver[Any]):
    """The saver `inner` for everyone.

    A synchronous `inner` serves asynchronous callers from a worker thread. An asynchronous one (it remembers its `loop`) is
    always awaited on the background loop, never on the caller's: its locks then belong to one loop, and a synchronous call
    made inside a running loop cannot wait for that same loop.
    """

    def __init__(self, inner: BaseCheckpointSaver[Any]) -> None:
        super().__init__(serde=inner.serde)
        self.inner = inner

    @property
    def is_async(self) -> bool:
        """Whether the wrapped saver is an asynchronous one."""
        return isinstance(getattr(self.inner, "loop", None), asyncio.AbstractEventLoop)

    @property
    def config_specs(self) -> list[Any]:
        """The wrapped saver's."""
        return list(self.inner.config_specs)

    def with_allowlist(self, extra_allowlist: Collection[tuple[str, ...]]) -> BaseCheckpointSaver[Any]:
        """A wrapper of the wrapped saver with these types allowed."""
        return BothFaces(self.inner.with_allowlist(extra_allowlist))

    def get_next_version(self, current: Any, channel: None) -> Any:
        """The wrapped saver's."""
        return self.inner.get_next_version(current, channel)

    def get_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """See BaseCheckpointSaver."""
        return self._sync(lambda: self.inner.get_tuple(config), lambda: self.inner.aget_tuple(config))

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """See BaseCheckpointSaver."""
        return await self._async(lambda: self.inner.get_tuple(config), lambda: self.inner.aget_tuple(config))

    def list(
        self,
        config: RunnableConfig | None,
        *,
        filter: dict[str, Any] | None = None,  # noqa: A002 - LangGraph's name
        before: RunnableConfig | None = None,
        limit: int | None = None,
    ) -> Iterator[CheckpointTuple]:
        """See BaseCheckpointSaver."""
        yield from self._sync(
            lambda: [*self.inner.list(config, filter=filter, before=before, limit=limit)],
            lambda: _collect(self.inner.alist(config, filter=filter, before=before, limit=limit)),
        )

    async def alist(
        self,
        config: RunnableConfig | None,
        *,
        filter: dict[str, Any] | None = None,  # noqa: A002 - LangGraph's name
        before: RunnableConfig | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[CheckpointTuple]:
        """See BaseCheckpointSaver."""
        found = await self._async(
            lambda: [*self.inner.list(config, filter=filter, before=before, limit=limit)],
            lambda: _collect(self.inner.alist(config, filter=filter, before=before, limit=limit)),
        )
        for one in found:
            yield one

    def put(
        self, config: RunnableConfig, checkpoint: Checkpoint, metadata: CheckpointMetadata, new_versions: ChannelVersions
    ) -> RunnableConfig:
        """See BaseCheckpointSaver."""
        return self._sync(
            lambda: self.inner.put(config, checkpoint, metadata, new_versions),
            lambda: self.inner.aput(config, checkpoint, metadata, new_versions),
        )

    async def aput(
        self, config: RunnableConfig, checkpoint: Checkpoint, metadata: CheckpointMetadata, new_versions: ChannelVersions
    ) -> RunnableConfig:
        """See BaseCheckpointSaver."""
        return await self._written(
            lambda: self.inner.put(config, checkpoint, metadata, new_versions),
            lambda: self.inner.aput(config, checkpoint, metadata, new_versions),
        )

    def put_writes(self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = "") -> None:
        """See BaseCheckpointSaver."""
        self._sync(
            lambda: self.inner.put_writes(config, writes, task_id, task_path),
            lambda: self.inner.aput_writes(config, writes, task_id, task_path),
        )

    async def aput_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        """See BaseCheckpointSaver."""
        await self._written(
            lambda: self.inner.put_writes(config, writes, task_id, task_path),
            lambda: self.inner.aput_writes(config, writes, task_id, task_path),
        )

    def delete_thread(self, thread_id: str) -> None:
        """See BaseCheckpointSaver."""
        self._sync(lambda: self.inner.delete_thread(thread_id), lambda: self.inner.adelete_thread(thread_id))

    async def adelete_thread(self, thread_id: str) -> None:
        """See BaseCheckpointSaver."""
        await self._async(lambda: self.inner.delete_thread(thread_id), lambda: self.inner.adelete_thread(thread_id))

    def _sync(self, direct: Callable[[], T], awaited: Callable[[], Coroutine[Any, Any, T]]) -> T:
        if not self.is_async:
            return direct()
        return background.run(awaited())

    async def _written(self, direct: Callable[[], T], awaited: Callable[[], Coroutine[Any, Any, T]]) -> T:
        if isinstance(self.inner, WritesTogether):
            return await asyncio.wrap_future(self.inner.write_together(direct))
        return await self._async(direct, awaited)

    async def _async(self, direct: Callable[[], T], awaited: Callable[[], Coroutine[Any, Any, T]]) -> T:
        if not self.is_async:
            return await asyncio.to_thread(direct)
        return await background.hop(awaited)


async def _collect(found: AsyncIterator[T]) -> list[T]:
    return [one async for one in found]


def both_faces(saver: BaseCheckpointSaver[Any] | None) -> BothFaces | None:
    """`saver` for everyone; one that is wrapped already, or None, stays as it is."""
    return saver if saver is None or isinstance(saver, BothFaces) else BothFaces(saver)

"""Every saver serves every caller."""

import asyncio
import sqlite3
import threading
from typing import TypedDict

import aiosqlite
import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.graph import END, START, StateGraph

from kosmos_graph.checkpoints.both_faces import both_faces
from kosmos_graph.graph.face import with_face


class Sum(TypedDict):
    total: int


async def add(state: Sum) -> Sum:
    await asyncio.sleep(0)
    return {"total": state["total"] + 1}


def graph_over(saver):
    builder = StateGraph(Sum)
    builder.add_node("first", add)
    builder.add_node("second", add)
    builder.add_edge(START, "first")
    builder.add_edge("first", "second")
    builder.add_edge("second", END)
    return with_face(builder.compile(checkpointer=both_faces(saver)))


def sync_savers(folder):
    return [InMemorySaver(), SqliteSaver(sqlite3.connect(folder / "sync.sqlite", check_same_thread=False))]


def config(name):
    return {"configurable": {"thread_id": name}}


@pytest.mark.parametrize("which", [0, 1])
def test_a_synchronous_saver_serves_all_four_faces(which, tmp_path):
    graph = graph_over(sync_savers(tmp_path)[which])
    assert graph.invoke({"total": 0}, config("a")) == {"total": 2}
    assert asyncio.run(graph.ainvoke({"total": 0}, config("b"))) == {"total": 2}
    assert len(list(graph.stream({"total": 0}, config("c"), stream_mode="updates"))) == 2

    async def streamed():
        return [part async for part in graph.astream({"total": 0}, config("d"), stream_mode="updates")]

    assert len(asyncio.run(streamed())) == 2
    assert graph.get_state(config("d")).values == {"total": 2}
    assert asyncio.run(graph.aget_state(config("d"))).values == {"total": 2}


async def test_an_asynchronous_saver_serves_all_four_faces_inside_its_own_loop(tmp_path):
    async with aiosqlite.connect(tmp_path / "async.sqlite") as connection:
        graph = graph_over(AsyncSqliteSaver(connection))
        assert await graph.ainvoke({"total": 0}, config("a")) == {"total": 2}
        assert graph.invoke({"total": 0}, config("b")) == {"total": 2}
        assert [part async for part in graph.astream({"total": 0}, config("c"), stream_mode="updates")]
        assert list(graph.stream({"total": 0}, config("d"), stream_mode="updates"))
        assert (await graph.aget_state(config("b"))).values == {"total": 2}
        assert graph.get_state(config("b")).values == {"total": 2}


async def test_an_asynchronous_saver_serves_synchronous_callers_in_other_threads(tmp_path):
    async with aiosqlite.connect(tmp_path / "threads.sqlite") as connection:
        graph = graph_over(AsyncSqliteSaver(connection))
        results = await asyncio.gather(*(asyncio.to_thread(graph.invoke, {"total": n}, config(str(n))) for n in range(8)))
        assert results == [{"total": n + 2} for n in range(8)]


def test_several_threads_share_one_graph():
    graph = graph_over(InMemorySaver())
    results: dict[int, int] = {}

    def work(number):
        results[number] = graph.invoke({"total": number}, config(f"t{number}"))["total"]

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert results == {number: number + 2 for number in range(8)}


async def test_a_synchronous_call_works_inside_a_running_loop():
    assert graph_over(None).invoke({"total": 0}) == {"total": 2}


def test_an_error_inside_a_stream_reaches_the_caller():
    async def fail(state: Sum) -> Sum:
        raise ArithmeticError("no")

    builder = StateGraph(Sum)
    builder.add_node("fail", fail)
    builder.add_edge(START, "fail")
    graph = with_face(builder.compile())
    with pytest.raises(ArithmeticError):
        list(graph.stream({"total": 0}))


def test_a_stream_that_is_left_early_ends():
    graph = graph_over(InMemorySaver())
    for _ in graph.stream({"total": 0}, config("left"), stream_mode="updates"):
        break
    assert graph.invoke({"total": 5}, config("after")) == {"total": 7}


def test_the_graph_works_as_a_node_of_another_graph():
    builder = StateGraph(Sum)
    builder.add_node("inner", graph_over(None))
    builder.add_edge(START, "inner")
    outer = builder.compile()
    assert asyncio.run(outer.ainvoke({"total": 1})) == {"total": 3}

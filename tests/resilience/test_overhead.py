"""`benchmarks.overhead` compares like with like."""

import json

from benchmarks.faults import settings_for
from benchmarks.overhead import ways
from tests.loopback import LoopbackServer, first_choice


async def test_every_way_to_call_sends_the_same_request(tmp_path):
    with LoopbackServer(first_choice) as server:
        for ask in ways(settings_for(server.base(), tmp_path), tmp_path).values():
            await ask()
    bodies = [
        json.dumps(received.body, sort_keys=True).replace(f"Question {number}:", "Question:")
        for number, received in enumerate(server.requests)
    ]
    assert len(bodies) == 4
    assert len(set(bodies)) == 1
    assert {received.headers["user-agent"] for received in server.requests} == {server.requests[0].headers["user-agent"]}
    assert (tmp_path / "journal.sqlite").exists()

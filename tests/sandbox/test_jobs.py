"""What makes two jobs the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from kosmos_graph.sandbox import DataFile, Job, Limits
from tests.sandbox.conftest import NUMBER, TABLE

JOB = Job("code", (DataFile("a", Path("/x"), "1" * 64), DataFile("b", Path("/y"), "2" * 64)), 1, Limits(), (NUMBER,))


def test_a_job_is_known_by_its_content_and_not_by_where_its_data_lie():
    moved = tuple(replace(file, path=Path("/elsewhere")) for file in reversed(JOB.data))
    assert replace(JOB, data=moved).id == JOB.id


def test_every_part_of_its_content_makes_another_job():
    others = [
        replace(JOB, code="other"),
        replace(JOB, data=JOB.data[:1]),
        replace(JOB, data=(replace(JOB.data[0], sha256="3" * 64), JOB.data[1])),
        replace(JOB, data=(replace(JOB.data[0], name="c"), JOB.data[1])),
        replace(JOB, seed=2),
        replace(JOB, limits=Limits(wall_seconds=1.0)),
        replace(JOB, results=(TABLE,)),
        replace(JOB, results=(NUMBER.model_copy(update={"unit": "cm"}),)),
    ]
    assert len({JOB.id, *(other.id for other in others)}) == 1 + len(others)

"""Collecting the result file, whatever lies in its place."""

from __future__ import annotations

import os

import pytest

from kosmos_graph.sandbox.collect import Uncollectable, collect
from kosmos_graph.sandbox.inside.experiment import RESULT

SOMETHING_ELSE = "the code put something else in the place of its result file"


def _refused(folder, most_bytes: int = 1000) -> str:
    with pytest.raises(Uncollectable) as refused:
        collect(folder, most_bytes)
    return str(refused.value)


def test_a_json_object_is_collected(tmp_path):
    (tmp_path / RESULT).write_text('{"results": {"a": 1}}')
    assert collect(tmp_path, 1000) == {"results": {"a": 1}}


def test_a_symbolic_link_is_not_followed(tmp_path):
    (tmp_path / "key").write_text('{"results": "secret"}')
    (tmp_path / RESULT).symlink_to(tmp_path / "key")
    assert _refused(tmp_path) == SOMETHING_ELSE


def test_a_hard_link_is_refused(tmp_path):
    (tmp_path / "key").write_text('{"results": "secret"}')
    (tmp_path / RESULT).hardlink_to(tmp_path / "key")
    assert _refused(tmp_path) == SOMETHING_ELSE


def test_a_fifo_is_refused_without_waiting_for_it(tmp_path):
    os.mkfifo(tmp_path / RESULT)
    assert _refused(tmp_path) == SOMETHING_ELSE


def test_a_folder_and_a_device_are_refused(tmp_path):
    (tmp_path / RESULT).mkdir()
    assert _refused(tmp_path) == SOMETHING_ELSE


def test_no_file_is_told(tmp_path):
    assert _refused(tmp_path) == "the code ended without returning a result"


def test_a_file_that_is_too_large_is_not_read(tmp_path):
    with (tmp_path / RESULT).open("wb") as file:
        file.truncate(10**12)
    assert _refused(tmp_path) == "the results are larger than 1000 bytes; return a summary"


@pytest.mark.parametrize("content", ["", "{", '{"a": NaN}', '{"a": -Infinity}', "[" * 500, "\x80abc", '{"a": ' + "1" * 900 + "}x"])
def test_what_is_no_json_is_refused(tmp_path, content):
    (tmp_path / RESULT).write_bytes(content.encode("latin-1"))
    assert _refused(tmp_path) == "the code's result file is not valid JSON"


def test_deeply_nested_json_is_refused(tmp_path):
    (tmp_path / RESULT).write_text("[" * 100_000 + "]" * 100_000)
    assert _refused(tmp_path, 10**6) == "the code's result file is not valid JSON"


def test_json_that_is_no_object_is_refused(tmp_path):
    (tmp_path / RESULT).write_text("[1]")
    assert _refused(tmp_path) == "the code's result file is not a JSON object"

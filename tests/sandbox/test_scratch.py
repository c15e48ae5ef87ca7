"""Scratch folders are measured and removed whatever was made of them."""

from __future__ import annotations

import os

from kosmos_graph.sandbox.inside.lying import Lying, measure
from kosmos_graph.sandbox.inside.removing import remove


def test_folders_deeper_than_any_path_are_removed(tmp_path):
    top = tmp_path / "top"
    top.mkdir()
    folder = os.open(top, os.O_RDONLY)
    for _ in range(3000):
        os.mkdir("d", dir_fd=folder)
        below = os.open("d", os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = below
        os.close(os.open("f", os.O_CREAT | os.O_WRONLY, dir_fd=folder))
    os.close(folder)
    remove(top)
    assert list(tmp_path.iterdir()) == []


def test_folders_that_nobody_may_enter_are_removed(tmp_path):
    inner = tmp_path / "top" / "a" / "b"
    inner.mkdir(parents=True)
    (inner / "file").write_text("x")
    for folder in (inner, inner.parent, inner.parent.parent):
        folder.chmod(0)
    remove(tmp_path / "top")
    assert list(tmp_path.iterdir()) == []


def test_links_are_removed_and_what_they_lead_to_is_not(tmp_path):
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "file").write_text("x")
    (tmp_path / "top").mkdir()
    (tmp_path / "top" / "link").symlink_to(tmp_path / "kept")
    os.mkfifo(tmp_path / "top" / "fifo")
    remove(tmp_path / "top")
    assert (tmp_path / "kept" / "file").exists()
    assert not (tmp_path / "top").exists()
    remove(tmp_path / "top")  # a second time there is nothing to do


def test_what_lies_in_a_folder_is_measured_up_to_a_number_of_entries(tmp_path):
    for number in range(5):
        (tmp_path / f"d{number}").mkdir()
        (tmp_path / f"d{number}" / "f").write_bytes(b"x" * 4096)
    whole = measure(tmp_path, 100)
    assert (whole.entries, whole.hidden) == (10, False)
    assert whole.size >= 5 * 4096
    assert measure(tmp_path, 3).entries == 4
    assert measure(tmp_path / "gone", 3) == Lying(0, 0, hidden=False)

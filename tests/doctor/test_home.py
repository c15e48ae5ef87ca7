"""What the doctor finds out about the home folder, the checkpoint store and the disk."""

from __future__ import annotations

import io
import shutil
import sqlite3
from collections import namedtuple

import pytest

from kosmos_graph.checkpoints.allowed import serializer
from kosmos_graph.checkpoints.sqlite import FILENAME, open_saver
from kosmos_graph.doctor.examine import home_check
from kosmos_graph.doctor.keeping import examine_home
from kosmos_graph.domain.calls import CallSite
from kosmos_graph.graph.state import FORMAT_VERSION, Start
from kosmos_graph.providers.journal import FILENAME as JOURNAL
from kosmos_graph.providers.journal import CallJournal
from kosmos_graph.settings import load_settings

Usage = namedtuple("Usage", "total used free")


def look(home):
    return {finding.check: finding for finding in examine_home(home)}


def store_of(home, formats=(FORMAT_VERSION,), filler=b""):
    """A checkpoint store with a run in each of these formats."""
    with open_saver(home) as saver:
        for number, written in enumerate(formats):
            start = Start(run_id=f"r{number}", started="2026-01-01T00:00:00+00:00", format=written)
            values = {"start": start, "filler": filler}
            checkpoint = {
                "v": 4,
                "id": f"{number:08d}",
                "ts": "",
                "channel_values": values,
                "channel_versions": {},
                "versions_seen": {},
            }
            config = {"configurable": {"thread_id": f"r{number}", "checkpoint_ns": ""}}
            saver.put(config, checkpoint, {}, {})
    return home / FILENAME


def contents(home):
    return {path: path.read_bytes() for path in sorted(home.rglob("*")) if path.is_file()}


def stop_of(home):
    """The one sentence by which the free check stops a run."""
    (sentence,) = home_check(load_settings(kosmos_home=home))
    assert "\n" not in sentence
    return sentence


def test_a_home_that_is_not_there_yet_is_ok_and_is_not_made(home):
    assert {finding.status for finding in look(home).values()} == {"ok"}
    assert not home.exists()


def test_a_file_where_the_home_folder_should_be_is_a_failure(home):
    home.write_text("in the way")
    assert look(home)["writable"].status == "failed"
    assert f"{home} is not a folder" in stop_of(home)


def test_a_file_on_the_way_to_the_home_folder_is_a_failure(home):
    home.write_text("in the way")
    assert str(home) in stop_of(home / "below" / "it")


def test_a_link_to_nowhere_is_no_home_folder(home, tmp_path):
    home.symlink_to(tmp_path / "gone")
    assert look(home)["writable"].status == "failed"


def test_a_file_in_place_of_the_runs_is_a_failure(home):
    home.mkdir()
    (home / "runs").write_text("in the way")
    assert look(home)["writable"].status == "failed"


def test_a_disk_without_room_for_a_probe_is_a_failure(home, monkeypatch):
    class Full(io.BytesIO):
        def write(self, _):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr("kosmos_graph.doctor.keeping.tempfile.TemporaryFile", lambda **_: Full())
    assert "No space left on device" in stop_of(home)


@pytest.mark.parametrize(("free", "status"), [(1 << 20, "failed"), (500 << 20, "warning"), (5 << 30, "ok")])
def test_free_space_is_weighed(home, monkeypatch, free, status):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(1 << 40, 0, free))
    assert look(home)["space"].status == status
    assert len(home_check(load_settings(kosmos_home=home))) == (status == "failed")


def test_a_store_of_this_version_opens(home):
    store_of(home)
    found = look(home)["store"]
    assert found.status == "ok"
    assert "opens" in found.detail


def test_a_store_that_is_no_database_is_a_failure_and_stays_as_it_is(home):
    home.mkdir()
    (home / FILENAME).write_bytes(b"this is no database " * 500)
    before = contents(home)
    assert "cannot be used" in stop_of(home)
    assert look(home)["store"].status == "failed"
    assert contents(home) == before


def test_a_truncated_store_is_a_failure_and_stays_as_it_is(home):
    path = store_of(home, filler=b"x" * 100_000)
    path.write_bytes(path.read_bytes()[:-20_000])
    before = contents(home)
    assert "disk image is malformed" in stop_of(home)
    assert look(home)["store"].status == "failed"
    assert contents(home) == before


@pytest.mark.parametrize("kept", [20, 100, 4000])
def test_a_store_cut_in_its_first_page_is_a_failure(home, kept):
    path = store_of(home)
    path.write_bytes(path.read_bytes()[:kept])
    assert "cannot be used" in stop_of(home)


def test_an_empty_store_is_as_good_as_none(home):
    home.mkdir()
    (home / FILENAME).touch()
    assert look(home)["store"].status == "ok"


def test_a_store_with_overwritten_pages_is_a_failure_and_stays_as_it_is(home):
    path = store_of(home, formats=(FORMAT_VERSION,) * 30, filler=b"x" * 2000)
    content = bytearray(path.read_bytes())
    content[4096 * 2 : 4096 * 6] = b"\xff" * (4096 * 4)
    path.write_bytes(content)
    before = contents(home)
    assert "cannot be used" in stop_of(home)
    assert contents(home) == before


def test_runs_from_a_newer_version_are_named_and_stop_no_new_run(home):
    store_of(home, formats=(FORMAT_VERSION, FORMAT_VERSION + 1))
    found = look(home)["store"]
    assert found.status == "warning"
    assert "newer version" in found.detail
    assert "r1" in found.detail
    assert "r0" not in found.detail
    assert home_check(load_settings(kosmos_home=home)) == ()


def test_runs_from_an_older_version_are_named_without_being_called_newer(home):
    store_of(home, formats=(FORMAT_VERSION - 1,))
    found = look(home)["store"]
    assert found.status == "warning"
    assert "newer" not in found.detail


@pytest.mark.parametrize("blob", [b"", b"\xc1\xff", b"\x93", serializer().dumps_typed({"x": 1})[1], serializer().dumps_typed(7)[1]])
def test_a_checkpoint_that_cannot_be_read_is_a_warning(home, blob):
    path = store_of(home)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE checkpoints SET checkpoint = ?", (blob,))
    connection.close()
    assert look(home)["store"].status == "warning"


def test_a_table_without_a_column_is_the_file_of_another_version(home):
    home.mkdir()
    with sqlite3.connect(home / FILENAME) as connection:
        connection.execute("CREATE TABLE checkpoints (thread_id TEXT, blob_id TEXT)")
    connection.close()
    assert "another version" in stop_of(home)


def test_a_store_that_a_process_holds_is_looked_at_meanwhile(home):
    path = store_of(home)
    with open_saver(home):
        writer = sqlite3.connect(path)
        writer.execute("BEGIN IMMEDIATE")
        assert look(home)["store"].status == "ok"
        writer.close()


def test_a_store_left_by_a_killed_process_is_read_with_its_log(home, tmp_path):
    path = store_of(home / "first")
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_autocheckpoint=0")
    connection.execute("UPDATE checkpoints SET metadata = zeroblob(50000)")
    connection.commit()
    killed = home / "killed"
    killed.mkdir()
    for name in (FILENAME, f"{FILENAME}-wal"):
        shutil.copyfile(home / "first" / name, killed / name)
    connection.close()
    assert (killed / f"{FILENAME}-wal").stat().st_size > 50_000
    before = contents(killed)
    assert look(killed)["store"].status == "ok"
    assert {path: contents(killed)[path] for path in before} == before


def test_a_store_locked_by_another_process_is_a_warning(home, monkeypatch):
    monkeypatch.setattr("kosmos_graph.doctor.stores._BUSY_SECONDS", 0.0)
    path = store_of(home)
    holder = sqlite3.connect(path)
    holder.execute("PRAGMA locking_mode=EXCLUSIVE")
    holder.execute("UPDATE checkpoints SET metadata = '{}'")
    holder.commit()
    found = look(home)["store"]
    holder.close()
    assert found.status == "warning"
    assert "another process" in found.detail


def journal_of(home):
    """A call journal as the first call makes it."""
    kept = CallJournal(home)
    kept.forget(CallSite(run="r", node="n", branch="", attempt=""))
    kept.close()
    return home / JOURNAL


def test_a_journal_of_this_version_opens(home):
    journal_of(home)
    assert "opens" in look(home)["journal"].detail


def test_a_damaged_journal_stops_a_run_and_stays_as_it_is(home):
    path = journal_of(home)
    path.write_bytes(path.read_bytes()[:5000])
    before = contents(home)
    assert f"the call journal {path} cannot be used" in stop_of(home)
    assert contents(home) == before


def test_a_journal_from_a_newer_version_stops_a_run(home):
    path = journal_of(home)
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    assert "a newer version wrote it, in format 99" in stop_of(home)

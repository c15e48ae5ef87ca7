from __future__ import annotations

import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

from kosmos_graph.data import size
from kosmos_graph.data.load import load_dataset
from kosmos_graph.domain.study_sheet import StudySheet
from kosmos_graph.errors import BadInput

from .reading import read

NOISE = np.random.default_rng(0).integers(0, 256, 5000, dtype=np.uint8).tobytes()
HIGH_NOISE = np.random.default_rng(0).integers(128, 256, 5000, dtype=np.uint8).tobytes()
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("d.csv", b"", "is empty"),
        ("d.csv", b"\n\n  \n", "is empty: it holds no cell"),
        ("d.csv", b"a,b\n", "has a header and no rows"),
        ("d.csv", b"a,b\n,\n", "has a header and no rows"),
        ("d.csv", b"a,b\n1,2\n3,4,5\n", "has 3 cells in line 3 where the header has 2"),
        ("d.csv", b'a,b\n1,"x\n2,y\n3,z\n', "a quote is opened and never closed"),
        ("d.csv", b"\x89PNG\r\n\x1a\n" + NOISE, "it is a PNG image"),
        ("d.csv", NOISE, "is a binary file, not text"),
        ("d.csv", HIGH_NOISE, "is in no encoding that could be found out"),
        ("d.csv", b"PAR1" + NOISE, "it is a Parquet file"),
        ("d.csv", b"PK\x03\x04" + NOISE, "an Excel workbook"),
        ("d.csv.gz", b"\x1f\x8b" + NOISE, "decompress it first"),
        ("d.xls", OLE, "old Excel format"),
        ("d.pkl", b"\x80\x04", "pickle, which is never opened"),
        ("d.xlsx", OLE, "old Excel format"),
        ("d.xlsx", OLE + "EncryptedPackage".encode("utf-16-le"), "protected by a password"),
        ("d.xlsx", b"PK\x03\x04" + NOISE, "not a readable Excel workbook"),
        ("d.xlsx", b"a,b\n1,2\n", "not a readable Excel workbook"),
        ("d.parquet", b"PAR1" + NOISE + b"PAR1", "not a readable Parquet file"),
        ("d.jsonl", b'{"a":1}\n{"a":\n', "line 2 is not valid JSON"),
        ("d.jsonl", b'{"a":1}\n[1]\n', "line 2 is not an object"),
        ("d.jsonl", b"[" * 100_000, "not valid JSON"),
        ("d.jsonl", b"{}\n", "holds no JSON object with a key"),
        ("d.json", b'[1, {"a": 2}]', "entry 1 is not an object"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_in_one_sentence(tmp_path: Path, name: str, content: bytes, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence) as refusal:
        read(tmp_path, content, name)
    assert str(refusal.value).startswith(str(tmp_path))
    assert "\n" not in str(refusal.value)


def test_paths_that_are_no_files_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    cases = {
        tmp_path / "none.csv": "No such data file",
        tmp_path: "is a folder",
        tmp_path / "pipe.csv": "is not a regular file",
        Path("a\x00b"): "No such data file|no path that can be opened",
        Path("x" * 5000): "No such data file|no path that can be opened",
    }
    for path, sentence in cases.items():
        with pytest.raises(BadInput, match=sentence):
            load_dataset(path, StudySheet())


def test_an_excel_bomb_is_refused_before_it_is_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(size, "MAX_BYTES", 10_000_000)
    with zipfile.ZipFile(tmp_path / "b.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b" " * 20_000_000)
    with pytest.raises(BadInput, match="the limit is 2 GB"):
        load_dataset(tmp_path / "b.xlsx", StudySheet())


def test_a_table_beyond_the_limit_is_refused_with_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(size, "MAX_CELLS", 100)
    for name, content in (("d.csv", "a,b\n" + "1,2\n" * 60), ("d.jsonl", '{"a":1,"b":2}\n' * 60)):
        with pytest.raises(BadInput, match="the limit is 100 cells"):
            read(tmp_path, content, name)


def test_a_table_with_too_many_columns_is_refused_with_the_limit(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="has 5,001 columns, and the limit is 5,000"):
        read(tmp_path, ",".join(f"x{place}" for place in range(5001)) + "\n" + ",".join(["1"] * 5001) + "\n")


def test_one_column_is_read(tmp_path: Path) -> None:
    assert read(tmp_path, "v\n1\n2.5\n3.5\n").frame["v"].tolist() == [1.0, 2.5, 3.5]

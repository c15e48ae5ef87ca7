"""From bytes of unknown encoding to text."""

from __future__ import annotations

import codecs
import re

from charset_normalizer import from_bytes

from kosmos_graph.errors import BadInput

SAMPLE = 200_000
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
SIGNATURES = (
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"%PDF", "a PDF document"),
    (b"PAR1", "a Parquet file: give it the ending .parquet"),
    (b"PK\x03\x04", "a zip archive or an Excel workbook: unpack it, or give it the ending .xlsx"),
    (b"\x1f\x8b", "compressed with gzip: decompress it first"),
    (b"BZh", "compressed with bzip2: decompress it first"),
    (b"\xfd7zXZ", "compressed with xz: decompress it first"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd: decompress it first"),
    (b"\xd0\xcf\x11\xe0", "an old or protected Office file: save it as .xlsx without a password"),
    (b"\x7fELF", "a program"),
    (b"SQLite format 3", "an SQLite database"),
    (b"RDX", "an R data file"),
    (b"\x80\x04\x95", "a Python pickle"),
)
FOREIGN = re.compile(r"[^\x00-\x7f]+")
SIGN_IN_WORD = re.compile(r"(?<=[^\W\d_])[\x80-\xa7\xa9\xab-\xaf\xb1-\xb4\xb6-\xb9\xbb-\xbf×÷†‡•…‰‹›™ˆ˜](?=[^\W\d_])")
CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f]")


def decode(content: bytes, shown: str) -> tuple[str, str | None]:
    """The text, and a note on its encoding when that is not plain UTF-8.

    Raises BadInput when the bytes are no text; `shown` is the file's name for the message.
    """
    refuse_binary(content, shown)
    for mark, encoding in MARKS:
        if content.startswith(mark):
            return _decoded(content, encoding, shown), None if encoding == "utf-8-sig" else f"Read as {encoding.upper()}."
    wide = _unmarked_utf16(content)
    if wide:
        return _decoded(content, wide, shown), f"Read as {wide.upper()}, found out from its zero bytes."
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        encoding = _guess(content, shown)
        return _decoded(content, encoding, shown), f"Not UTF-8; read as {encoding}, which was guessed from the letters."
    _refuse_controls(content, shown)
    return text, None


def refuse_binary(content: bytes, shown: str) -> None:
    """Raise BadInput when the first bytes are those of a known binary format."""
    for start, what in SIGNATURES:
        if content.startswith(start):
            raise BadInput(f"{shown} is not a text file; it is {what}.")


def _refuse_controls(content: bytes, shown: str) -> None:
    sample = content[:SAMPLE]
    if len(CONTROL.findall(sample)) > max(8, 0.005 * len(sample)):
        raise BadInput(f"{shown} is a binary file, not text: save it as CSV, or give it the ending of its format.")


def _unmarked_utf16(content: bytes) -> str | None:
    """UTF-16 without a mark: text mostly of Latin letters has a zero in nearly every second byte, on one side only."""
    sample = content[:SAMPLE]
    half = len(sample) // 2
    if half < 2 or len(content) % 2:
        return None
    even, odd = sample[0::2].count(0) / half, sample[1::2].count(0) / half
    if odd > 0.6 and even < 0.05:
        return "utf-16-le"
    if even > 0.6 and odd < 0.05:
        return "utf-16-be"
    return None


def _guess(content: bytes, shown: str) -> str:
    """The likeliest encoding by the lines that are not ASCII.

    Text that reads as Western European in cp1252 (accents alone among plain letters, no signs inside words) is that, unless
    another encoding makes more of a known language; the rest is charset-normalizer's choice.
    """
    _refuse_controls(content, shown)
    lines = b"\n".join(line for line in content.splitlines() if not line.isascii())[:SAMPLE]
    matches = from_bytes(lines)
    best = matches.best()
    if _reads_western(lines):
        coherence = max(
            (match.coherence for match in matches if "cp1252" in (match.encoding, *match.could_be_from_charset)), default=0
        )
        speaks = best is not None and best.coherence > coherence + 0.1
        return best.encoding if best is not None and speaks else _western(content)
    if best is None:
        raise BadInput(f"{shown} is in no encoding that could be found out: save it as UTF-8.")
    return best.encoding


def _reads_western(lines: bytes) -> bool:
    text = lines.decode("cp1252", "replace")
    runs = FOREIGN.findall(text)
    inside = SIGN_IN_WORD.findall(text)
    letters = sum(map(len, runs))
    return bool(runs) and letters <= 1.5 * len(runs) and len(inside) <= 0.1 * letters


def _western(content: bytes) -> str:
    try:
        content.decode("cp1252")
    except UnicodeDecodeError:
        return "latin-1"
    return "cp1252"


def _decoded(content: bytes, encoding: str, shown: str) -> str:
    try:
        return content.decode(encoding)
    except (UnicodeDecodeError, LookupError) as exc:
        raise BadInput(f"{shown} looks like {encoding} and has bytes that are not: save it as UTF-8.") from exc

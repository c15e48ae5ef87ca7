"""One job, in the process that was made for it: close the jail, read the data, run the code, write down what came of it."""

from __future__ import annotations

import inspect
import json
import linecache
import os
import random
import re
import sys
import traceback
from collections.abc import Callable
from typing import Any, NoReturn

from . import landlock, limiting, seccomp, shaping
from .recording import RECORDER, instrument

RESULT = "result.json"
"""Name of the file in the scratch folder that the parent process collects."""
NOT_CONFINED = 96
"""Exit code of a process that could not close its jail, and so did not run the code. Code can end with it too."""
DEVICES = ("/dev/null", "/dev/urandom", "/dev/random")

_NICENESS = 5
"""So that whoever watches over the job is not held up by it."""
_NAME_OF_CODE = "<experiment>"
_MOST_FRAMES = 12
_MOST_MESSAGE = 400
_LOOKS_LIKE_R = re.compile(r"<-\s|\blibrary\(|%>%|\bfunction\s*\(|\bdata\.frame\(")

Request = dict[str, Any]


class CannotRun(Exception):
    """The sentence that says why the code did not come to its results."""


def run(request: Request, output: int, data: list[int], confined: int) -> NoReturn:
    """Run the job and end this process.

    `output` takes what the code prints, `data` are open Parquet files, and `confined` takes a byte when the jail is closed.
    """
    _settle(request["scratch"], output, [*data, confined])
    try:
        confine(request)
    except OSError as error:
        os.write(2, f"the jail could not be closed: {error}\n".encode())
        os._exit(NOT_CONFINED)
    os.write(confined, b"1")
    os.close(confined)
    content: dict[str, Any] = {}
    try:
        content["results"] = shaping.shape(_returned(request, data), request["declared"])
    except (CannotRun, shaping.NotAsDeclared) as error:
        content["error"] = str(error)
    except MemoryError:
        content["memory"] = True
    except BaseException as error:  # noqa: BLE001 - whatever the code raises, SystemExit too, is what came of it
        content["error"] = _told(error)
    content["calls"] = RECORDER.calls
    _write(content)
    os._exit(0)


def confine(request: Request) -> None:
    """Close the jail around this process. Raises OSError where any part of it cannot be closed."""
    limits = request["limits"]
    os.nice(_NICENESS)
    held = tuple(request.get("held", (0, 0)))
    limiting.limit_resources(limits["memory_bytes"], limits["disk_bytes"], limits["cpu_seconds"], limits["tasks"], held)
    if request["landlock"]:
        landlock.restrict(request["read"], [request["scratch"]], DEVICES)
    if request["seccomp"]:
        seccomp.install(seccomp.for_code())


def _settle(scratch: str, output: int, kept_open: list[int]) -> None:
    """Own session, own standard streams, no other open file, the scratch folder as home."""
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(source, target)
    kept = 3
    for descriptor in sorted(kept_open):
        kept, first = descriptor + 1, kept
        os.closerange(first, descriptor)
    os.closerange(kept, os.sysconf("SC_OPEN_MAX") if os.sysconf("SC_OPEN_MAX") > 0 else 1 << 16)
    os.chdir(scratch)
    os.environ.update(HOME=scratch, TMPDIR=scratch, MPLCONFIGDIR=scratch)
    sys.stdin = os.fdopen(0, closefd=False)
    sys.stdout = os.fdopen(1, "w", buffering=1, encoding="utf-8", errors="replace", closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, encoding="utf-8", errors="replace", closefd=False)


def _returned(request: Request, data: list[int]) -> Any:
    for module in request["modules"]:
        __import__(module)
    frames = {name: _frame(name, descriptor) for name, descriptor in zip(request["names"], data, strict=True)}
    seed = int(request["seed"])
    random.seed(seed)
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed(seed % 2**32)
    if "scipy" in sys.modules:
        instrument(RECORDER)  # only what has not been, in a zygote
    function = _defined(request["code"])
    return function(frames, seed)


def _frame(name: str, descriptor: int) -> Any:
    """The Parquet file as a data frame; nothing of the file stays open. Raises CannotRun."""
    import pyarrow
    import pyarrow.parquet

    with os.fdopen(descriptor, "rb") as file:
        try:
            table = pyarrow.parquet.ParquetFile(file, pre_buffer=False).read(use_threads=False)
            return table.to_pandas(use_threads=False)
        except (pyarrow.ArrowException, OSError) as error:
            raise CannotRun(f"the data {name!r} cannot be read: {' '.join(str(error).split())[:_MOST_MESSAGE]}") from error


def _defined(code: str) -> Callable[[Any, int], Any]:
    """The function `experiment` that the code defines. Raises CannotRun, and whatever the code raises."""
    if "def experiment" not in code and _LOOKS_LIKE_R.search(code):  # `x <- 1` is valid Python
        raise CannotRun("the code is R, or another language; only Python is executed")
    linecache.cache[_NAME_OF_CODE] = (len(code), None, code.splitlines(keepends=True), _NAME_OF_CODE)
    try:
        compiled = compile(code, _NAME_OF_CODE, "exec")
    except (SyntaxError, ValueError) as error:
        raise CannotRun(_not_python(error)) from error
    namespace: dict[str, Any] = {"__name__": "__experiment__", "__builtins__": __builtins__}
    exec(compiled, namespace)  # noqa: S102 - this is what the jail is for
    function = namespace.get("experiment")
    if not callable(function):
        raise CannotRun("the code defines no function experiment(data, seed)")
    try:
        inspect.signature(function).bind({}, 0)
    except TypeError as error:
        raise CannotRun(f"experiment has to take two arguments, experiment(data, seed): {error}") from error
    return function  # type: ignore[no-any-return]


def _not_python(error: SyntaxError | ValueError) -> str:
    if isinstance(error, SyntaxError) and error.lineno is not None:
        line = (error.text or "").strip()[:120]
        return f"the code is not valid Python: line {error.lineno}: {error.msg}" + (f": {line}" if line else "")
    return f"the code is not valid Python: {error.args[0]}"


def _told(error: BaseException) -> str:
    """One sentence, an empty line, and the part of the traceback that is the code's own."""
    kind = type(error).__name__
    if isinstance(error, SystemExit):
        return f"the code called sys.exit({error.code!r}) instead of returning its results"
    message = " ".join(str(error).split())[:_MOST_MESSAGE]
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == _NAME_OF_CODE]
    place = f" in line {frames[-1].lineno}" if frames else ""
    lines = traceback.format_list(frames[-_MOST_FRAMES:])
    return f"the code raised {kind}{place}: {message}\n\n{''.join(lines)}{kind}: {message}"


def _write(content: dict[str, Any]) -> None:
    """Write the result's file; where that is not possible, nothing is collected."""
    sys.stdout.flush()
    sys.stderr.flush()
    with open(RESULT, "w", encoding="utf-8") as file:
        json.dump(content, file, allow_nan=False)

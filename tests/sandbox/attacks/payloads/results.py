"""The file of results, the harness, and what comes back as text: attacks on whoever collects."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from kosmos_graph.domain.code_experiment import DeclaredResult
from tests.sandbox.attacks.evidence import broke, chattered, escaped, forged, leaked, littered
from tests.sandbox.attacks.payload import LIMITS, Family

results = Family("result file")

results(
    "a symbolic link to credentials",
    leaked,
    """
    os.symlink(CANARY["home"] + "/.config/credentials.json", "result.json")
    os._exit(0)
""",
)
results(
    "a hard link to credentials",
    leaked,
    """
    os.link(CANARY["home"] + "/.config/credentials.json", "result.json")
    os._exit(0)
""",
)
results(
    "a scratch folder that is swapped for a link to another folder",
    leaked,
    """
    here = os.getcwd()
    os.rename(here, here + "-old")
    os.symlink(CANARY["home"] + "/results", here)
    os._exit(0)
""",
)
results(
    "a FIFO that nobody writes into",
    broke,
    """
    os.mkfifo("result.json")
    os._exit(0)
""",
)
results(
    "a folder",
    broke,
    """
    os.mkdir("result.json")
    os._exit(0)
""",
)
results(
    "invalid JSON",
    broke,
    """
    open("result.json", "w").write('{"results": {"done": 1.0}')
    os._exit(0)
""",
)
results(
    "a pickle",
    broke,
    """
    import pickle
    pickle.dump({"results": {"done": 1.0}}, open("result.json", "wb"))
    os._exit(0)
""",
)
results(
    "brackets within brackets",
    broke,
    """
    open("result.json", "w").write("[" * 100_000 + "]" * 100_000)
    os._exit(0)
""",
)
results(
    "a list instead of an object",
    broke,
    """
    open("result.json", "w").write("[1, 2, 3]")
    os._exit(0)
""",
)
results(
    "an integer of 10,000 digits",
    broke,
    """
    open("result.json", "w").write('{"results": {"done": ' + "9" * 10_000 + "}}")
    os._exit(0)
""",
)
results(
    "a file of 40 MB",
    chattered,
    """
    open("result.json", "w").write('{"error": "' + "x" * 40_000_000 + '"}')
    os._exit(0)
""",
)

forging = Family("forged results")

forging(
    "NaN",
    forged,
    """
    open("result.json", "w").write('{"results": {"done": NaN}, "calls": []}')
    os._exit(0)
""",
)
forging(
    "a number beyond all floats",
    forged,
    """
    open("result.json", "w").write('{"results": {"done": 1e999}, "calls": []}')
    os._exit(0)
""",
)
forging(
    "a result that had not been declared",
    forged,
    """
    open("result.json", "w").write('{"results": {"done": 1.0, "p": 0.0001}, "calls": []}')
    os._exit(0)
""",
)
forging(
    "a text in the place of a number",
    forged,
    """
    open("result.json", "w").write('{"results": {"done": "<b>p < .001</b>"}, "calls": []}')
    os._exit(0)
""",
)
forging(
    "half of a character, which no file takes",
    forged,
    """
    text = '{"results": {"notes": {"columns": ["a"], "rows": [["\\\\ud800"]]}}, "calls": []}'
    open("result.json", "w").write(text)
    os._exit(0)
""",
    results=(DeclaredResult(name="notes", kind="table", meaning="a table of notes"),),
)
forging(
    "another rung and another job's name",
    forged,
    """
    open("result.json", "w").write('{"results": {"done": 1.0}, "rung": "docker", "id": "0", "state": "ok", "calls": []}')
    os._exit(0)
""",
)
forging(
    "the harness's own checks, replaced",
    forged,
    """
    import json
    sys.modules["inside.shaping"].number = lambda name, value: float("nan")
    write = json.dump
    json.dump = lambda content, file, allow_nan: write(content, file)
""",
)
forging(
    "the end of the process, replaced",
    forged,
    """
    end = os._exit
    def another(code):
        open("result.json", "w").write('{"results": {"done": Infinity}, "calls": []}')
        end(0)
    os._exit = another
""",
)
forging(
    "what had been declared, changed in the frames above",
    forged,
    """
    frame = sys._getframe()
    while frame is not None:
        request = frame.f_locals.get("request")
        if isinstance(request, dict) and "declared" in request:
            request["declared"].append({"name": "p", "kind": "number"})
            return {"done": 1.0, "p": 0.0001}
        frame = frame.f_back
""",
)

texts = Family("texts that come back")

texts(
    "escape sequences on standard output",
    escaped,
    """
    print("\\x1b]0;owned\\x07\\x1b[2J\\x1b[31mred")
""",
)
texts(
    "escape sequences on standard error",
    escaped,
    """
    print("\\x1b[2J\\x9b31m", file=sys.stderr)
""",
)
texts(
    "escape sequences in the message of an exception",
    escaped,
    """
    raise ValueError("\\x1b[2J\\x1b]52;c;ZWNobyBoZWxsbw==\\x07")
""",
)
texts(
    "escape sequences in a table",
    escaped,
    """
    return {"notes": [{"a\\x1b[1m": "\\x1b[2J"}]}
""",
    results=(DeclaredResult(name="notes", kind="table", meaning="a table of notes"),),
)
texts(
    "escape sequences out of a cell of the data",
    escaped,
    """
    print(data["table"]["note"].iloc[0])
""",
    frames={"table": lambda canary: pd.DataFrame({"note": ["\x1b]8;;http://127.0.0.1/\x07here\x1b]8;;\x07"]})},
)
texts(
    "25 MB on standard output",
    chattered,
    """
    for _ in range(25):
        print("x" * 1_000_000)
""",
)
texts(
    "25 MB on standard error",
    chattered,
    """
    for _ in range(25):
        os.write(2, b"x" * 1_000_000)
""",
)
folders = Family("scratch folder")

folders(
    "folders within folders, too deep to be removed by a recursion",
    littered,
    """
    for _ in range(1050):
        os.mkdir("d")
        os.chdir("d")
""",
    limits=replace(LIMITS, files=2000),
    needs="a Python whose shutil.rmtree recurses",
)

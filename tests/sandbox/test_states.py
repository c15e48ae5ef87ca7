"""Every way in which a job can end, on every rung."""

from __future__ import annotations

import os

import pytest

from kosmos_graph.domain.code_experiment import NamedNumber, NamedTable
from kosmos_graph.sandbox.inside import processes
from kosmos_graph.sandbox.limits import MIB
from tests.sandbox.conftest import NUMBER, TABLE, job

SLEEP = "import time; time.sleep(60)"
FORKS = """
import os, time
def experiment(data, seed):
    for _ in range(30):
        if os.fork() == 0:
            time.sleep(60)
    time.sleep(60)
"""
GROUP = """
import os, time
import numpy as np
def experiment(data, seed):
    for _ in range(3):
        if os.fork() == 0:
            break
    held = np.ones(120 * 2**20, dtype=np.uint8)
    time.sleep(60)
"""

SHARE = """
import os, time
def experiment(data, seed):
    children = [os.fork() for _ in range(3)]
    if 0 in children:
        time.sleep(0.3)
        os._exit(0)
    for child in children:
        os.waitpid(child, 0)
    return {'answer': len(children)}
"""

REMOVED_BUT_OPEN = f"""
import os, time
def experiment(data, seed):
    files = []
    for _ in range(16):
        files.append(open('f', 'wb'))
        files[-1].write(b'x' * {MIB})
        os.unlink('f')
    time.sleep(60)
"""
ESCAPES = """
import os, time
def experiment(data, seed):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(60)
        os._exit(0)
    return {'answer': 1}
"""


def test_results_come_out_with_what_was_declared_of_them(ask, penguins, rung):
    outcome = ask(
        "print('hello')\nd = data['penguins']\nreturn {'answer': d.mass.max(), 'rows': d}",
        data=(penguins,),
        results=(NUMBER, TABLE),
    )
    assert (outcome.state, outcome.error, outcome.rung, outcome.stdout) == ("ok", None, rung, "hello\n")
    assert outcome.results == (
        NamedNumber(name="answer", value=5200.0, meaning="what was asked for", unit="mm"),
        NamedTable(
            name="rows",
            columns=("species", "mass"),
            rows=(("Adelie", 3700.0), ("Gentoo", 5000.0), ("Gentoo", 5200.0)),
            meaning="one row a group",
        ),
    )


def test_an_error_names_its_line_and_shows_the_codes_own_frames(ask):
    outcome = ask("def half(x):\n    return 1 / x\ndef experiment(data, seed):\n    return {'answer': half(0)}")
    assert outcome.state == "error"
    assert outcome.sentence == "the code raised ZeroDivisionError in line 2: division by zero"
    assert [line.strip() for line in outcome.error.splitlines() if "File" in line] == [
        'File "<experiment>", line 4, in experiment',
        'File "<experiment>", line 2, in half',
    ]


@pytest.mark.parametrize(
    ("code", "limits", "state", "sentence"),
    [
        (SLEEP, {"wall_seconds": 0.3}, "time-out", "the code ran longer than its 0.3 seconds"),
        ("while True: pass", {"cpu_seconds": 0.3}, "time-out", "the code used more than its 0.3 seconds of processor time"),
        ("import numpy as np\nnp.ones(10**10)", {}, "limit", "the code needed more memory than its limit of 2048 MiB"),
        (GROUP, {"memory_bytes": 400 * MIB}, "limit", "the code needed more memory than its limit of 400 MiB"),
        (FORKS, {"processes": 8}, "limit", "the code ran more than 8 processes at once"),
        ("while True: print('x' * 1000)", {"output_bytes": 5000}, "limit", "the code printed more than 5000 bytes"),
        (
            f"import time\nfor i in range(9):\n    open(str(i), 'wb').write(b'x' * {2 * MIB})\ntime.sleep(60)",
            {"disk_bytes": 4 * MIB},
            "limit",
            "the code wrote more than 4 MiB to disk",
        ),
        (
            REMOVED_BUT_OPEN,
            {"disk_bytes": 8 * MIB},
            "limit",
            "the code wrote more than 8 MiB to disk",
        ),
        (
            "import time\nfor i in range(99): open(str(i), 'w')\ntime.sleep(60)",
            {"files": 50},
            "limit",
            "the code made more than 50 files",
        ),
    ],
)
def test_a_limit_that_is_passed_ends_the_job(ask, code, limits, state, sentence):
    outcome = ask(code, **limits)
    assert (outcome.state, outcome.error, outcome.results) == (state, sentence, ())


def test_what_was_printed_before_a_limit_is_kept(ask):
    code = "print('before')\nimport time\nfor i in range(99): open(str(i), 'w')\ntime.sleep(60)"
    assert ask(code, files=50).stdout == "before\n"


def test_a_job_that_runs_is_cancelled(executor):
    running = executor.submit(job(SLEEP, seed=7))
    assert executor.cancel(running)
    outcome = executor.result(running, timeout=30)
    assert (outcome.state, executor.cancel(running)) == ("cancelled", False)


def test_nothing_of_a_job_outlives_it(ask):
    assert ask("return {'answer': 1}", seed=99).state == "ok"
    before = processes.descendants(os.getpid())
    assert ask(ESCAPES).state == "ok"
    assert set(processes.descendants(os.getpid())) <= set(before)


def test_a_job_that_leaves_deep_folders_is_cleaned_up_after(ask, rung):
    code = "import os\nfor _ in range(400):\n    os.mkdir('d')\n    os.chdir('d')\n    open('f', 'w').close()\nreturn {'answer': 1}"
    ask(code, files=10_000)
    assert ask("import os\nreturn {'answer': len(os.listdir('.'))}", seed=3).results[0].value == 0


def test_what_a_jail_holds_already_is_not_counted_against_a_job(ask):
    outcome = ask("import numpy as np\nreturn {'answer': np.ones(200 * 2**20, dtype=np.uint8).sum()}", memory_bytes=400 * MIB)
    assert outcome.results[0].value == 200 * MIB, outcome.error


def test_what_processes_share_is_counted_once(ask):
    outcome = ask(SHARE, memory_bytes=400 * MIB)
    assert (outcome.state, outcome.error, outcome.results[0].value) == ("ok", None, 3)

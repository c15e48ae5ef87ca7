"""The page on experiments in code shows what runs."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "code-experiments.md"


def test_the_example_from_python_runs_in_a_sandbox(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    (code,) = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    exec(compile(code, str(PAGE), "exec"), {})
    value, rung = capsys.readouterr().out.split()
    assert 2000 < float(value) < 2500
    assert rung in ("bubblewrap", "landlock")

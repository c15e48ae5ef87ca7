"""A whole run, recorded from a real small model over the OpenAI wire format, replayed with the network blocked.

To record it again: `bash scripts/serve_local_model.sh VENV 18432`, then
`pytest --record-mode=rewrite --timeout=3600 --recorded-from "MODEL, SHA-256 OF ITS FILE, DATE" tests/test_whole_run.py -k replays`.
"""

import json
from pathlib import Path

import pytest
import yaml
from vcr.errors import CannotOverwriteExistingCassetteException

from kosmos_graph import start
from kosmos_graph.settings import Settings
from tests import recording
from tests.conftest import CASSETTES

PENGUINS = Path(__file__).parents[1] / "examples" / "penguins.csv"
QUESTION = "Do Gentoo penguins have a larger body mass than Adelie penguins?"
MODEL = "openai/qwen2.5-coder-1.5b-instruct"
BASE = "http://127.0.0.1:18432/v1"
CASSETTE = CASSETTES / "whole_run" / "a_whole_run_replays.yaml"


def settings(home):
    return Settings(litellm_model=MODEL, litellm_api_base=BASE, litellm_max_tokens=512, kosmos_home=home)


def run(home):
    return start(QUESTION, [PENGUINS], settings=settings(home), options={"hypotheses": 2})


@pytest.mark.timeout(3600)
@pytest.mark.vcr
def test_a_whole_run_replays(tmp_path):
    report = run(tmp_path / "home").result
    assert report.run.designers == report.run.analysts == (MODEL,)
    assert not report.run.fallbacks
    assert report.findings
    assert {finding.design_author for finding in report.findings} == {MODEL}
    first = next(finding for finding in report.findings if finding.outcome == "body_mass_g")
    assert first.predictors == ("species",)
    assert first.verdict == "supported"
    recorded = yaml.safe_load(CASSETTE.read_text(encoding="utf-8"))["interactions"] if CASSETTE.exists() else []
    assert sum(used.calls for used in report.run.usage) == len(recorded) or not recorded
    assert all(used.unknown_price_calls == used.calls for used in report.run.usage)


def test_a_run_whose_cassette_lacks_one_exchange_fails(tmp_path):
    import vcr

    cassette = yaml.safe_load(CASSETTE.read_text(encoding="utf-8"))
    del cassette["interactions"][len(cassette["interactions"]) // 2]
    maimed = tmp_path / "maimed.yaml"
    maimed.write_text(yaml.safe_dump(cassette, allow_unicode=True), encoding="utf-8")
    recorder = vcr.VCR(record_mode="none")
    recording.configure(recorder, "a cassette with one exchange deleted")
    with recorder.use_cassette(str(maimed), **recording.configuration()):
        unfinished = run(tmp_path / "home")
        with pytest.raises(CannotOverwriteExistingCassetteException):
            _ = unfinished.result
    assert unfinished.status == "interrupted"


def test_what_was_recorded_holds_no_row_of_the_data():
    rows = {line for line in PENGUINS.read_text(encoding="utf-8").splitlines()[1:] if line}
    text = json.dumps(yaml.safe_load(CASSETTE.read_text(encoding="utf-8")), ensure_ascii=False)
    assert not [row for row in rows if row in text]

"""What the doctor finds out about models, against real servers."""

from __future__ import annotations

import json
import time

import pytest

from kosmos_graph.doctor import examine
from kosmos_graph.errors import BadInput
from kosmos_graph.settings import load_settings
from tests.doctor.conftest import KEY
from tests.doctor.provider import (
    ERROR,
    FOLLOWS,
    HTML,
    WRONG_KEY,
    Provider,
    lm_studio_lists,
    obedient,
    ollama_lists,
    openai_list,
)
from tests.loopback import Fault, Reply

SUBJECTS = {"openai/small as designer and analyst", "home", "experiments in code"}


@pytest.fixture
def silent_address(free_port):
    return f"http://127.0.0.1:{free_port}"


def statuses(found):
    return {check: finding.status for check, finding in found.items()}


def test_a_model_that_does_everything_is_ok_in_every_check(look, provider):
    found, diagnosis = look()
    assert set(statuses(found).values()) == {"ok"}
    assert diagnosis.could_start
    assert found["server"].seconds > 0
    assert found["latency"].seconds > 0
    assert {finding.subject for finding in diagnosis.findings} == {
        "openai/small as designer and analyst",
        "home",
        "experiments in code",
    }


def test_a_model_in_both_roles_is_examined_once_by_two_short_calls(look, provider):
    look(kosmos_fallback_models="rules")
    assert len(provider.asked) == 1
    assert len(provider.requests) == 2
    assert all(request.body["max_tokens"] <= 64 for request in provider.requests)
    assert all(len(request.prompt) < 60 for request in provider.requests)


def test_a_failed_call_is_not_repeated(look, provider):
    provider.script = [Fault(status=500)]
    found, diagnosis = look()
    assert len(provider.requests) == 1
    assert found["answer"].status == "failed"
    assert not diagnosis.could_start


def test_a_key_that_the_server_does_not_take_is_found(look, provider):
    provider.lists = {"/v1/models": WRONG_KEY}
    provider.script = [WRONG_KEY]
    found, diagnosis = look()
    assert (found["key"].status, found["server"].status, found["answer"].status) == ("failed", "ok", "failed")
    assert "key" in found["key"].remedy
    assert not diagnosis.could_start


def test_a_key_that_may_not_list_models_but_calls_them_is_ok(look, provider):
    provider.lists = {"/v1/models": Fault(403, '{"error": {"message": "missing scope"}}')}
    found, diagnosis = look()
    assert (found["key"].status, found["model"].status, found["answer"].status) == ("ok", "skipped", "ok")
    assert diagnosis.could_start


def test_a_forbidden_list_says_nothing_about_the_key_before_a_call(look, provider):
    provider.lists = {"/v1/models": Fault(403, "{}")}
    found, diagnosis = look(free_only=True)
    assert (found["key"].status, found["model"].status) == ("ok", "skipped")
    assert diagnosis.could_start


def test_a_refused_key_is_found_already_in_the_free_part(look, provider):
    provider.lists = {"/v1/models": WRONG_KEY}
    found, diagnosis = look(free_only=True)
    assert found["key"].status == "failed"
    assert not diagnosis.could_start


def test_an_unlisted_model_is_a_warning_before_a_call_because_servers_answer_to_other_names(look):
    found, diagnosis = look("openai/other", free_only=True)
    assert found["model"].status == "warning"
    assert diagnosis.could_start


def test_a_model_that_is_not_listed_and_does_not_answer_is_a_failure_with_a_proposal(look, provider):
    provider.script = [Fault(404, '{"error": {"message": "no such model"}}')]
    found, diagnosis = look("openai/smal")
    assert found["model"].status == "failed"
    assert "did you mean small?" in found["model"].detail
    assert found["answer"].status == "failed"
    assert not diagnosis.could_start


def test_a_model_that_answers_without_being_listed_is_a_warning(look):
    found, diagnosis = look("openai/other")
    assert found["model"].status == "warning"
    assert "it has small, large" in found["model"].detail
    assert diagnosis.could_start


def test_a_proxy_that_answers_with_a_web_page_is_named_as_one(look, provider):
    provider.lists = {"/v1/models": HTML}
    provider.script = [HTML]
    found, diagnosis = look()
    assert found["server"].status == "failed"
    assert "web page" in found["server"].detail
    assert not diagnosis.could_start


def test_a_server_whose_list_is_a_web_page_may_still_answer(look, provider):
    provider.lists = {"/v1/models": HTML}
    found, diagnosis = look()
    assert (found["server"].status, found["answer"].status) == ("warning", "ok")
    assert diagnosis.could_start


def test_an_error_under_status_200_is_a_failure_that_says_what_the_server_said(look, provider):
    provider.lists = {"/v1/models": ERROR}
    provider.script = [ERROR]
    found, diagnosis = look()
    assert (found["server"].status, found["answer"].status) == ("failed", "failed")
    assert "out of order" in found["server"].detail
    assert not diagnosis.could_start


@pytest.mark.parametrize("listed", [[], "models", {"data": 7}, 12])
def test_a_list_that_is_none_breaks_nothing(look, provider, listed):
    provider.lists = {"/v1/models": listed}
    found, diagnosis = look()
    assert found["model"].status in ("skipped", "warning")
    assert diagnosis.could_start


@pytest.mark.parametrize("body", ["{", "[" * 100_000], ids=["cut", "deep"])
def test_a_list_that_cannot_be_read_breaks_nothing(look, provider, body):
    provider.lists = {"/v1/models": Fault(200, body)}
    found, diagnosis = look()
    assert found["model"].status == "skipped"
    assert diagnosis.could_start


def test_a_list_of_more_than_a_mebibyte_is_not_read_to_its_end(look, provider):
    provider.lists = {"/v1/models": openai_list("small", about="x" * (1 << 20))}
    found, _ = look(free_only=True)
    assert found["model"].status == "skipped"
    assert "mebibyte" in found["model"].detail


def test_a_redirect_is_not_followed_so_that_the_key_stays_where_it_belongs(look, provider):
    with Provider({"/v1/models": openai_list("small")}) as elsewhere:
        provider.lists = {"/v1/models": Fault(307, "", {"location": f"{elsewhere.base()}/models"})}
        found, _ = look(free_only=True)
        assert elsewhere.traffic == 0
    assert found["server"].status == "failed"
    assert "sends requests on" in found["server"].detail


def test_a_silent_server_is_a_failure_and_no_call_is_tried(look, silent_address):
    found, diagnosis = look(litellm_api_base=f"{silent_address}/v1")
    assert found["server"].status == "failed"
    assert found["answer"].status == "skipped"
    assert not diagnosis.could_start


def test_a_server_that_hangs_is_given_up_after_the_time_out(look, provider):
    provider.lists = {"/v1/models": Fault(kind="hang")}
    began = time.monotonic()
    found, diagnosis = look(litellm_timeout=0.3)
    assert time.monotonic() - began < 5
    assert "within 0.3 seconds" in found["server"].detail
    assert found["answer"].status == "skipped"
    assert not diagnosis.could_start


def test_a_model_that_hangs_is_given_up_after_the_time_out(look, provider):
    provider.script = [Fault(kind="hang")]
    began = time.monotonic()
    found, diagnosis = look(litellm_timeout=0.5)
    assert time.monotonic() - began < 20
    assert (found["server"].status, found["answer"].status) == ("ok", "failed")
    assert len(provider.requests) == 1
    assert not diagnosis.could_start


@pytest.mark.parametrize("text", ["Yes, it is.", '{"prime": true}', "{}", ""])
def test_structured_output_that_is_ignored_is_a_warning(look, provider, text):
    provider.script = lambda received: Reply(text if received.schema else "ready")
    found, diagnosis = look()
    assert found["structured output"].status == "warning"
    assert "schema" in found["structured output"].detail
    assert diagnosis.could_start


def test_a_server_that_refuses_schemas_is_a_warning_of_its_own(look, provider):
    refusal = Fault(400, '{"error": {"message": "response_format is not supported"}}')
    provider.script = lambda received: refusal if received.schema else Reply("ready")
    found, diagnosis = look()
    assert found["structured output"].status == "warning"
    assert "refuses JSON schemas" in found["structured output"].detail
    assert diagnosis.could_start


def test_replies_that_are_cut_are_warnings_because_models_that_think_spend_hidden_tokens(look, provider):
    provider.script = [Reply("", finish="length", output_tokens=64)]
    found, diagnosis = look()
    assert (found["answer"].status, found["structured output"].status) == ("warning", "warning")
    assert "cut" in found["answer"].detail
    assert "cut" in found["structured output"].detail
    assert diagnosis.could_start


def test_reasoning_before_the_answer_does_not_hide_it(look, provider):
    provider.script = lambda received: Reply("{hm}</think>" + (FOLLOWS if received.schema else "ready"))
    found, _ = look()
    assert (found["answer"].status, found["structured output"].status) == ("ok", "ok")
    assert "hm" not in found["answer"].detail


def test_usage_that_is_not_reported_is_a_warning(look, provider):
    provider.script = lambda received: Reply(obedient(received).text, input_tokens=0, output_tokens=0)
    found, diagnosis = look()
    assert found["usage"].status == "warning"
    assert diagnosis.could_start


@pytest.mark.parametrize(
    ("model", "status", "said"),
    [("openai/gpt-4o", "ok", "2.5 US dollars"), ("openai/nobody-priced-this", "warning", "no price")],
)
def test_a_price_is_known_or_said_to_be_unknown(home, model, status, said):
    settings = load_settings(litellm_model=model, openai_api_key=KEY, kosmos_home=home)
    found = {finding.check: finding for finding in examine(settings, offline=True).findings}
    assert found["price"].status == status
    assert said in found["price"].detail


def test_a_price_that_was_given_is_the_one_that_counts(home):
    given = "openai/gpt-4o=7/8,openai/small=0/0"
    settings = load_settings(litellm_model="openai/gpt-4o", openai_api_key=KEY, kosmos_prices=given, kosmos_home=home)
    found = {finding.check: finding for finding in examine(settings, offline=True).findings}
    assert "7 US dollars for a million tokens in, 8 out" in found["price"].detail


def test_a_price_that_is_none_is_bad_input(home):
    with pytest.raises(BadInput, match="MODEL=IN/OUT"):
        examine(load_settings(kosmos_prices="much", kosmos_home=home))


def test_offline_asks_nothing(look, provider):
    found, diagnosis = look(offline=True)
    assert provider.traffic == 0
    assert {check for check, status in statuses(found).items() if status == "skipped"} >= {"server", "model", "answer", "usage"}
    assert diagnosis.could_start


def test_offline_every_check_that_needs_a_server_says_why_it_was_skipped(look):
    found, _ = look(offline=True)
    assert all("offline" in finding.detail for finding in found.values() if finding.status == "skipped")


def test_the_free_part_lists_models_and_calls_none(look, provider):
    found, _ = look(free_only=True)
    assert (len(provider.asked), len(provider.requests)) == (1, 0)
    assert (found["model"].status, found["answer"].status) == ("ok", "skipped")


def test_a_failing_model_with_a_working_fallback_is_a_warning_that_names_it(look, provider):
    provider.script = [Fault(status=500)]
    _, diagnosis = look(kosmos_fallback_models="rules")
    assert diagnosis.could_start
    failing = next(finding for finding in diagnosis.findings if finding.check == "answer" and "small" in finding.subject)
    assert failing.status == "warning"
    assert "rules as fallback takes over" in failing.detail


def test_a_failing_fallback_behind_a_working_model_is_a_warning(look, silent_address):
    _, diagnosis = look(kosmos_fallback_models="ollama/gone", ollama_api_base=silent_address)
    assert diagnosis.could_start
    assert any(finding.status == "warning" and "ollama/gone" in finding.subject for finding in diagnosis.findings)


def test_a_model_that_fails_with_all_its_fallbacks_stops_a_run(look, provider, silent_address):
    provider.script = [Fault(status=500)]
    _, diagnosis = look(kosmos_fallback_models="ollama/gone", ollama_api_base=silent_address)
    assert not diagnosis.could_start


def test_a_model_that_fails_in_one_role_stops_a_run_though_the_other_role_works(look, provider):
    provider.script = [Fault(status=500)]
    assert not look(kosmos_analyst_model="rules")[1].could_start


def test_a_missing_key_stops_a_run_even_with_a_fallback_and_hides_no_other_finding(look, provider):
    _, diagnosis = look("openai/small", kosmos_designer_model="anthropic/claude-sonnet-4-5", kosmos_fallback_models="rules")
    missing = next(finding for finding in diagnosis.findings if finding.status == "failed")
    assert (missing.subject, missing.check) == ("anthropic/claude-sonnet-4-5 as designer", "key")
    assert "ANTHROPIC_API_KEY" in missing.remedy
    assert len(provider.requests) == 2


def test_rules_are_always_fine(home):
    diagnosis = examine(load_settings(kosmos_home=home))
    assert diagnosis.could_start
    assert diagnosis.findings[0].subject == "rules as designer and analyst"
    assert {finding.status for finding in diagnosis.findings} == {"ok"}


class TestOllama:
    @pytest.fixture
    def look(self, look, provider):
        def call(model="ollama/tiny", **more):
            return look(model, litellm_api_base=provider.url, **more)

        return call

    def test_says_what_is_loaded_and_that_the_context_is_enough(self, look, provider):
        provider.lists = ollama_lists("tiny:latest", "big:7b", loaded=("big:7b",))
        found, diagnosis = look()
        assert set(statuses(found).values()) == {"ok"}
        assert "big:7b" in found["loaded"].detail
        assert "131072" in found["context"].detail
        assert diagnosis.could_start

    def test_a_small_context_is_a_warning_with_the_setting_that_helps(self, look, provider):
        provider.lists = ollama_lists("tiny:latest", context=6000)
        found, _ = look()
        assert found["context"].status == "warning"
        assert "LITELLM_MAX_TOKENS to 1904" in found["context"].remedy
        assert "LITELLM_MAX_TOKENS" not in look(litellm_max_tokens=1904)[0]["context"].detail
        assert look(litellm_max_tokens=1904)[0]["context"].status == "ok"

    def test_a_context_smaller_than_a_prompt_wants_another_model(self, look, provider):
        provider.lists = ollama_lists("tiny:latest", context=2048)
        found, _ = look()
        assert "LITELLM_MAX_TOKENS" not in found["context"].remedy

    def test_a_model_that_was_not_pulled_is_a_failure_already_in_the_free_part(self, look, provider):
        provider.lists = ollama_lists("tiny:latest")
        found, diagnosis = look("ollama/tinny", free_only=True)
        assert found["model"].status == "failed"
        assert "did you mean tiny:latest?" in found["model"].detail
        assert "ollama pull tinny" in found["model"].remedy
        assert not diagnosis.could_start

    def test_an_old_version_without_ps_and_show_is_read_as_far_as_it_goes(self, look, provider):
        provider.lists = {"/api/tags": ollama_lists("tiny:latest")["/api/tags"]}
        found, diagnosis = look()
        assert found["loaded"].status == "skipped"
        assert "context" not in found
        assert diagnosis.could_start


class TestLMStudio:
    def test_says_what_is_loaded_and_how_large_its_context_is(self, look, provider):
        provider.lists = lm_studio_lists("tiny", loaded_context=16384)
        found, diagnosis = look("lmstudio/tiny")
        assert "tiny" in found["loaded"].detail
        assert "16384" in found["context"].detail
        assert diagnosis.could_start

    def test_a_context_that_was_loaded_too_small_is_a_warning(self, look, provider):
        provider.lists = lm_studio_lists("tiny", loaded_context=4096)
        found, _ = look("lmstudio/tiny")
        assert found["context"].status == "warning"

    def test_an_old_version_is_asked_for_openais_list(self, look, provider):
        provider.lists = {"/api/v0/models": Fault(200, '{"error": "Unexpected endpoint"}'), "/v1/models": openai_list("tiny")}
        found, diagnosis = look("lmstudio/tiny")
        assert (found["model"].status, found["loaded"].status) == ("ok", "skipped")
        assert diagnosis.could_start


class TestAnthropic:
    def test_lists_models_with_its_own_header(self, look, provider):
        provider.lists = {"/v1/models": {"data": [{"type": "model", "id": "claude-x-20260101"}], "has_more": False}}
        found, diagnosis = look("anthropic/claude-x-20260101", litellm_api_base=provider.url)
        assert set(statuses(found).values()) <= {"ok", "warning"}
        assert found["model"].status == "ok"
        assert provider.asked[0].headers["x-api-key"] == KEY
        assert "authorization" not in provider.asked[0].headers
        assert diagnosis.could_start

    def test_a_short_name_is_asked_for_by_name(self, look, provider):
        provider.lists = {"/v1/models": {"data": [{"id": "claude-x-20260101"}]}, "/v1/models/claude-x": {"id": "claude-x-20260101"}}
        found, _ = look("anthropic/claude-x", litellm_api_base=provider.url)
        assert found["model"].status == "ok"


def test_vllm_says_its_context_in_its_list(look, provider):
    provider.lists = {"/v1/models": openai_list("org/tiny", max_model_len=4096)}
    found, _ = look("vllm/org/tiny")
    assert found["context"].status == "warning"


def test_a_provider_without_a_known_list_is_skipped_with_the_reason(home):
    settings = load_settings(litellm_model="gemini/gemini-2.5-flash", gemini_api_key=KEY, kosmos_home=home)
    found = {finding.check: finding for finding in examine(settings, free_only=True).findings}
    assert found["model"].status == "skipped"
    assert "gemini" in found["model"].detail


def test_a_key_goes_only_to_its_own_server(provider, home):
    with Provider({"/v1/models": openai_list("a")}) as other:
        settings = load_settings(
            litellm_model="openai/small",
            litellm_api_base=provider.base(),
            litellm_api_key=KEY,
            kosmos_fallback_models="vllm/a",
            hosted_vllm_api_base=other.base(),
            openai_api_key="another-secret",
            kosmos_home=home,
        )
        examine(settings)
        assert provider.keys == {KEY}
        assert other.keys == {None, "no-key-was-given"}


def test_a_key_that_a_server_sends_back_is_hidden_though_no_call_was_made(look, provider, monkeypatch):
    monkeypatch.setattr("kosmos_graph.providers.scrubbing._known", set())
    provider.lists = {"/v1/models": Fault(500, json.dumps({"error": {"message": f"bad {KEY}"}}))}
    text = look(free_only=True)[1].model_dump_json()
    assert "(bad [key])" in text
    assert KEY not in text


def test_no_key_and_no_control_character_stands_in_any_finding(look, provider):
    evil = f"bad {KEY} \x1b[31m and\nmore"
    provider.lists = {"/v1/models": Fault(500, json.dumps({"error": {"message": evil}}))}
    provider.script = [Fault(500, json.dumps({"error": {"message": evil}}))]
    text = look()[1].model_dump_json()
    assert "more" in text
    assert KEY not in text
    assert "\\u001b" not in text
    assert "\x1b" not in text

"""Settings: which source counts, what belongs together, and the file that documents it all."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from kosmos_graph.errors import BadInput, MissingKey, UnknownModel
from kosmos_graph.providers import ModelSpec, list_providers
from kosmos_graph.settings import PROVIDER_FIELDS, Settings, load_settings
from kosmos_graph.wiring.models import chain_of, get_chat_model

EXAMPLE = Path(__file__).parent.parent / ".env.example"
VARIABLES = {name.upper() for name in Settings.model_fields if name != "other_variables"}
LOCAL = "http://127.0.0.1:9001/v1"
OTHER = "http://127.0.0.1:9002/v1"


def dotenv(folder: Path, text: str) -> Path:
    path = folder / ".env"
    path.write_text(text, encoding="utf-8")
    return path


def primary(settings: Settings, role: str = "designer") -> ModelSpec:
    link = chain_of(settings, role)[0]
    assert isinstance(link, ModelSpec)
    return link


def test_nothing_set_means_rules():
    assert chain_of(load_settings(), "designer") == chain_of(load_settings(), "analyst") == ("rules",)


def test_arguments_beat_the_environment_which_beats_dotenv(tmp_path, monkeypatch):
    path = dotenv(tmp_path, "LITELLM_MAX_TOKENS=1\nLITELLM_TIMEOUT=1\nLITELLM_TEMPERATURE=1\n")
    monkeypatch.setenv("LITELLM_MAX_TOKENS", "2")
    monkeypatch.setenv("LITELLM_TIMEOUT", "2")
    settings = load_settings(_env_file=path, litellm_max_tokens=3)
    assert (settings.litellm_max_tokens, settings.litellm_timeout, settings.litellm_temperature) == (3, 2.0, 1.0)


def test_dotenv_of_the_working_directory_is_read(tmp_path, monkeypatch):
    dotenv(tmp_path, "LITELLM_MODEL=ollama/from-file\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(Settings.model_config, "env_file", ".env")
    assert load_settings().litellm_model == "ollama/from-file"


@pytest.mark.parametrize("empty", ["", "   "])
def test_an_empty_value_counts_as_unset(tmp_path, monkeypatch, empty):
    path = dotenv(tmp_path, "LITELLM_MODEL=ollama/x\nLITELLM_TIMEOUT=\nLITELLM_API_KEY=''\n")
    monkeypatch.setenv("LITELLM_MODEL", empty)
    settings = load_settings(_env_file=path, litellm_api_base="")
    assert settings.litellm_model == "ollama/x"
    assert (settings.litellm_timeout, settings.litellm_api_key, settings.litellm_api_base) == (None, None, None)


@pytest.mark.parametrize(
    "wrong", [{"litellm_max_tokens": "many"}, {"litellm_temperature": 9}, {"litellm_timeout": -1}, {"litellm_modell": "x"}]
)
def test_a_setting_that_cannot_be_is_bad_input_that_names_the_variable(wrong):
    with pytest.raises(BadInput, match=next(iter(wrong)).upper()):
        load_settings(**wrong)


def test_a_wrong_value_is_not_repeated(monkeypatch):
    monkeypatch.setenv("LITELLM_MAX_TOKENS", "sk-pasted-into-the-wrong-line")
    with pytest.raises(BadInput) as caught:
        load_settings()
    assert "pasted" not in str(caught.value)


def test_a_dotenv_in_another_encoding_is_bad_input(tmp_path):
    path = tmp_path / ".env"
    path.write_bytes(b"LITELLM_MODEL=\xff\xfe\n")
    with pytest.raises(BadInput, match="UTF-8"):
        load_settings(_env_file=path)


def test_settings_are_frozen_and_show_no_key(monkeypatch):
    monkeypatch.setenv("TOGETHERAI_API_KEY", "together-secret")
    settings = load_settings(litellm_api_key="own-secret", openai_api_key="openai-secret")
    assert "secret" not in repr(settings).replace("SecretStr", "").replace("aws_secret", "")
    with pytest.raises(ValidationError):
        settings.litellm_model = "x"


def test_temperature_none_leaves_it_to_the_server():
    assert load_settings(litellm_temperature="none").limits.temperature is None


def test_base_and_key_belong_to_litellm_model_alone():
    settings = load_settings(
        litellm_model="openai/mine",
        litellm_api_base=LOCAL,
        litellm_api_key="key-one",
        kosmos_analyst_model="openai/theirs",
        openai_api_base=OTHER,
        openai_api_key="key-two",
        kosmos_fallback_models="openai/third, rules",
    )
    designer, third, rules = chain_of(settings, "designer")
    analyst = primary(settings, "analyst")
    assert isinstance(designer, ModelSpec)
    assert isinstance(third, ModelSpec)
    assert (designer.api_base, designer.api_key) == (LOCAL, SecretStr("key-one"))
    assert (analyst.api_base, analyst.api_key) == (third.api_base, third.api_key) == (OTHER, SecretStr("key-two"))
    assert rules == "rules"


def test_both_agents_use_litellm_model_with_its_base():
    settings = load_settings(litellm_model="openai/mine", litellm_api_base=LOCAL, kosmos_analyst_model="openai/mine")
    assert primary(settings, "designer") == primary(settings, "analyst")
    assert primary(settings).api_base == LOCAL


def test_a_model_named_higher_up_does_not_inherit_base_and_key_of_another(monkeypatch):
    monkeypatch.setenv("LITELLM_MODEL", "openai/local-model")
    monkeypatch.setenv("LITELLM_API_BASE", LOCAL)
    monkeypatch.setenv("LITELLM_API_KEY", "local-key")
    monkeypatch.setenv("LLM_PROVIDER", "openai")
    settings = load_settings(litellm_model="ollama/x")
    assert (settings.litellm_api_base, settings.litellm_api_key, settings.llm_provider) == (None, None, None)
    assert load_settings(litellm_model="openai/local-model").litellm_api_base == LOCAL


def test_base_and_key_without_a_model_serve_the_model_that_is_given(monkeypatch):
    monkeypatch.setenv("LITELLM_API_BASE", LOCAL)
    monkeypatch.setenv("LITELLM_API_KEY", "local-key")
    assert primary(load_settings(litellm_model="openai/x")).api_key == SecretStr("local-key")


def test_a_key_does_not_follow_an_address_that_replaced_its_own(monkeypatch):
    monkeypatch.setenv("LITELLM_MODEL", "openai/x")
    monkeypatch.setenv("LITELLM_API_BASE", LOCAL)
    monkeypatch.setenv("LITELLM_API_KEY", "local-key")
    settings = load_settings(litellm_api_base=OTHER)
    assert (settings.litellm_api_base, settings.litellm_api_key) == (OTHER, None)


def test_the_provider_completes_the_model():
    settings = load_settings(llm_provider="ollama", litellm_model="llama3.1:8b")
    assert (primary(settings).route, primary(settings).name) == ("ollama_chat/llama3.1:8b", "ollama/llama3.1:8b")
    assert primary(load_settings(llm_provider="litellm", litellm_model="ollama/x")).route == "ollama_chat/x"


def test_a_provider_without_a_model_says_so():
    with pytest.raises(BadInput, match="LITELLM_MODEL"):
        chain_of(load_settings(llm_provider="anthropic"), "designer")


@pytest.mark.parametrize(
    ("other", "field"),
    [("OPENAI_BASE_URL", "openai_api_base"), ("GOOGLE_API_KEY", "gemini_api_key"), ("AWS_REGION", "aws_region_name")],
)
def test_other_names_of_a_variable_are_read(monkeypatch, other, field):
    monkeypatch.setenv(other, "http://elsewhere")
    value = getattr(load_settings(), field)
    assert (value.get_secret_value() if isinstance(value, SecretStr) else value) == "http://elsewhere"


def test_a_missing_key_is_found_with_the_chain():
    with pytest.raises(MissingKey, match="ANTHROPIC_API_KEY"):
        chain_of(load_settings(litellm_model="ollama/x", kosmos_fallback_models="claude-sonnet-4-5"), "designer")


def test_an_unknown_model_is_found_with_the_chain():
    with pytest.raises(UnknownModel, match="did you mean"):
        chain_of(load_settings(kosmos_analyst_model="antropic/x"), "analyst")


def test_a_fallback_equal_to_its_primary_is_an_error():
    with pytest.raises(BadInput, match="ollama_chat/x"):
        chain_of(load_settings(litellm_model="ollama/x", kosmos_fallback_models="ollama_chat/x"), "designer")
    with pytest.raises(BadInput, match="rules"):
        chain_of(load_settings(kosmos_fallback_models="rules"), "designer")


def test_a_fallback_may_be_the_other_roles_model():
    settings = load_settings(
        kosmos_designer_model="ollama/a", kosmos_analyst_model="ollama/b", kosmos_fallback_models="ollama/b,ollama/b,rules"
    )
    names = [[getattr(link, "name", link) for link in chain_of(settings, role)] for role in ("designer", "analyst")]
    assert names == [["ollama/a", "ollama/b", "rules"], ["ollama/b", "rules"]]


def test_a_chat_model_takes_both_forms_of_the_call():
    one = get_chat_model("ollama/llama3.1:8b")
    other = get_chat_model("litellm", model="ollama/llama3.1:8b", api_base="http://localhost:11434")
    assert one.model_dump() == other.model_dump()


def test_a_chat_model_is_refused_before_any_call():
    with pytest.raises(MissingKey, match="OPENAI_API_KEY"):
        get_chat_model("gpt-4-turbo")
    with pytest.raises(BadInput, match="no chat model"):
        get_chat_model("rules")
    with pytest.raises(BadInput):
        get_chat_model("ollama/x", max_tokens=0)


def test_the_settings_hold_every_variable_of_every_provider():
    wanted = {variable.lower() for provider in list_providers() for variable in provider.variables}
    assert wanted == set(PROVIDER_FIELDS)


def _setting_lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if re.fullmatch(r"#?[A-Z][A-Z0-9_]*=.*", line)]


def test_the_example_names_exactly_the_variables_of_the_settings():
    names = {line.lstrip("#").partition("=")[0] for line in _setting_lines(EXAMPLE.read_text(encoding="utf-8"))}
    assert names == VARIABLES


def test_the_example_parses_as_it_stands_and_sets_the_defaults():
    assert load_settings(_env_file=EXAMPLE) == load_settings()


def _blocks() -> dict[str, list[str]]:
    sections = re.split(r"^## ", EXAMPLE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    return {section.splitlines()[0]: [line[1:] for line in _setting_lines(section)] for section in sections}


def test_the_example_has_a_block_for_each_provider_of_the_issue():
    wanted = ["Ollama", "LM Studio", "OpenAI", "Anthropic", "DeepSeek", "Azure", "Bedrock", "Gemini", "OpenRouter"]
    assert list(_blocks())[:9] == wanted


@pytest.mark.parametrize("block", _blocks())
def test_each_block_of_the_example_works_when_it_is_switched_on(tmp_path, block):
    path = dotenv(tmp_path, EXAMPLE.read_text(encoding="utf-8") + "\n" + "\n".join(_blocks()[block]))
    assert primary(load_settings(_env_file=path)).missing is None

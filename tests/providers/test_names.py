"""From a user's string to a model, its server and its key."""

from __future__ import annotations

import subprocess
import sys

import pytest
from pydantic import SecretStr

from kosmos_graph.errors import BadInput, MissingKey, UnknownModel
from kosmos_graph.providers import Limits, Provider, list_providers, register_provider, registry, require_key, resolve
from kosmos_graph.providers.addresses import checked_address, is_loopback, same_server, server_of


def secrets(**variables: str) -> dict[str, SecretStr]:
    return {name: SecretStr(value) for name, value in variables.items()}


ROUTES = [
    ("gpt-4-turbo", "openai/gpt-4-turbo", "openai"),
    ("o3-mini", "openai/o3-mini", "openai"),
    ("claude-3-5-sonnet-20241022", "anthropic/claude-3-5-sonnet-20241022", "anthropic"),
    ("claude/claude-sonnet-4-5", "anthropic/claude-sonnet-4-5", "anthropic"),
    ("openai/local-model", "openai/local-model", "openai"),
    ("ollama/llama3.1:8b", "ollama_chat/llama3.1:8b", "ollama"),
    ("ollama_chat/llama3.1:8b", "ollama_chat/llama3.1:8b", "ollama"),
    ("ollama/namespace/model:tag", "ollama_chat/namespace/model:tag", "ollama"),
    ("Ollama/llama3.1:8b", "ollama_chat/llama3.1:8b", "ollama"),
    ("litellm/ollama/llama3.1:8b", "ollama_chat/llama3.1:8b", "ollama"),
    ("lmstudio/qwen", "lm_studio/qwen", "lmstudio"),
    ("lm_studio/qwen", "lm_studio/qwen", "lmstudio"),
    ("deepseek/deepseek-chat", "deepseek/deepseek-chat", "deepseek"),
    ("deepseek-chat", "deepseek/deepseek-chat", "deepseek"),
    ("azure/my-deployment", "azure/my-deployment", "azure"),
    ("bedrock/anthropic.claude-3-haiku-20240307-v1:0", "bedrock/anthropic.claude-3-haiku-20240307-v1:0", "bedrock"),
    ("gemini/gemini-2.5-flash", "gemini/gemini-2.5-flash", "gemini"),
    ("gemini-2.5-flash", "gemini/gemini-2.5-flash", "gemini"),
    ("openrouter/openai/gpt-4o", "openrouter/openai/gpt-4o", "openrouter"),
    ("groq/llama-3.3-70b-versatile", "groq/llama-3.3-70b-versatile", "groq"),
    ("mistral/mistral-small-latest", "mistral/mistral-small-latest", "mistral"),
    ("vllm/Qwen/Qwen2.5-7B", "hosted_vllm/Qwen/Qwen2.5-7B", "vllm"),
    ("together_ai/meta-llama/Llama-3-8b", "together_ai/meta-llama/Llama-3-8b", "together_ai"),
]


@pytest.mark.parametrize(("name", "route", "provider"), ROUTES)
def test_a_name_becomes_a_route_and_keeps_the_users_string(name, route, provider):
    spec = resolve(name)
    assert (spec.name, spec.route, spec.provider) == (name, route, provider)


@pytest.mark.parametrize(
    ("provider", "model", "name", "route"),
    [
        ("ollama", "llama3.1:8b", "ollama/llama3.1:8b", "ollama_chat/llama3.1:8b"),
        ("ollama", "ollama/llama3.1:8b", "ollama/llama3.1:8b", "ollama_chat/llama3.1:8b"),
        ("litellm", "ollama/llama3.1:8b", "ollama/llama3.1:8b", "ollama_chat/llama3.1:8b"),
        ("claude", "claude-sonnet-4-5", "claude/claude-sonnet-4-5", "anthropic/claude-sonnet-4-5"),
        (
            "openrouter",
            "anthropic/claude-sonnet-4.5",
            "openrouter/anthropic/claude-sonnet-4.5",
            "openrouter/anthropic/claude-sonnet-4.5",
        ),
        ("vllm", "openai/gpt-oss-20b", "vllm/openai/gpt-oss-20b", "hosted_vllm/openai/gpt-oss-20b"),
    ],
)
def test_a_provider_may_be_given_beside_the_model(provider, model, name, route):
    spec = resolve(model, provider=provider)
    assert (spec.name, spec.route) == (name, route)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("antropic/claude-sonnet-4-5", "anthropic/claude-sonnet-4-5"),
        ("olama/llama3.1:8b", "ollama/llama3.1:8b"),
        ("llama3.1:8b", "ollama/llama3.1:8b"),
        ("gtp-4o", "gpt-4o"),
        ("rule", "did you mean rules"),
        ("ollama", "ollama/MODEL"),
        ("ollama/", "ollama/MODEL"),
        ("no such thing", "a model's name is needed"),
        ("", "a model's name is needed"),
        ("gpt-4o\n", None),
    ],
)
def test_what_nothing_resolves_is_an_unknown_model_with_a_hint(name, hint):
    if hint is None:
        assert resolve(name).name == "gpt-4o"
        return
    with pytest.raises(UnknownModel, match=hint.replace(".", r"\.")):
        resolve(name)


def test_two_providers_for_one_model_are_refused():
    with pytest.raises(UnknownModel, match="one of the two"):
        resolve("anthropic/claude-sonnet-4-5", provider="openai")


def test_a_key_goes_only_to_the_address_that_it_belongs_to():
    own = secrets(OPENAI_API_KEY="sk-own-000000")
    assert resolve("gpt-4o", variables=own).api_key == SecretStr("sk-own-000000")
    assert resolve("gpt-4o", api_base="https://api.openai.com/v1/", variables=own).api_key == SecretStr("sk-own-000000")
    assert resolve("openai/local-model", api_base="http://127.0.0.1:9/v1", variables=own).api_key is None
    assert resolve("gpt-4o", api_base="http://api.openai.com/v1", variables=own).api_key is None
    assert resolve("gpt-4o", api_base="https://api.openai.com.evil.example/v1", variables=own).api_key is None
    moved = {**own, **secrets(OPENAI_API_BASE="https://proxy.example/v1")}
    assert resolve("gpt-4o", variables=moved).api_base == "https://proxy.example/v1"
    assert resolve("gpt-4o", variables=moved).api_key == SecretStr("sk-own-000000")
    assert resolve("gpt-4o", api_base="https://api.openai.com/v1", variables=moved).api_key is None


def test_access_keys_of_bedrock_stay_at_bedrocks_own_address():
    own = secrets(AWS_ACCESS_KEY_ID="AKIA0000", AWS_SECRET_ACCESS_KEY="s", AWS_REGION_NAME="eu-west-1")
    at_home, elsewhere = resolve("bedrock/x", variables=own), resolve("bedrock/x", api_base="https://other.example", variables=own)
    assert [name for name, _ in at_home.options] == ["aws_access_key_id", "aws_secret_access_key", "aws_region_name"]
    assert ([name for name, _ in elsewhere.options], elsewhere.ambient) == (["aws_region_name"], False)


@pytest.mark.parametrize(
    ("name", "variable"),
    [
        ("gpt-4-turbo", "OPENAI_API_KEY"),
        ("claude-3-5-sonnet-20241022", "ANTHROPIC_API_KEY"),
        ("deepseek/deepseek-chat", "DEEPSEEK_API_KEY"),
        ("gemini/gemini-2.5-flash", "GEMINI_API_KEY"),
        ("openrouter/a/b", "OPENROUTER_API_KEY"),
        ("azure/x", "AZURE_API_BASE"),
        ("bedrock/x", "AWS_BEARER_TOKEN_BEDROCK"),
        ("together_ai/x", "TOGETHERAI_API_KEY"),
    ],
)
def test_a_missing_key_is_named_before_any_call(name, variable):
    with pytest.raises(MissingKey, match=variable):
        require_key(resolve(name))


@pytest.mark.parametrize("name", ["ollama/x", "lmstudio/x", "vllm/x"])
def test_servers_on_this_machine_need_no_key_and_wait_longer(name):
    spec = require_key(resolve(name))
    assert (spec.loopback, spec.calls_at_once, spec.timeout, spec.api_key) == (True, 1, 600.0, None)


def test_a_given_limit_beats_the_default():
    spec = resolve("ollama/x", limits=Limits(max_tokens=7, temperature=None, timeout=3.0, loopback_calls=8))
    assert (spec.max_tokens, spec.temperature, spec.timeout, spec.calls_at_once) == (7, None, 3.0, 8)


@pytest.mark.parametrize("wrong", [{"max_tokens": 0}, {"temperature": 3.0}, {"timeout": 0.0}, {"timeout": float("nan")}])
def test_an_impossible_limit_is_bad_input(wrong):
    with pytest.raises(BadInput):
        Limits(**wrong)


@pytest.mark.parametrize(
    "address", ["localhost:11434", "ftp://host", "http://", "http://a b/", "http://[::1", "http://h:99999", "x"]
)
def test_what_is_no_address_is_bad_input(address):
    with pytest.raises(BadInput):
        checked_address(address)


def test_an_address_with_a_password_is_refused_without_showing_it():
    with pytest.raises(BadInput) as caught:
        checked_address("https://me:secret-pw@host.example/v1")
    assert "secret-pw" not in str(caught.value)


@pytest.mark.parametrize(
    ("address", "loopback"),
    [
        ("http://localhost:1/v1", True),
        ("http://127.8.9.1", True),
        ("http://[::1]:8", True),
        ("http://0.0.0.0:8", True),
        ("http://10.0.0.1", False),
        ("https://localhost.example.org", False),
        (None, False),
    ],
)
def test_this_machine_is_told_by_the_address(address, loopback):
    assert is_loopback(address) is loopback


def test_one_server_has_one_name():
    assert server_of("http://127.0.0.1:8/v1") == server_of("http://localhost:8")
    assert same_server("https://host.example", "https://HOST.example:443/v1")
    assert not same_server("https://host.example", "http://host.example:443")


@pytest.mark.parametrize(
    "form", ["sk-the secret-1", "sk-the-secret-1\n", "\tsk-the-secret-1", "sk-the-secret-1\r\nX: y", "sk-the-secrét-1", " "]
)
def test_a_key_that_no_request_could_carry_is_bad_input_that_names_its_place(form):
    cases = [
        (lambda: resolve("gpt-4o", api_key=SecretStr(form)), "the key given for the model gpt-4o holds a blank"),
        (lambda: resolve("gpt-4o", variables=secrets(OPENAI_API_KEY=form)), "the value of OPENAI_API_KEY holds a blank"),
        (
            lambda: resolve("bedrock/x", variables=secrets(AWS_ACCESS_KEY_ID="AKIA", AWS_SECRET_ACCESS_KEY=form)),
            "the value of AWS_SECRET_ACCESS_KEY holds a blank",
        ),
    ]
    for make, sentence in cases:
        with pytest.raises(BadInput, match=sentence) as caught:
            make()
        assert "secr" not in str(caught.value).replace("SECRET", "")
        assert len(str(caught.value).splitlines()) == 1


def test_a_key_that_is_not_sent_may_have_any_form():
    odd = secrets(OPENAI_API_KEY="not for here")
    assert resolve("openai/m", api_base="http://127.0.0.1:9/v1", variables=odd).api_key is None
    assert resolve("gpt-4o", api_key=SecretStr("sk-given-000000"), variables={}).api_key == SecretStr("sk-given-000000")


def test_a_specification_never_shows_its_key():
    spec = resolve("gpt-4o", api_key=SecretStr("sk-very-secret-1"), variables=secrets(AWS_SECRET_ACCESS_KEY="s3cr3t-aws"))
    assert "very-secret" not in repr(spec) + str(spec)


def test_registered_providers_resolve_and_are_listed(monkeypatch):
    monkeypatch.setattr(registry, "_registered", dict(registry._registered))
    mine = Provider(
        "corp", "ours", "openai", "CORP_API_KEY", "CORP_API_BASE", "https://llm.corp.example/v1", credentials=(("CORP_API_KEY",),)
    )
    with pytest.raises(BadInput, match="already called 'openai'"):
        register_provider(mine)
    mine = Provider("corp", "ours", "hosted_corp", "CORP_API_KEY", "CORP_API_BASE", "https://llm.corp.example/v1", aliases=("c",))
    register_provider(mine)
    assert mine in list_providers()
    spec = resolve("c/model", variables=secrets(CORP_API_KEY="k"))
    assert (spec.route, spec.api_base, spec.api_key) == ("hosted_corp/model", "https://llm.corp.example/v1", SecretStr("k"))


def test_every_alias_of_the_issue_is_known():
    names = {name for provider in list_providers() for name in provider.names}
    wanted = "litellm ollama lmstudio openai anthropic claude deepseek azure bedrock gemini openrouter groq mistral vllm"
    assert set(wanted.split()) <= names


def test_resolving_what_our_table_knows_loads_no_heavy_package():
    code = (
        "import sys; from kosmos_graph.settings import load_settings; from kosmos_graph.wiring.models import chain_of;"
        "chain_of(load_settings(litellm_model='ollama/x', _env_file=None), 'designer');"
        "print([m for m in ('litellm', 'langchain_core', 'pandas', 'httpx') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"

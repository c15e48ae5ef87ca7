"""The findings about a model that its server's catalogue and two tiny calls support."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass

from kosmos_graph.doctor.calls import REPLY_TOKENS, Calls
from kosmos_graph.doctor.catalogue import Catalogue, model_of
from kosmos_graph.doctor.diagnosis import Check, Finding, Status
from kosmos_graph.doctor.sources import shown_address
from kosmos_graph.doctor.wire import Trouble
from kosmos_graph.errors import Configuration, Malformed, ModelError, Refused, Transient
from kosmos_graph.providers.names import ModelSpec

PROMPT_TOKENS = 4096
SLOW_SECONDS = 20.0
_UNREACHED = ("silent", "slow")
_KEY_REFUSED = (401, 403)
_NAMES_SHOWN = 5
_REPLY_SHOWN = 60
_CALLED: tuple[Check, ...] = ("answer", "structured output", "usage", "latency")
_START = {
    "ollama_chat": "start it with `ollama serve`, or set its address in OLLAMA_API_BASE",
    "lm_studio": "start LM Studio's server (`lms server start`), or set its address in LM_STUDIO_API_BASE",
}


@dataclass(frozen=True)
class Served:
    """What is known of one model's server. `catalogue` is None where none was asked for, `calls` where none were made.

    `why_no_list` and `why_no_calls` say why not.
    """

    subject: str
    spec: ModelSpec
    catalogue: Catalogue | None
    calls: Calls | None
    why_no_list: str = ""
    why_no_calls: str = ""

    @property
    def answered(self) -> bool:
        """Whether the model gave a reply."""
        return self.calls is not None and self.calls.words.message is not None

    def findings(self) -> Iterator[Finding]:
        """The findings, from the server to the latency, the price apart."""
        yield self._server()
        yield self._model()
        if self.spec.route.partition("/")[0] in _START:
            yield self._loaded()
        if (context := self._context()) is not None:
            yield context
        if self.calls is None:
            yield from (self._finding(check, "skipped", self.why_no_calls) for check in _CALLED)
            return
        yield self._answer(self.calls)
        yield self._structured(self.calls)
        yield self._usage(self.calls)
        yield self._latency(self.calls)

    def refused_key(self) -> Finding | None:
        """The finding about a key that the server does not take, or None. One that may only not list models still answers."""
        error = self.calls.words.error if self.calls is not None else None
        trouble = self.catalogue.trouble if self.catalogue is not None else None
        by_list = self.calls is None and trouble is not None and trouble.kind == "refused"
        if not by_list and not (error is not None and error.status in _KEY_REFUSED):
            return None
        if self.spec.api_key is None:
            return self._finding("key", "failed", f"the server of {self.spec.name} wants a key, and none is set", "set its key")
        detail = f"the server of {self.spec.name} does not take the key that is set"
        return self._finding("key", "failed", detail, "check that the key is valid, and that it belongs to this address")

    def _finding(
        self, check: Check, status: Status, detail: str, remedy: str | None = None, seconds: float | None = None
    ) -> Finding:
        """A finding about this model."""
        took = None if seconds is None else round(seconds, 3)
        return Finding(subject=self.subject, check=check, status=status, detail=detail, remedy=remedy, seconds=took)

    @property
    def _where(self) -> str:
        return shown_address(self.spec.api_base) if self.spec.api_base else f"{self.spec.provider}'s own address"

    def _server(self) -> Finding:
        if self.catalogue is None:
            if self.answered:
                return self._finding("server", "ok", f"{self._where} answers")
            return self._finding("server", "skipped", self.why_no_list)
        trouble, seconds = self.catalogue.trouble, self.catalogue.seconds
        if trouble is None or trouble.kind in ("refused", "absent"):
            return self._finding("server", "ok", f"{self._where} can be reached", None, seconds)
        if self.answered:
            detail = f"the server at {self._where} {trouble.detail} when asked for its models, and yet the model answers"
            return self._finding("server", "warning", detail, "nothing has to be done, unless calls fail", seconds)
        if trouble.kind in _UNREACHED:
            return self._finding("server", "failed", f"the server at {self._where} {trouble.detail}", self._start(), seconds)
        remedy = "check the address, which for servers that speak OpenAI's API ends in /v1, and whether a proxy stands in between"
        return self._finding("server", "failed", f"the server at {self._where} {trouble.detail}", remedy, seconds)

    def _start(self) -> str:
        own = _START.get(self.spec.route.partition("/")[0], "start it, or set another address")
        return own if self.spec.loopback else "check the address, the network and the proxy"

    def _model(self) -> Finding:
        catalogue = self.catalogue
        if catalogue is None:
            return self._finding("model", "skipped", self.why_no_list)
        if catalogue.trouble is not None:
            return self._finding("model", "skipped", self._unlisted(catalogue.trouble))
        if catalogue.has:
            return self._finding("model", "ok", f"the server has {model_of(self.spec)}")
        hint = self._did_you_mean(catalogue.names or ())
        pull = f", or get it with `ollama pull {model_of(self.spec)}`" if self.spec.route.startswith("ollama") else ""
        detail = f"the server's list of models does not have {model_of(self.spec)}; {hint}"
        status: Status = "failed" if (pull or self.calls is not None) and not self.answered else "warning"
        return self._finding("model", status, detail, f"name a model of the list{pull}")

    def _unlisted(self, trouble: Trouble) -> str:
        return self.why_no_calls if trouble.kind in _UNREACHED else f"the server lists no models: it {trouble.detail}"

    def _did_you_mean(self, names: tuple[str, ...]) -> str:
        if close := difflib.get_close_matches(model_of(self.spec), names, n=1, cutoff=0.5):
            return f"did you mean {close[0]}?"
        rest = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
        return f"it has {', '.join(names[:_NAMES_SHOWN])}{rest}" if names else "it is empty"

    def _loaded(self) -> Finding:
        if self.catalogue is None:
            return self._finding("loaded", "skipped", self.why_no_list)
        loaded, trouble = self.catalogue.loaded, self.catalogue.trouble
        if trouble is not None:
            return self._finding("loaded", "skipped", self._unlisted(trouble))
        if loaded is None:
            return self._finding("loaded", "skipped", "the server does not say which models are loaded")
        return self._finding("loaded", "ok", f"loaded before this check: {', '.join(loaded)}" if loaded else "no model was loaded")

    def _context(self) -> Finding | None:
        """Where the server says how much the model takes in: whether that is a prompt and the longest reply."""
        size = self.catalogue.context if self.catalogue is not None else None
        if size is None:
            return None
        wanted = self.spec.max_tokens + PROMPT_TOKENS
        if size >= wanted:
            return self._finding("context", "ok", f"{size} tokens, enough for prompts and replies of up to {wanted}")
        room = size - PROMPT_TOKENS
        smaller = f"set LITELLM_MAX_TOKENS to {room} or less, or " if room > 0 else ""
        detail = f"the context holds {size} tokens, and a prompt with a reply of {self.spec.max_tokens} may need {wanted}"
        return self._finding("context", "warning", detail, f"{smaller}load the model with a larger context, or choose another one")

    def _answer(self, calls: Calls) -> Finding:
        told = calls.words
        if told.error is not None:
            return self._finding("answer", "failed", str(told.error), _remedy(told.error), told.seconds)
        if told.cut:
            detail = f"the reply was cut at {REPLY_TOKENS} tokens, as those of models that think first are"
            return self._finding("answer", "warning", detail, "set LITELLM_MAX_TOKENS high enough for its thoughts", told.seconds)
        if not told.text:
            return self._finding("answer", "warning", "the reply was empty", "try again, or choose another model", told.seconds)
        return self._finding("answer", "ok", f"it answers: {told.text[:_REPLY_SHOWN]!r}", None, told.seconds)

    def _structured(self, calls: Calls) -> Finding:
        check: Check = "structured output"
        told = calls.structured
        if told is None:
            return self._finding(check, "skipped", "the model gave no answer")
        if told.schema_refused:
            detail = "the server refuses JSON schemas, so a run puts them into words"
            return self._finding(check, "warning", detail, "expect more invalid replies, or choose another model", told.seconds)
        if told.error is not None:
            return self._finding(check, "warning", str(told.error), _remedy(told.error), told.seconds)
        if told.follows_schema:
            return self._finding(check, "ok", "the reply follows the JSON schema", None, told.seconds)
        if told.cut:
            detail = f"the reply was cut at {REPLY_TOKENS} tokens, so that it cannot be told whether schemas are followed"
            return self._finding(check, "warning", detail, "try a run, or another model", told.seconds)
        detail = "the reply does not follow the JSON schema: the server ignores it, or the model is too weak for it"
        return self._finding(
            check, "warning", detail, "expect invalid replies that are asked for again, or choose another", told.seconds
        )

    def _usage(self, calls: Calls) -> Finding:
        told = calls.words
        if told.message is None:
            return self._finding("usage", "skipped", "the model gave no answer")
        into, out = told.tokens
        if into and out:
            return self._finding("usage", "ok", f"counted: {into} tokens in and {out} out for one word")
        detail = "the server reports no numbers of tokens, so that a report's usage will be too small"
        return self._finding("usage", "warning", detail, "switch usage on at the server, or look there for what a run used")

    def _latency(self, calls: Calls) -> Finding:
        """The quicker of the calls: the first one may have loaded the model."""
        told = [one.seconds for one in (calls.words, calls.structured) if one is not None and one.message is not None]
        if not told:
            return self._finding("latency", "skipped", "the model gave no answer")
        quickest = min(told)
        if quickest <= SLOW_SECONDS:
            return self._finding("latency", "ok", f"{quickest:.1f} seconds for a short reply", None, quickest)
        detail = (
            f"{quickest:.0f} seconds for a short reply, and a run asks for dozens of longer ones within {self.spec.timeout:g} each"
        )
        return self._finding("latency", "warning", detail, "choose a smaller model, or raise LITELLM_TIMEOUT", quickest)


def _remedy(error: ModelError) -> str:
    if error.status in _KEY_REFUSED:
        return "check the key that is set for this server"
    if error.status == 404:
        return "check the model's name and the API base"
    if isinstance(error, Transient):
        return "try again later, or name another model with --fallback"
    if isinstance(error, Malformed):
        return "check that the address is that of an API, and that no proxy stands in between"
    if isinstance(error, Refused):
        return "choose another model"
    return "check the settings of this model" if isinstance(error, Configuration) else "choose another model"

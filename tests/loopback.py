"""A small real HTTP server on 127.0.0.1 that plays a model's provider: scripted replies and faults, every request recorded.

    with LoopbackServer([Fault(status=429), Reply("hello")]) as server:
        ...                             # server.base("openai") is the api_base to give to a model
        server.requests[0].body         # what arrived

A script is a sequence, whose last entry repeats, or a function from the request to a Reply or Fault (it may be called from
several threads at once). `first_choice` is such a function: it answers any JSON schema with the first value that fits.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from kosmos_graph.providers.addresses import server_of
from kosmos_graph.providers.breaker import forget
from tests.wire_formats import Fault, Received, Reply, Wire, streamed, whole

__all__ = ["Fault", "LoopbackServer", "Received", "Reply", "first_choice"]

Answer = Reply | Fault
Script = Sequence[Answer] | Callable[[Received], Answer]

_OK = (Reply("ok"),)
_BASES: dict[Wire, str] = {"openai": "/v1"}


class LoopbackServer:
    """The server. `latency` is added before every answer; `port` 0 takes a free one. Use it as a context manager.

    `requests` lists what arrived, in order; `most_at_once` is the largest number of requests that were in flight together.
    """

    def __init__(self, script: Script = _OK, *, latency: float = 0.0, port: int = 0) -> None:
        self.script = script
        self.latency = latency
        self.requests: list[Received] = []
        self.most_at_once = 0
        self.stopping = threading.Event()
        self._at_once = 0
        self._lock = threading.Lock()
        self._http = _Server(("127.0.0.1", port), _Handler, self)
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def url(self) -> str:
        """Root address, `http://127.0.0.1:PORT`."""
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def base(self, wire: Wire = "openai") -> str:
        """The api_base for a wire format: with `/v1` for OpenAI-compatible clients."""
        return self.url + _BASES.get(wire, "")

    def answer(self, received: Received) -> Answer:
        """Record a request and say what the script answers to it."""
        with self._lock:
            self.requests.append(received)
            place = len(self.requests) - 1
        if callable(self.script):
            return self.script(received)
        return self.script[min(place, len(self.script) - 1)]

    @contextmanager
    def in_flight(self) -> Iterator[None]:
        """Count a request while it is being answered."""
        with self._lock:
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            yield
        finally:
            with self._lock:
                self._at_once -= 1

    def __enter__(self) -> Self:
        forget(server_of(self.url))  # another server may have failed at this port
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stopping.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join(timeout=5)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler], owner: LoopbackServer) -> None:
        self.owner = owner
        super().__init__(address, handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up in mid-answer is part of the tests, not of their output."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 65536
    server: _Server

    def do_POST(self) -> None:
        owner = self.server.owner
        with owner.in_flight():
            received = self._received()
            answer = owner.answer(received)
            delay = owner.latency + answer.delay
            if delay:
                time.sleep(delay)
            self._send(received, answer)

    def do_GET(self) -> None:
        self._body(404, b'{"error": "only POST is served"}', {"content-type": "application/json"})

    def _received(self) -> Received:
        raw = self.rfile.read(int(self.headers.get("content-length") or 0))
        path, _, query = self.path.partition("?")
        headers = {name.lower(): value for name, value in self.headers.items()}
        return Received(path, query, headers, json.loads(raw or b"{}"))

    def _send(self, received: Received, answer: Answer) -> None:
        if isinstance(answer, Fault):
            self._fail(answer)
        elif received.wire == "other":
            self._body(404, b'{"error": "no such path"}', {"content-type": "application/json"})
        elif received.stream:
            self._stream(*streamed(received, answer), cut=answer.cut)
        else:
            self._body(200, whole(received, answer), {"content-type": "application/json"})

    def _fail(self, fault: Fault) -> None:
        if fault.kind == "hang":
            self.server.owner.stopping.wait(60)
        if fault.kind == "status":
            self._body(fault.status, fault.body.encode(), {"content-type": "application/json", **fault.headers})
        elif fault.kind == "cut":
            body = fault.body.encode()
            self.close_connection = True
            self._body(fault.status, body[: len(body) // 2], {"content-type": "application/json", **fault.headers}, len(body))
        else:
            self.close_connection = True

    def _body(self, status: int, body: bytes, headers: dict[str, str], announced: int | None = None) -> None:
        self.send_response(status)
        length = len(body) if announced is None else announced
        for name, value in {**headers, "content-length": str(length)}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def _stream(self, content_type: str, chunks: list[bytes], *, cut: bool) -> None:
        self.send_response(200)
        self.send_header("content-type", content_type)
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for chunk in chunks:
            self.wfile.write(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n")
            self.wfile.flush()
        if cut:
            self.close_connection = True
            return
        self.wfile.write(b"0\r\n\r\n")
        self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        """Requests are recorded, not printed."""


def first_choice(received: Received) -> Reply:
    """Answer with the first value that the request's schema admits; without a schema with a sentence."""
    schema = received.schema
    if schema is None:
        return Reply("A sentence.")
    return Reply(json.dumps(_instance(schema, schema.get("$defs", {})), ensure_ascii=False))


def _instance(schema: dict[str, Any], defs: dict[str, Any]) -> Any:
    if "$ref" in schema:
        return _instance(defs[schema["$ref"].rsplit("/", 1)[-1]], defs)
    for chosen in ("enum", "anyOf", "oneOf"):
        if chosen in schema:
            first = schema[chosen][0]
            return first if chosen == "enum" else _instance(first, defs)
    if "const" in schema:
        return schema["const"]
    return _plain_instance(schema, defs)


def _plain_instance(schema: dict[str, Any], defs: dict[str, Any]) -> Any:
    kind = schema.get("type")
    if kind == "object":
        return {name: _instance(part, defs) for name, part in schema.get("properties", {}).items()}
    if kind == "array":
        if "prefixItems" in schema:
            return [_instance(part, defs) for part in schema["prefixItems"]]
        fewest = schema.get("minItems", 1)
        return [_instance(schema["items"], defs)] * min(fewest, schema.get("maxItems", fewest))
    scalars: dict[str | None, Any] = {"integer": schema.get("minimum", 1), "number": schema.get("minimum", 1.0), "boolean": True}
    return scalars.get(kind, "text".ljust(schema.get("minLength", 0), "."))

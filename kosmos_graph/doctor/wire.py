"""One small question to a server over HTTP, bounded in time and size; whatever comes back is a value."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import httpx

SECONDS = 5.0
LARGEST = 1 << 20
_REFUSED = 401
_PAGES = (401, 403, 407)
_ABSENT = (403, 404, 405, 501)

Kind = Literal["silent", "slow", "refused", "absent", "moved", "web page", "no answer", "error"]
"""silent: no connection. slow: not in time. refused: the key. absent: no such path, or one that the
key may not read. moved: a redirect, which is not followed.
web page: HTML, as proxies and login pages send. no answer: not what was asked for. error: an error, whatever the status.
"""


@dataclass(frozen=True)
class Trouble:
    """Why a server gave no document; `detail` continues a sentence about the server."""

    kind: Kind
    detail: str
    seconds: float = 0.0


@dataclass(frozen=True)
class Document:
    """The JSON value that a server sent."""

    value: Any
    seconds: float = 0.0


async def ask(
    url: str, *, headers: dict[str, str], body: dict[str, Any] | None = None, within: float = SECONDS
) -> Document | Trouble:
    """GET a JSON document, or POST for one where there is a body. Redirects are not followed, so that no key is led astray."""
    import httpx

    began = time.monotonic()
    try:
        async with asyncio.timeout(within), httpx.AsyncClient(timeout=within, follow_redirects=False) as client:
            outcome = await _exchange(client, url, headers, body)
    except (TimeoutError, httpx.TimeoutException):
        outcome = Trouble("slow", f"did not answer within {within:g} seconds")
    except httpx.RemoteProtocolError as error:
        outcome = Trouble("no answer", f"sent what is no HTTP answer ({error})")
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        outcome = Trouble("silent", f"cannot be reached ({error or type(error).__name__})")
    seconds = time.monotonic() - began
    return Trouble(outcome.kind, outcome.detail, seconds) if isinstance(outcome, Trouble) else Document(outcome, seconds)


async def _exchange(client: httpx.AsyncClient, url: str, headers: dict[str, str], body: dict[str, Any] | None) -> Any:
    """The JSON value, or a Trouble."""
    method = "GET" if body is None else "POST"
    async with client.stream(method, url, headers=headers, json=body) as response:
        content = bytearray()
        async for chunk in response.aiter_bytes():
            content += chunk
            if len(content) > LARGEST:
                return Trouble("absent", "sent a list of more than a mebibyte, which was not read to its end")
        return _read(response.status_code, dict(response.headers), bytes(content))


def _read(status: int, headers: dict[str, str], content: bytes) -> Any:
    page = "html" in headers.get("content-type", "") or content.lstrip()[:1] == b"<"
    if page and (status < 400 or status in _PAGES):
        return Trouble("web page", f"answers with a web page (HTTP {status}), as a proxy or a login page does, and not as an API")
    if 300 <= status < 400:
        return Trouble("moved", f"sends requests on to {_host(headers.get('location', ''))} (HTTP {status})")
    value = _parsed(content)
    if status >= 400:
        return Trouble(_kind(status), f"answers with HTTP {status}{_said(value)}")
    if value is None:
        return Trouble("no answer", "answers with what is no JSON")
    if isinstance(value, dict) and value.get("error"):
        return Trouble("error", f"answers with an error under HTTP {status}{_said(value)}")
    return value


def _kind(status: int) -> Kind:
    if status == _REFUSED:
        return "refused"
    return "absent" if status in _ABSENT else "error"


def _parsed(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def _said(value: Any) -> str:
    """What an error body says, in brackets."""
    error = value.get("error") if isinstance(value, dict) else None
    text = error.get("message") if isinstance(error, dict) else error
    return f" ({text[:200]})" if isinstance(text, str) and text.strip() else ""


def _host(location: str) -> str:
    try:
        return urlsplit(location).hostname or "another path"
    except ValueError:
        return "another place"

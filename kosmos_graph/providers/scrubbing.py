"""Keeping keys out of texts: errors, logs and reports."""

from __future__ import annotations

import logging
import re
import threading

HIDDEN = "[key]"
_SHORTEST = 4
_UNMISTAKABLE = 12
_PLACEHOLDERS = frozenset(
    {"none", "null", "test", "testing", "dummy", "empty", "fake", "local", "localhost", "unused", "anything", "ollama", "lm-studio"}
)
"""Words that people give to a server that wants no key. They stand in replies for what they mean, and are no secrets."""
_LOOKS_LIKE_A_KEY = re.compile(
    r"""(?ix)
    \bsk-[a-z0-9_*.-]{6,}                     # OpenAI, Anthropic, DeepSeek, OpenRouter; also half masked
    | \b(?:gsk|xai|hf|pplx)[_-][a-z0-9_-]{8,} # Groq, xAI and others
    | \bAIza[a-z0-9_-]{10,}                   # Google
    | \b(?:AKIA|ASIA)[a-z0-9]{12,}            # Amazon
    | (?<=bearer\ )[^\s"',}]+
    | (?<=[?&]key=)[^&\s"']+
    | (?<=://)[^/\s:@]+:[^/\s@]+(?=@)         # name and password in an address
    """
)
_known: set[str] = set()
_lock = threading.Lock()


def remember(secret: str) -> None:
    """Hide this secret from now on, wherever `scrub` meets it. Texts under four characters, and placeholders, are too common."""
    if len(secret) >= _SHORTEST and secret.lower() not in _PLACEHOLDERS:
        with _lock:
            _known.add(secret)


def scrub(text: str) -> str:
    """`text` without any remembered secret and without what looks like a key."""
    with _lock:
        known = sorted(_known, key=len, reverse=True)
    for secret in known:
        text = _without(secret, text)
    return _LOOKS_LIKE_A_KEY.sub(HIDDEN, text)


def _without(secret: str, text: str) -> str:
    """A short secret is hidden only where it stands alone, so that it does not take parts of words with it."""
    if secret not in text or len(secret) >= _UNMISTAKABLE:
        return text.replace(secret, HIDDEN)
    return re.sub(rf"(?<![A-Za-z0-9]){re.escape(secret)}(?![A-Za-z0-9])", HIDDEN, text)


class ScrubbingFilter(logging.Filter):
    """Rewrites every record, so that no handler sees a key."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Scrub the message, and drop the traceback's text, which quotes foreign messages."""
        try:
            text = record.getMessage()
        except (TypeError, ValueError):  # arguments that do not fit the message are the logger's mistake, not a reason to stop
            text = str(record.msg)
        record.msg = scrub(text)
        record.args = ()
        record.exc_info = None
        record.exc_text = None
        return True

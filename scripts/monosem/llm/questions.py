"""What is asked of a language model, who is asked, and what came of it."""

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any, NamedTuple

STATUSES = {
    "ok": "",
    "unparsable": "the model's answer is not the JSON, or none of the words, that was asked for",
    "declined": "the model, or a filter before it, declined to answer",
    "rate_limited": "HTTP 429 at every attempt",
    "busy": "HTTP 408, 409 or 425 at every attempt",
    "server_error": "HTTP 5xx at every attempt",
    "timeout": "no reply in time at any attempt",
    "connection_error": "no whole reply at any attempt",
    "garbled": "the server's reply is not one of its API",
    "refused": "the server refused the request",
}
TRANSIENT = ("rate_limited", "busy", "server_error", "timeout", "connection_error")
COST_UNKNOWN = ("timeout", "connection_error", "garbled")  # the server may have worked on such a request
LONGEST_REASON = 200
MESSAGE_TOKENS = 20  # most tokens that a server adds to mark where a message starts and ends


@dataclass(frozen=True)
class Model:
    """`usd_in` and `usd_out` are US dollars a million tokens; `thinking_tokens` may be spent before an answer."""

    api: str
    url: str
    name: str
    temperature: float | None
    thinking_tokens: int
    usd_in: float
    usd_out: float

    def cost(self, tokens_in: int, tokens_out: int) -> float:
        return (tokens_in * self.usd_in + tokens_out * self.usd_out) / 1e6


@dataclass(frozen=True)
class Question:
    """Messages are (role, text); the answer is to be JSON of `schema`, or one of the words `choices` where there are
    some, in at most `answer_tokens`."""

    messages: tuple[tuple[str, str], ...]
    schema: dict[str, Any]
    answer_tokens: int
    choices: tuple[str, ...] = ()

    def asked_of(self, model: Model) -> str:
        """The question and all that decides the answer, as text; what it costs and how often it is tried do not."""
        asked = {"messages": self.messages, "schema": self.schema, "answer_tokens": self.answer_tokens}
        if self.choices:  # questions without keep the keys that they had before there were any
            asked["choices"] = self.choices
        server = {"api": model.api, "url": model.url, "model": model.name, "temperature": model.temperature}
        return json.dumps({**server, "thinking_tokens": model.thinking_tokens, **asked}, ensure_ascii=False)

    @property
    def n_bytes(self) -> int:
        return len(json.dumps(self.schema)) + sum(len(text.encode()) for _, text in self.messages)

    @property
    def most_tokens(self) -> int:
        """No tokenizer makes more tokens than there are bytes."""
        return self.n_bytes + MESSAGE_TOKENS * len(self.messages)


def key_of(asked: str) -> str:
    return hashlib.sha256(asked.encode()).hexdigest()


class Reply(NamedTuple):
    """What a server sent: the model's text, whether it ended by itself, tokens as the server counts them, whether it is
    a refusal by name and not an answer, and how likely each of the question's choices was, where the server says."""

    text: str
    finished: bool
    tokens_in: int
    tokens_out: int
    declined: bool = False
    chances: dict[str, float] | None = None


class Answer(NamedTuple):
    """`value` is None unless status is ok; of a choice it is the share of each word, and `by` what that was read from.
    `key` finds question and reply in the cache."""

    key: str
    status: str
    reason: str = ""
    value: dict[str, Any] | None = None
    tokens_in: int = 0
    tokens_out: int = 0
    usd: float = 0.0
    by: str = ""


class Failure(Exception):
    """A request without an answer."""

    def __init__(self, status: str, reason: str, wait_s: float = 0.0) -> None:
        super().__init__(f"{status}: {reason}")
        self.status, self.reason, self.wait_s = status, reason, wait_s
        self.transient = status in TRANSIENT
        self.cost_unknown = status in COST_UNKNOWN


class Unusable(Exception):
    """What no other question to this server mends: no such model, a key that it does not take."""


def sound(text: str) -> str:
    """Text that can be encoded: lone surrogates become U+FFFD."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def plain(text: str) -> str:
    """Text to be read by people, in any file: control characters become U+FFFD too."""
    return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]", "\ufffd", sound(text))


def reason_of(said: object) -> str:
    """What somebody else said, as a reason: one line of readable length."""
    return " ".join(plain(str(said)).split())[:LONGEST_REASON]

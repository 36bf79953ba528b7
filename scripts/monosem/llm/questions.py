"""What is asked of a language model, who is asked, and what came of it."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any, NamedTuple

import jsonschema

STATUSES = {
    "ok": "",
    "unparsable": "the model's answer is not the JSON that was asked for",
    "rate_limited": "HTTP 429 at every attempt",
    "server_error": "HTTP 5xx at every attempt",
    "timeout": "no reply in time at any attempt",
    "connection_error": "no whole reply at any attempt",
    "garbled": "the server's reply is not one of its API",
    "refused": "the server refused the request",
}
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
    """Messages are (role, text); the answer is to be JSON of `schema`, in at most `answer_tokens`."""

    messages: tuple[tuple[str, str], ...]
    schema: dict[str, Any]
    answer_tokens: int

    def asked_of(self, model: Model) -> str:
        """The question and all that decides the answer, as text; what it costs and how often it is tried do not."""
        asked = {"messages": self.messages, "schema": self.schema, "answer_tokens": self.answer_tokens}
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
    """What a server sent: the model's text, whether it ended by itself, and tokens as the server counts them."""

    text: str
    finished: bool
    tokens_in: int
    tokens_out: int


class Answer(NamedTuple):
    """`value` is None unless status is ok. `key` finds question and reply in the cache."""

    key: str
    status: str
    reason: str = ""
    value: dict[str, Any] | None = None
    tokens_in: int = 0
    tokens_out: int = 0
    usd: float = 0.0


def read_reply(key: str, reply: Reply, schema: dict[str, Any], usd: float) -> Answer:
    """The answer in a reply. Text around the outermost braces is ignored: servers without schemas often add some."""
    counts = {"tokens_in": reply.tokens_in, "tokens_out": reply.tokens_out, "usd": usd}
    text = reply.text[reply.text.find("{") : reply.text.rfind("}") + 1]
    try:
        if not reply.finished:
            raise ValueError("cut off at the answer's most tokens")
        if not text:
            raise ValueError("no JSON object" if reply.text.strip() else "empty")
        value = json.loads(text)
        jsonschema.validate(value, schema)
    except jsonschema.ValidationError as error:
        return Answer(key, "unparsable", f"{error.json_path}: {error.message}"[:200], **counts)
    except (ValueError, RecursionError) as error:
        return Answer(key, "unparsable", str(error)[:200], **counts)
    return Answer(key, "ok", "", value, **counts)

"""Clients of language model servers, through the official SDKs, whose own retries are switched off.

The two SDKs name their errors alike, so one mapping from error to status serves both. Replies are read here and not by
the SDKs' models, so that a reply which is not what the API promises is told apart from one that is.
"""

import json
import os
from types import ModuleType
from typing import Any

from monosem.llm.questions import Model, Question, Reply

URLS = {"openai": "https://api.openai.com/v1", "anthropic": "https://api.anthropic.com"}
TRANSIENT = ("rate_limited", "server_error", "timeout", "connection_error")


class Failure(Exception):
    """A request without an answer. Cost is unknown where the server may have worked on it."""

    def __init__(self, status: str, reason: str, retry_after_s: float = 0.0) -> None:
        super().__init__(f"{status}: {reason}")
        self.status, self.reason, self.retry_after_s = status, reason, retry_after_s
        self.transient = status in TRANSIENT
        self.cost_unknown = status in ("timeout", "connection_error", "garbled")


class Client:
    """One model behind one server; safe to use from several threads. The key is read from the environment only."""

    def __init__(self, model: Model, key_variable: str | None, timeout_s: float) -> None:
        self.model, self.key_variable, self.timeout_s = model, key_variable, timeout_s
        self.key = read_key(key_variable)
        self.sdk = sdk_of(model.api)
        make = {"openai": "OpenAI", "anthropic": "Anthropic"}[model.api]
        options = {"base_url": model.url, "api_key": self.key or "none", "max_retries": 0, "timeout": timeout_s}
        self.server = getattr(self.sdk, make)(**options)
        self.post = {"openai": post_openai, "anthropic": post_anthropic}[model.api]
        self.read = {"openai": read_openai, "anthropic": read_anthropic}[model.api]

    def send(self, question: Question, *, structured: bool) -> Reply:
        """Raises Failure, and ValueError when the server does not accept the key or know the model."""
        try:
            return self.read(json.loads(self.post(self.server, self.model, question, structured)), question)
        except self.sdk.APITimeoutError:
            raise Failure("timeout", f"no reply within {self.timeout_s:g} s") from None
        except self.sdk.APIConnectionError as error:
            raise Failure("connection_error", self.without_key(error.__cause__ or error)) from None
        except self.sdk.APIStatusError as error:
            raise self.refusal(error.status_code, error) from None
        except (ValueError, KeyError, IndexError, TypeError, AttributeError, self.sdk.APIError) as error:
            raise Failure("garbled", self.without_key(repr(error))) from None

    def refusal(self, code: int, error: Any) -> Exception:  # noqa: ANN401
        reason = f"HTTP {code}: {self.without_key(error)}"
        if code in (401, 403):
            where = self.key_variable or "no variable; name one with --key-variable"
            return ValueError(f"{self.model.url}: does not accept the key ({where}): {reason}")
        if code == 404:
            return ValueError(f"{self.model.url}: has no model {self.model.name}, or is no such API: {reason}")
        if code == 429:
            return Failure("rate_limited", reason, seconds(error.response.headers.get("retry-after")))
        return Failure("server_error" if code >= 500 else "refused", reason)

    def without_key(self, message: object) -> str:
        text = str(message)
        return (text.replace(self.key, "***") if self.key else text)[:200]


def read_key(variable: str | None) -> str | None:
    """Raises ValueError when the environment does not have the variable. A server on this machine needs no key."""
    if variable is None:
        return None
    key = os.environ.get(variable)
    if not key:
        raise ValueError(f"environment variable {variable}: not set; it should hold the key of the language model")
    return key


def sdk_of(api: str) -> ModuleType:
    """The SDK, which only those need who ask a language model."""
    try:
        if api == "openai":
            import openai as sdk
        else:
            import anthropic as sdk
    except ModuleNotFoundError:
        raise ValueError(f"package {api}: not installed; run `pip install -r workflow/envs/llm.txt`") from None
    return sdk


def seconds(retry_after: str | None) -> float:
    """A Retry-After header in seconds; its other form, a date, is not worth the trouble."""
    try:
        return float(retry_after or 0)
    except ValueError:
        return 0.0


def post_openai(server: Any, model: Model, question: Question, structured: bool) -> str:  # noqa: ANN401
    options: dict[str, Any] = {} if model.temperature is None else {"temperature": model.temperature}
    # OpenAI's newer models know only the longer name, and other servers only the shorter.
    limit = "max_completion_tokens" if model.url == URLS["openai"] else "max_tokens"
    options[limit] = question.answer_tokens + model.thinking_tokens
    if structured:
        form = {"name": "answer", "schema": question.schema, "strict": True}
        options["response_format"] = {"type": "json_schema", "json_schema": form}
    messages = [{"role": role, "content": text} for role, text in question.messages]
    create = server.chat.completions.with_raw_response.create
    return create(model=model.name, messages=messages, **options).http_response.text


def read_openai(body: dict[str, Any], question: Question) -> Reply:
    choice = body["choices"][0]
    text = choice["message"].get("content") or ""
    # A server that does not count is taken to have used the most it could, so that a budget holds.
    usage = body.get("usage") or {"prompt_tokens": question.most_tokens, "completion_tokens": question.answer_tokens}
    return Reply(text, choice.get("finish_reason") != "length", usage["prompt_tokens"], usage["completion_tokens"])


def post_anthropic(server: Any, model: Model, question: Question, structured: bool) -> str:  # noqa: ANN401
    from anthropic import transform_schema

    options: dict[str, Any] = {"max_tokens": question.answer_tokens + model.thinking_tokens}
    if model.temperature is not None:
        options["extra_body"] = {"temperature": model.temperature}  # only older models know it, and no longer the SDK
    if structured:
        schema = transform_schema(question.schema)  # without the constraints that this API does not know
        options["output_config"] = {"format": {"type": "json_schema", "schema": schema}}
    options["system"] = "\n\n".join(text for role, text in question.messages if role == "system")
    messages = [{"role": role, "content": text} for role, text in question.messages if role != "system"]
    return server.messages.with_raw_response.create(model=model.name, messages=messages, **options).http_response.text


def read_anthropic(body: dict[str, Any], question: Question) -> Reply:
    text = "".join(block["text"] for block in body["content"] if block["type"] == "text")
    usage = body["usage"]
    tokens_in = sum(usage.get(f"{kind}input_tokens") or 0 for kind in ("", "cache_read_", "cache_creation_"))
    cut_off = body.get("stop_reason") in ("max_tokens", "model_context_window_exceeded")
    return Reply(text, not cut_off, tokens_in, usage["output_tokens"])

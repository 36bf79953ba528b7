"""Bodies of servers, read without trust: a Reply, or the Failure that tells what else they are.

Every field may be missing, null or of another kind: text may come in typed parts, an answer as the arguments of a tool
call, an error in a reply that calls itself a success.
"""

import json
import math
from typing import Any

from monosem.llm.questions import Failure, Model, Question, Reply, sound

LOGPROBS = (-1e4, 1e-3)  # below is no chance, and above 0 by rounding only
MOST_COUNTED = 2**40  # tokens; more than any server has ever sent
SAID = ("text", "output_text", "json", "object")  # types of parts that are the answer; the others think or show
FILTERED = ("content_filter", "refusal", "safety")
CODES = {  # of errors that name themselves by type only
    "rate_limit": 429,
    "overloaded": 529,
    "authentication": 401,
    "permission": 403,
    "not_found": 404,
    "invalid_request": 400,
}


class HttpError(Exception):
    """A refusal by its number, wherever in a reply the number stood."""

    def __init__(self, code: int, said: str, wait_s: float = 0.0) -> None:
        super().__init__(f"HTTP {code}: {said}")
        self.code, self.said, self.wait_s = code, said, wait_s


def read_body(text: str) -> dict[str, Any]:
    """Raises HttpError for an error inside, and Failure for what is no object of JSON."""
    try:
        body = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Failure("garbled", f"{type(error).__name__}: {error}") from None
    if not isinstance(body, dict):
        raise Failure("garbled", f"a JSON object expected, found {type(body).__name__}")
    if body.get("error") and not body.get("choices"):
        raise error_in(body["error"])
    return body


def error_in(error: object) -> HttpError:
    """An error without a number that is known counts as one of the server, which may pass."""
    said = json.dumps(error, ensure_ascii=False)
    fields = error if isinstance(error, dict) else {}
    for number in (fields.get("code"), fields.get("status"), fields.get("status_code")):
        if str(number).isdecimal() and 400 <= int(str(number)[:4]) < 600:
            return HttpError(int(str(number)), said)
    named = f"{fields.get('type')} {fields.get('code')}"
    return HttpError(next((code for name, code in CODES.items() if name in named), 500), said)


def read_openai(body: dict[str, Any], question: Question, model: Model) -> Reply:
    choices = body.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    if not isinstance(choice, dict):
        raise Failure("garbled", "no choices in the reply")
    if choice.get("error"):
        raise error_in(choice["error"])
    message = choice.get("message")
    if not isinstance(message, dict):
        raise Failure("garbled", "no message in the reply")
    content, end = message.get("content"), choice.get("finish_reason")
    refusal = text_of(message.get("refusal")) or refusal_in(content)
    text = refusal or text_of(content) or called(message)
    usage = body.get("usage")
    counts = counted(usage, ("prompt_tokens",), ("completion_tokens",), question, model)
    return Reply(sound(text), end != "length", *counts, bool(refusal) or end in FILTERED, chances_in(choice, question))


def chances_in(choice: dict[str, Any], question: Question) -> dict[str, float] | None:
    """Of each choice, the chance of all tokens that spell it, where the first such token may stand; None without."""
    logprobs = choice.get("logprobs")
    places = logprobs.get("content") if isinstance(logprobs, dict) else None
    for place in places if isinstance(places, list) else []:
        top = place.get("top_logprobs") if isinstance(place, dict) else None
        chances = dict.fromkeys(question.choices, 0.0)
        for likely in top if isinstance(top, list) else []:
            word, logprob = (likely.get(name) for name in ("token", "logprob")) if isinstance(likely, dict) else (0, 0)
            spelt = chosen(word, question.choices) if isinstance(word, str) else None
            if spelt is not None and is_logprob(logprob):
                chances[spelt] += math.exp(logprob)
        if any(chances.values()):
            return chances
    return None


def is_logprob(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and LOGPROBS[0] <= value <= LOGPROBS[1]


def chosen(word: str, choices: tuple[str, ...]) -> str | None:
    """The choice that a word is, however it is spaced and capitalised."""
    return next((choice for choice in choices if choice.lower() == word.strip().lower()), None)


def read_anthropic(body: dict[str, Any], question: Question, model: Model) -> Reply:
    if "content" not in body:
        raise Failure("garbled", "no content in the reply")
    content, end = body["content"], body.get("stop_reason")
    text = text_of(content) or "".join(
        json.dumps(block.get("input"), ensure_ascii=False)
        for block in (content if isinstance(content, list) else [])
        if isinstance(block, dict) and block.get("type") == "tool_use"
    )
    read = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
    counts = counted(body.get("usage"), read, ("output_tokens",), question, model)
    cut_off = end in ("max_tokens", "model_context_window_exceeded")
    return Reply(sound(text), not cut_off, *counts, end in FILTERED)


def text_of(content: object) -> str:
    """The model's words in whatever form they come."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "".join(map(text_of, content))
    if isinstance(content, dict):
        if content.get("type", "text") not in SAID:
            return ""
        said = next((content[name] for name in ("text", "json", "value") if content.get(name) is not None), None)
        return json.dumps(content, ensure_ascii=False) if said is None and "type" not in content else text_of(said)
    return "" if content is None else json.dumps(content)


def refusal_in(content: object) -> str:
    parts = content if isinstance(content, list) else []
    refusals = [part for part in parts if isinstance(part, dict) and part.get("type") == "refusal"]
    return "".join(text_of(part.get("refusal")) for part in refusals)


def called(message: dict[str, Any]) -> str:
    """The arguments of a tool call: some servers put the JSON that was asked for there."""
    calls = message.get("tool_calls")
    first = calls[0] if isinstance(calls, list) and calls else {"function": message.get("function_call")}
    function = first.get("function") if isinstance(first, dict) else None
    arguments = function.get("arguments") if isinstance(function, dict) else None
    return json.dumps(arguments, ensure_ascii=False) if isinstance(arguments, dict) else text_of(arguments)


def counted(
    usage: object, read: tuple[str, ...], written: tuple[str, ...], question: Question, model: Model
) -> tuple[int, int]:
    """Tokens in and out. Where the server does not count, it is taken to have used the most, so that a budget holds."""
    fields = usage if isinstance(usage, dict) else {}
    found = []
    for names, most in (
        (read, question.most_tokens),
        (written, question.answer_tokens + model.thinking_tokens),
    ):
        first, *others = (fields.get(name) for name in names)
        found.append(sum(map(count, others)) + count(first) if is_count(first) else most)
    return found[0], found[1]


def is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST_COUNTED


def count(value: Any) -> int:  # noqa: ANN401
    return value if is_count(value) else 0


def kept(stored: object) -> Reply | None:
    """A reply from the cache, where one of an earlier version may be of any shape; None when nothing can be read."""
    if not isinstance(stored, list) or not 4 <= len(stored) <= 6:
        return None
    text, finished, tokens_in, tokens_out, *others = stored
    declined, chances = (*others, None, None)[:2]
    counts = (count(tokens_in), count(tokens_out))
    return Reply(sound(text_of(text)), finished is True, *counts, declined is True, kept_chances(chances))


def kept_chances(stored: object) -> dict[str, float] | None:
    fit = isinstance(stored, dict) and all(type(share) is float and 0 <= share <= 2 for share in stored.values())
    return stored if fit and any(stored.values()) else None

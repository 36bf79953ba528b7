"""The answer in a reply: the JSON that was asked for, wherever in the model's text it stands, or one of a few words."""

import json
import re
from collections.abc import Sequence
from json import JSONDecoder
from typing import Any, NoReturn

import jsonschema

from monosem.llm.questions import STATUSES, Answer, Question, Reply, reason_of, sound
from monosem.llm.replies import chosen

PROBABILITY, WORD = "probability", "word"  # what a choice was read from
MOST_BRACES = 200  # that begin no JSON, in one text
THINKING = re.compile(  # tags around what a model thinks, as several families write them; `end` closes
    r"[<\[◁](?P<end>/?)(?:seed:)?(?:think|thinking|thought|reasoning)[>\]▷]"
    r"|<\|channel\|>(?:(?P<final>final)|analysis|commentary)",
    re.IGNORECASE,
)


def read_reply(key: str, reply: Reply, question: Question, usd: float) -> Answer:
    counts = {"tokens_in": reply.tokens_in, "tokens_out": reply.tokens_out, "usd": usd}
    if reply.declined:
        return Answer(key, "declined", reason_of(reply.text) or STATUSES["declined"], **counts)
    try:
        if not question.choices:
            return Answer(key, "ok", "", value_in(reply, question.schema), **counts)
        by = WORD if reply.chances is None else PROBABILITY
        return Answer(key, "ok", "", shares_in(reply, question.choices), **counts, by=by)
    except (ValueError, RecursionError) as error:
        return Answer(key, "unparsable", reason_of(error), **counts)


def shares_in(reply: Reply, choices: tuple[str, ...]) -> dict[str, float]:
    """The share of each choice in the chance of all; where none is known, all of it is the word's that was said.
    Raises ValueError when there is no such word."""
    chances = reply.chances
    if chances is None:
        words = re.findall(r"\w+", reply.text[after_thinking(reply.text) :])
        word = chosen(words[0], choices) if words else None
        if word is None:
            raise ValueError(f"not {' or '.join(choices)}: {reply.text}" if reply.text.strip() else "empty")
        chances = {word: 1.0}
    return {choice: chances.get(choice, 0.0) / sum(chances.values()) for choice in choices}


def after_thinking(text: str, spans: Sequence[tuple[int, int]] = ()) -> int:
    """Where the answer begins; tags within `spans` are text. Raises ValueError when the thinking has no end."""
    tags = [tag for tag in THINKING.finditer(text) if not any(start < tag.start() < end for start, end in spans)]
    if tags and not (tags[-1]["end"] or tags[-1]["final"]):
        raise ValueError("no answer after the thinking")
    return tags[-1].end() if tags else 0


def value_in(reply: Reply, schema: dict[str, Any]) -> dict[str, Any]:
    """Raises ValueError when there is no answer, or two that differ. Text around it is ignored."""
    if not reply.finished:
        raise ValueError("cut off at the answer's most tokens")
    if not reply.text.strip():
        raise ValueError("empty")
    wrong = ""
    fitting = {}
    for value in objects(reply.text):
        try:
            jsonschema.validate(value, schema)
        except jsonschema.ValidationError as error:
            wrong = wrong or f"{error.json_path}: {error.message}"
        else:
            fitting[json.dumps(value, sort_keys=True)] = value
    if not fitting:
        raise ValueError(wrong or "no JSON object")
    if len(fitting) > 1:
        raise ValueError(f"{len(fitting)} answers that differ")
    return next(iter(fitting.values()))


def objects(text: str) -> list[dict[str, Any]]:
    """The JSON objects after any thinking, outermost ones only. Raises ValueError when there is none, but should be."""
    found, wrong = [], []
    decoder = JSONDecoder(strict=False, parse_constant=no_number)
    start = text.find("{")
    while start >= 0 and len(wrong) < MOST_BRACES:
        try:
            value, end = decoder.raw_decode(text, start)
            found.append((start, end, sound_in(value)))
        except (ValueError, RecursionError) as error:
            wrong.append(error)
            end = start + 1
        start = text.find("{", end)
    after = after_thinking(text, [(start, end) for start, end, _ in found])
    if not found and wrong and "}" in text[after:]:
        raise wrong[0]
    return [value for start, _, value in found if start >= after]


def no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")


def sound_in(value: Any) -> Any:  # noqa: ANN401
    """The value with all its text `sound`: an escape in JSON may stand for what no file can hold."""
    if isinstance(value, str):
        return sound(value)
    if isinstance(value, dict):
        return {sound(name): sound_in(member) for name, member in value.items()}
    return [sound_in(member) for member in value] if isinstance(value, list) else value

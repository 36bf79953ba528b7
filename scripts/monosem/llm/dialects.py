"""What servers take: each knows other parameters, and says so in its refusals, which is how we learn it."""

import re
from dataclasses import dataclass, replace
from typing import Any

from monosem.llm.questions import Model, Question

UNKNOWN = re.compile(
    r"not (be )?(support|allow|permit|recogni|accept|implement|available|a valid|compatible)|unsupported|unknown"
    r"|unrecogni[sz]ed|unexpected|extra[ _](inputs|fields|forbidden)|deprecated|only the default|instead"
    r"|does(n't| not) (support|accept|take|have|know|allow)|invalid (param|arg|field|key)|must alternate|no longer",
    re.IGNORECASE,
)
TOO_MUCH = re.compile(
    r"too (large|long|high|many|big)|exceed|at most|at least|maximum|less|greater|above|between|range"
)
MOST_LIKELY = 20  # tokens of which a server gives the probability; more are refused by OpenAI and vLLM
SHORT, LONG = "max_tokens", "max_completion_tokens"
SCHEMA = r"response.?format|json.?schema|output.?(config|format)|structured.?output|guided|grammar|\bschema"
SYSTEM = r"\bsystem\b.{0,60}\b(role|message|prompt|instruction)|\brole.{0,60}\bsystem\b|must alternate"


@dataclass(frozen=True)
class Dialect:
    """Whether a server takes a JSON schema, a temperature, a system message and a wish for probabilities, and what it
    calls the most tokens."""

    schema: bool = True
    temperature: bool = True
    system: bool = True
    logprobs: bool = True
    limit: str = SHORT

    def learnt(self, said: str, model: Model) -> "Dialect":
        """What to try after this refusal; the same where it names nothing that could be left out."""
        unknown = UNKNOWN.search(said) is not None and not TOO_MUCH.search(said)
        learnt = self
        if self.schema and re.search(SCHEMA, said, re.IGNORECASE):
            learnt = replace(learnt, schema=False)
        if self.temperature and model.temperature is not None and unknown and "temperature" in said.lower():
            learnt = replace(learnt, temperature=False)
        if self.logprobs and "logprobs" in said.lower():
            learnt = replace(learnt, logprobs=False)
        if model.api == "openai" and unknown:
            if re.search(rf"\b({SHORT}|{LONG})\b", said):
                learnt = replace(learnt, limit=LONG if self.limit == SHORT else SHORT)
            if self.system and re.search(SYSTEM, said, re.IGNORECASE):
                learnt = replace(learnt, system=False)
        return learnt

    def told(self, before: "Dialect") -> str:
        """How it differs from the one before, in words."""
        lost = {
            "schema": "no JSON schema",
            "temperature": "no temperature",
            "system": "no system message",
            "logprobs": "no probabilities",
        }
        words = [name for field, name in lost.items() if getattr(before, field) and not getattr(self, field)]
        return ", ".join(words + ([f"{self.limit} for {before.limit}"] if self.limit != before.limit else []))


def request_openai(question: Question, model: Model, dialect: Dialect) -> dict[str, Any]:
    options: dict[str, Any] = {"model": model.name, dialect.limit: question.answer_tokens + model.thinking_tokens}
    if model.temperature is not None and dialect.temperature:
        options["temperature"] = model.temperature
    if question.choices and dialect.logprobs:
        options |= {"logprobs": True, "top_logprobs": MOST_LIKELY}
    if dialect.schema and not question.choices:
        form = {"name": "answer", "schema": question.schema, "strict": True}
        options["response_format"] = {"type": "json_schema", "json_schema": form}
    messages = question.messages if dialect.system else without_system(question.messages)
    return options | {"messages": [{"role": role, "content": text} for role, text in messages]}


def without_system(messages: tuple[tuple[str, str], ...]) -> list[tuple[str, str]]:
    """What the system says becomes the beginning of what the user says first."""
    said = [text for role, text in messages if role == "system"]
    (role, text), *others = [message for message in messages if message[0] != "system"]
    return [(role, "\n\n".join([*said, text])), *others]


def request_anthropic(question: Question, model: Model, dialect: Dialect) -> dict[str, Any]:
    from anthropic import transform_schema

    options: dict[str, Any] = {"model": model.name, "max_tokens": question.answer_tokens + model.thinking_tokens}
    if model.temperature is not None and dialect.temperature:
        options["extra_body"] = {"temperature": model.temperature}  # only older models know it, and no longer the SDK
    if dialect.schema and not question.choices:
        schema = transform_schema(question.schema)  # without the constraints that this API does not know
        options["output_config"] = {"format": {"type": "json_schema", "schema": schema}}
    options["system"] = "\n\n".join(text for role, text in question.messages if role == "system")
    messages = [{"role": role, "content": text} for role, text in question.messages if role != "system"]
    return options | {"messages": messages}

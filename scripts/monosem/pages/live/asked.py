"""What is asked of the server, checked field by field; what is refused is named with its value and a way out."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, NamedTuple

SHOWN = 60  # characters of a value in a message


class Refused(Exception):
    """A question that is not answered. Its text names field, value and fix."""

    def __init__(self, status: HTTPStatus, field: str, value: object, fix: str) -> None:
        self.status, self.field = status, field
        self.value = str(value) if isinstance(value, str) else json.dumps(value)
        self.value = self.value[:SHOWN] + "…" * (len(self.value) > SHOWN)
        super().__init__(f"{field} {self.value}: {fix}")

    def reply(self) -> dict[str, str]:
        return {"error": str(self), "field": self.field, "value": self.value}


class Text(NamedTuple):
    def check(self, value: object) -> str | None:
        """What is expected in its place, None if it is right."""
        if not isinstance(value, str):
            return "a text expected"
        is_whole = not any("\ud800" <= character <= "\udfff" for character in value)
        return None if is_whole else "whole characters expected; it has half of a surrogate pair"


class Number(NamedTuple):
    low: float
    high: float
    whole: bool = False
    optional: bool = False

    def check(self, value: object) -> str | None:
        if self.optional and value is None:
            return None
        kinds = (int,) if self.whole else (int, float)
        is_number = isinstance(value, kinds) and not isinstance(value, bool)
        if is_number and self.low <= value <= self.high:
            return None
        null = ", or null" if self.optional else ""
        return f"a {'whole ' if self.whole else ''}number from {self.low:,} to {self.high:,} expected{null}"


class Feature(NamedTuple):
    """A whole number; one that no feature has is found out later."""

    optional: bool = False

    def check(self, value: object) -> str | None:
        if (self.optional and value is None) or (isinstance(value, int) and not isinstance(value, bool)):
            return None
        return f"the number of a feature expected{', or null' if self.optional else ''}"


Field = Text | Number | Feature
LIMITS = {
    "multiple": Number(-2, 5, optional=True),  # of the feature's highest known activation; null leaves it alone
    "n_tokens": Number(1, 64, whole=True),
    "seed": Number(0, 2**31 - 1, whole=True),
    "temperature": Number(0.1, 2),
}
READ = {"text": Text(), "feature": Feature(optional=True)}
STEER = {"text": Text(), "feature": Feature(), **LIMITS}


def parse(body: bytes, fields: Mapping[str, Field]) -> dict[str, Any]:
    """The fields of a JSON object; Refused when it is none, or has other fields or values than may be."""
    try:
        given = json.loads(body)
    except (ValueError, RecursionError):
        found = body.decode(errors="replace")
        raise Refused(HTTPStatus.BAD_REQUEST, "body", found, "not JSON; send an object such as {…}") from None
    wanted = ", ".join(fields)
    if not isinstance(given, dict):
        raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, "body", given, f"an object with {wanted} expected")
    for name in given:
        if name not in fields:
            raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, name, given[name], f"no such field; there are {wanted}")
    for name, field in fields.items():
        fix = field.check(given.get(name))
        if fix is not None:
            raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, name, given.get(name, "missing"), fix)
    return {name: given.get(name) for name in fields}

"""Extractors of the web: pages, structured recipes, recorded HTTP exchanges.

Every extractor takes the bytes of one file in a package and yields texts.
"""

import ast
import html
import re
from collections.abc import Iterator
from itertools import islice

from monosem.text.corpus.cleaning import decode, shorten_base64

LINKED_DATA = re.compile(r"<script[^>]*application/ld\+json[^>]*>(.*?)</script>", re.S)
EXCHANGE = re.compile(
    r"^https?\n(?P<method>[A-Z]+)\n(?P<host>\S+)\n\S+\n(?P<path>.*)\n(?P<asked>[\[{].*[\]}])\n(?P<body>.*)\n"
    r"(?P<status>\d+)\n(?P<told>[\[{].*[\]}])\n(?P<reply>.*)$",
    re.M,
)
EXCHANGES_PER_FILE = 14  # further ones are pages of the same listing


def page(content: bytes) -> Iterator[str]:
    yield shorten_base64(decode(content))


def linked_data(content: bytes) -> Iterator[str]:
    """The JSON-LD blocks of a page: recipes with ingredients and nutrition."""
    for block in LINKED_DATA.findall(decode(content)):
        yield html.unescape(block.strip())


def http(content: bytes) -> Iterator[str]:
    """Exchanges that PyGithub recorded, a line a field, written as HTTP/1.1."""
    recorded = islice(EXCHANGE.finditer(decode(content)), EXCHANGES_PER_FILE)
    yield "\n\n".join(exchange(**match.groupdict()) for match in recorded)


def exchange(*, method: str, host: str, path: str, asked: str, body: str, status: str, told: str, reply: str) -> str:
    request, response = dict(ast.literal_eval(asked)), dict(ast.literal_eval(told))
    reason = response.pop("status", status)
    sent = "" if body == "None" else body[:1_500] + "\n\n"
    received = shorten_base64(reply[:1_200], keep=120)
    question = f"{method} {path} HTTP/1.1\nHost: {host}\n{headers(request)}\n{sent}"
    return f"{question}HTTP/1.1 {reason}\n{headers(response)}\n{received}"


def headers(fields: dict[str, str]) -> str:
    return "".join(f"{name}: {value}\n" for name, value in fields.items())

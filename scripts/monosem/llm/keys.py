"""Keys: read from the environment, refused where they are odd, and taken out of all that a server or an SDK says.

A server may show a key back in any spelling: in an error, escaped for JSON or a URL, as base64 of the header that held
it, over several lines, or cut off. So text is compared by its letters and digits alone, without case, once as it stands
and once with escapes read, and any stretch of a secret that is long enough to give it away becomes `***`.
"""

import base64
import os
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import unquote, urlsplit

SHORTEST = 8  # letters and digits; a shorter key is a word that local servers take for want of one, such as "none"
PIECE = 12  # letters and digits of a secret, one after another, that are as good as all of it
HIDDEN = "***"
ESCAPED = re.compile(
    r"\\+u\{(?P<braced>[0-9a-f]{1,6})\}|\\+u(?P<json>[0-9a-f]{4})|\\+U(?P<long>[0-9a-f]{8})|\\+x(?P<hex>[0-9a-f]{2})"
    r"|%(?:25)*(?P<percent>[0-9a-f]{2})|&(?:amp;)*#x(?P<entity>[0-9a-f]{1,6});|&(?:amp;)*#(?P<decimal>[0-9]{1,7});"
    r"|(?P<nothing>\\+[abfnrtv]|&(?:amp;)*[a-z]+;)|(?P<plain>[0-9a-z])",
    re.IGNORECASE,
)
PLAIN = re.compile("(?P<plain>[0-9a-z])", re.IGNORECASE)


def read_key(variable: str | None) -> str | None:
    """Raises ValueError when the environment has no such variable, or no key that a header can hold, and shows none.

    A server on this machine needs no key.
    """
    if variable is None:
        return None
    if not re.fullmatch("[A-Z_][A-Z0-9_]*", variable):  # or it may be the key itself, and would be shown
        key = os.environ.get(variable)
        where = "environment variable that --key-variable names"
    else:
        key, where = os.environ.get(variable), f"environment variable {variable}"
    if not key:
        raise ValueError(
            f"{where}: not set; it should hold the key of the language model, and --key-variable its name, not the key"
        )
    for position, character in enumerate(key, start=1):
        if not "!" <= character <= "~":
            raise ValueError(
                f"{where}: character {position} of {len(key)} is {kind(character)}, which no key holds; "
                "set the variable to the key alone, in printable ASCII"
            )
    return key


def kind(character: str) -> str:
    """What an odd character is, in words that do not give it away."""
    if character in "\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029":
        return "the end of a line"
    if character.isspace():
        return "a space or tab"
    category = unicodedata.category(character)
    return {"Cc": "a control character", "Cf": "an invisible character"}.get(category, "not ASCII")


def lent(api: str, environment: Mapping[str, str]) -> Iterator[str]:
    """Further secrets that SDKs take from the environment: headers of one's own, and passwords of proxies."""
    for line in environment.get(f"{api.upper()}_CUSTOM_HEADERS", "").splitlines():
        name, _, value = line.partition(":")
        if re.search("key|token|secret|auth|cookie|password", name, re.IGNORECASE):
            yield value.strip().removeprefix("Bearer ")
    for name, value in environment.items():
        if name.lower().endswith("_proxy") and "@" in value:
            yield unquote(urlsplit(value if "//" in value else f"//{value}").password or "")


class Secrets:
    """All that must not be shown. `hide` is the one way from what a server or an SDK said to anything of ours."""

    def __init__(self, values: Iterable[str | None]) -> None:
        known = {value for value in values if value}
        long = {value for value in known if len(bare(value)) >= SHORTEST}
        self.words = [re.compile(rf"(?<!\w){re.escape(value)}(?!\w)") for value in known - long]
        self.pieces: dict[int, set[str]] = {}
        for form in (form for value in long for form in forms(value)):
            size = min(PIECE, len(form))
            self.pieces.setdefault(size, set()).update(form[i : i + size] for i in range(len(form) - size + 1))

    def hide(self, text: str) -> str:
        spans = [match.span() for word in self.words for match in word.finditer(text)]
        for pattern in (PLAIN, ESCAPED) if self.pieces else ():
            letters, places = skeleton(text, pattern)
            for first in range(len(letters)):
                for size, known in self.pieces.items():
                    if letters[first : first + size] in known:
                        spans.append((places[first][0], places[first + size - 1][1]))
        parts, end = [], 0
        for first, past in sorted(spans):
            if first > end or not parts:
                parts += [text[end:first], HIDDEN]
            end = max(end, past)
        return "".join([*parts, text[end:]])


def skeleton(text: str, pattern: re.Pattern[str]) -> tuple[str, list[tuple[int, int]]]:
    """The letters and digits of a text in lower case, and where each of them stands in it."""
    letters, spans = [], []
    for match in pattern.finditer(text):
        name, found = match.lastgroup, match[match.lastgroup or 0]
        if name != "plain":
            code = -1 if name == "nothing" else int(found, 10 if name == "decimal" else 16)
            found = chr(code) if 0 <= code < 128 else ""
        if found.isalnum():
            letters.append(found.lower())
            spans.append(match.span())
    return "".join(letters), spans


def bare(text: str) -> str:
    return skeleton(text, PLAIN)[0]


def forms(value: str) -> Iterator[str]:
    """The spellings of a secret that share no letters with it: base64 wherever it begins, hexadecimal."""
    yield bare(value)
    for data in {value.encode(), value.upper().encode(), value.lower().encode()}:
        yield data.hex()
        for before in range(3):  # bytes before it in its group of three; they and those behind change letters beside
            first, past = -(-8 * before // 6), 8 * (before + len(data)) // 6
            yield bare(base64.b64encode(bytes(before) + data).decode()[first:past])

"""Text helpers that the extractors share."""

import html
import re
from collections.abc import Iterable, Iterator

TAG = re.compile(r"<[^>]{1,400}>")
BASE64_RUN = re.compile(r"[A-Za-z0-9+/]{120,}={0,2}|(?:[A-Za-z0-9+/]{60,76}\n){3,}[A-Za-z0-9+/]*={0,2}")


def decode(content: bytes) -> str:
    """UTF-8 if it is that, else Latin-1, which never fails; Unix line ends, no NUL characters."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")


def gather(pieces: Iterable[str], separator: str, *, size: int = 5_000) -> Iterator[str]:
    """Join short pieces (verses, entries, messages) into documents of at least `size` characters, but for the last."""
    held, length = [], 0
    for piece in pieces:
        held.append(piece)
        length += len(piece)
        if length >= size:
            yield separator.join(held)
            held, length = [], 0
    if held:
        yield separator.join(held)


def one_line(text: str) -> str:
    return " ".join(text.split())


def strip_tags(markup: str) -> str:
    return html.unescape(TAG.sub("", markup))


def looks_random(run: str) -> bool:
    """Tells base64 from long identifiers and from repeated filler, by the characters it uses."""
    sample = run[:4_000]
    kinds = (str.isdigit, str.islower, str.isupper)
    return len(set(sample)) > 30 and all(any(map(kind, sample)) for kind in kinds)


def base64_runs(text: str, *, lead: int = 160) -> Iterator[str]:
    """Each base64 run of `text` with the `lead` characters that introduce it."""
    for match in BASE64_RUN.finditer(text):
        run = match.group()
        if len(run) >= 200 and looks_random(run):
            yield text[max(0, match.start() - lead) : match.end()]


def shorten_base64(text: str, *, keep: int = 240) -> str:
    """Cut base64 runs short, so that embedded images do not drown the text around them."""
    return BASE64_RUN.sub(lambda match: match.group()[: keep if looks_random(match.group()) else None], text)

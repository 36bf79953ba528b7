"""Held-out text and the tokens it is made of, shared by all dictionaries of a site; hostile characters become marks."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from monosem.pages.browser.shards import CONTEXTS_A_SHARD, write_shard, write_shards
from monosem.pages.visible import Piece, readable, visible

LONGEST = 200  # characters shown of a token
LONGEST_TEXT = 400  # and of an explanation
DOCUMENT_START = "⏵"

Shown = str | list[str]  # plain text; or plain text and marks by turns, beginning with plain text


def shown_vocabulary(vocabulary: list[str], bos: int) -> list[Shown]:
    return [DOCUMENT_START if token == bos else shown_token(text) for token, text in enumerate(vocabulary)]


def shown_token(text: str) -> Shown:
    """What is cut off a long token is counted in a mark."""
    pieces = visible(text[:LONGEST])
    if len(text) > LONGEST:
        pieces.append(Piece(f"… {len(text):,} characters", True))
    return turns(pieces)


def turns(pieces: Iterable[Piece]) -> Shown:
    found = [""]
    for piece in pieces:
        if piece.is_mark == bool(len(found) % 2):
            found.append(piece.text)
        else:
            found[-1] += piece.text
    return found[0] if len(found) == 1 else found


def plain(shown: Shown) -> str:
    return shown if isinstance(shown, str) else "".join(shown)


def sentence(text: object) -> str:
    """A sentence with marks for what would be invisible; missing values are empty."""
    if not isinstance(text, str):
        return ""
    cut = text[:LONGEST_TEXT] + ("…" if len(text) > LONGEST_TEXT else "")
    return cut if cut.isascii() and cut.isprintable() else "".join(piece.text for piece in readable(cut))


def write_text(folder: Path, vocabulary: list[Shown], tokens_SL: np.ndarray) -> int:
    """The vocabulary and all contexts; returns the bytes of all files."""
    folder.mkdir(parents=True)
    written = write_shard(folder / "vocabulary.js", vocabulary)
    return written + write_shards(
        folder, "contexts", len(tokens_SL), CONTEXTS_A_SHARD, lambda rows: tokens_SL[rows.start : rows.stop].tolist()
    )

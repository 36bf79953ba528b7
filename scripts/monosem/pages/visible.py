"""Text made safe to look at: what would be invisible, or would rearrange its neighbours, is shown as a mark."""

import unicodedata
from typing import NamedTuple

MARKS = {" ": "·", "\n": "↵", "\t": "⇥", "\r": "␍"}
# letters and marks by category, yet blank or without width: Hangul fillers, grapheme joiner, Braille blank
BLANK = frozenset("\u115f\u1160\u3164\uffa0\u034f\u2800")
DOTTED_CIRCLE = "\u25cc"  # carries a combining mark that has no letter before it


class Piece(NamedTuple):
    text: str
    is_mark: bool  # stands for a character that cannot be shown itself


def visible(text: str) -> list[Piece]:
    """Runs of ordinary characters and marks, in order. Escaping for HTML is left to the template.

    White space gets a mark; controls, directional and zero-width characters their code point, as in U+200B.
    """
    pieces: list[Piece] = []
    for character in text:
        if character in MARKS:
            pieces.append(Piece(MARKS[character], True))
        elif not character.isprintable() or character in BLANK:
            pieces.append(Piece(f"U+{ord(character):04X}", True))
        elif pieces and not pieces[-1].is_mark:
            pieces[-1] = Piece(pieces[-1].text + character, False)
        else:
            lone = unicodedata.category(character).startswith("M")
            pieces.append(Piece(DOTTED_CIRCLE + character if lone else character, False))
    return pieces


def readable(text: str) -> list[Piece]:
    """As `visible`, but spaces stay spaces: for sentences."""
    return [Piece(" ", False) if piece == (MARKS[" "], True) else piece for piece in visible(text)]

"""Which characters the bytes of tokens belong to, whole text at a time; a token may hold parts of characters only.

Shape suffixes: V vocabulary, T tokens of a text, B its bytes, C its characters, Z bytes of all of V.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

BROKEN = -1  # code point of bytes that are no whole character: cut off, or not UTF-8
LENGTHS = np.zeros(256, dtype=np.int64)  # of a character, by its first byte; 0: none begins so
LENGTHS[:0x80], LENGTHS[0xC0:0xE0], LENGTHS[0xE0:0xF0], LENGTHS[0xF0:0xF8] = 1, 2, 3, 4
FIRST_BITS = np.array([0, 0x7F, 0x1F, 0x0F, 0x07])  # of a first byte, those that belong to the code point
SPACE = ord(" ")


class Vocabulary(NamedTuple):
    """The bytes of all tokens, one after the other."""

    byte_Z: np.ndarray
    first_V: np.ndarray
    size_V: np.ndarray


class Characters(NamedTuple):
    point_B: np.ndarray  # code point of the character that a byte belongs to, or BROKEN
    opening_B: np.ndarray  # the space that opens a token of more than a space
    first_T: np.ndarray  # a token's first byte
    finished_T: np.ndarray  # the token does not end within a character


def vocabulary_of(tokens: Sequence[bytes], bos: int) -> Vocabulary:
    """BOS, which separates texts, is one zero byte here, and so is a token without any byte."""
    parts = [b"\0" if token == bos or not text else text for token, text in enumerate(tokens)]
    size_V = np.array([len(part) for part in parts])
    return Vocabulary(np.frombuffer(b"".join(parts), dtype=np.uint8), np.cumsum(size_V) - size_V, size_V)


def characters(tokens_T: np.ndarray, vocabulary: Vocabulary) -> Characters:
    size_T = vocabulary.size_V[tokens_T]
    first_T = np.cumsum(size_T) - size_T
    place_B = np.arange(size_T.sum()) + np.repeat(vocabulary.first_V[tokens_T] - first_T, size_T)
    byte_B = vocabulary.byte_Z[place_B]
    point_B, left_B = decode(byte_B)
    opens_T = (byte_B[first_T] == SPACE) & (size_T > 1)
    opening_B = np.zeros(byte_B.size, dtype=bool)
    opening_B[first_T[opens_T]] = True
    return Characters(point_B, opening_B, first_T, left_B[first_T + size_T - 1] == 0)


def decode(byte_B: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of each byte: the code point of its character, and how many bytes of that character are still to come."""
    start_C = np.flatnonzero((byte_B & 0xC0) != 0x80)
    size_C, held_C = LENGTHS[byte_B[start_C]], np.diff(start_C, append=byte_B.size)
    point_C = byte_B[start_C].astype(np.int32) & FIRST_BITS[size_C].astype(np.int32)
    whole_C = (size_C > 0) & (held_C >= size_C)
    for step in range(1, LENGTHS.max()):
        more_C = whole_C & (size_C > step)
        point_C[more_C] = point_C[more_C] << 6 | byte_B[start_C[more_C] + step] & 0x3F
    point_C[~whole_C] = BROKEN
    stray = np.full(start_C[0] if start_C.size else byte_B.size, BROKEN, dtype=np.int32)
    point_B = np.concatenate([stray, np.repeat(point_C, held_C)])
    end_C = start_C + size_C
    left_B = np.concatenate([stray, np.repeat(end_C, held_C) - 1 - np.arange(stray.size, byte_B.size)])
    point_B[left_B < 0] = BROKEN
    left_B[point_B == BROKEN] = 0
    return point_B, left_B


def inside(text: Characters, blocks: Sequence[tuple[int, int]]) -> np.ndarray:
    """Bool [T]: all characters that a token holds a part of are in the blocks, but for the space that opens it."""
    within_B = text.opening_B.copy()
    for low, high in blocks:
        within_B |= (text.point_B >= low) & (text.point_B <= high)
    return np.logical_and.reduceat(within_B, text.first_T)

"""What the tokens of a tokenizer stand for, and whether that is the text they were made of.

The text of a token is what the tokenizer's own decoder makes of it between two letters; the bytes of characters that
are cut, which decoders replace, are told by the two ways in which tokens name bytes. Both are tried on text in many
scripts whenever a tokenizer is read: one whose text does not come back is refused, by the name of what loses it.
"""

import json
import re
from collections.abc import Callable
from pathlib import Path

from tokenizers import Tokenizer

from monosem.text.samples import SAMPLES, plain

BYTE = re.compile("<0x([0-9A-F]{2})>")  # as SentencePiece names bytes
FIRST, LAST = "a", "b"  # around a token that is decoded by itself


def speller(tokenizer: Tokenizer) -> Callable[[str], bytes]:
    """From a token's name to its bytes in the middle of a text. Raises ValueError where that depends on its place."""
    kinds, byte_of = kinds_of(tokenizer, "decoder"), bytes_of_characters()
    added = {token.content for token in tokenizer.get_added_tokens_decoder().values()}
    before = decode(tokenizer, [FIRST])
    after = decode(tokenizer, [FIRST, LAST]).removeprefix(before)

    def bytes_of(name: str) -> bytes:
        if "ByteLevel" in kinds:
            known = name not in added and set(name) <= byte_of.keys()
            return bytes(byte_of[character] for character in name) if known else name.encode()
        if "ByteFallback" in kinds and (byte := BYTE.fullmatch(name)):
            return bytes.fromhex(byte[1])
        text = decode(tokenizer, [FIRST, name, LAST])
        if not (text.startswith(before) and text.endswith(after) and len(text) >= len(before + after)):
            raise ValueError(f"{', '.join(kinds)} makes {text!r} of {FIRST}, {name}, {LAST}")
        return text[len(before) : len(text) - len(after)].encode()

    return bytes_of


def decode(tokenizer: Tokenizer, names: list[str]) -> str:
    return tokenizer.decoder.decode(names) if tokenizer.decoder else " ".join(names)


def kinds_of(tokenizer: Tokenizer, part: str) -> list[str]:
    """The types of a part of a tokenizer, of a sequence those in it."""
    found, waiting = [], [json.loads(tokenizer.to_str())[part]]
    for one in waiting:
        waiting += next((one[key] for key in (f"{part}s", "pretokenizers") if one and key in one), [])
        found += [one["type"]] if one and one["type"] != "Sequence" else []
    return found or ["none"]


def bytes_of_characters() -> dict[str, int]:
    """GPT-2's map of printable characters to bytes (https://github.com/openai/gpt-2, encoder.py)."""
    printable = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAC + 1), *range(0xAE, 0xFF + 1)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(b): b for b in printable} | {chr(256 + i): b for i, b in enumerate(others)}


def check_decoder(tokenizer: Tokenizer, path: Path) -> None:
    """Raises ValueError for decoders that look at more than a token, and for one that leaves marks of words in it."""
    kinds, model = kinds_of(tokenizer, "decoder"), json.loads(tokenizer.to_str())["model"]
    if "CTC" in kinds:
        raise ValueError(f"tokenizer {path}: decoder CTC drops what is repeated; it is for speech, not for text")
    if "Strip" in kinds and "Fuse" not in kinds[: kinds.index("Strip")]:
        raise ValueError(f"tokenizer {path}: decoder Strip takes spaces off every token; put Fuse before it")
    if "Fuse" in kinds and "Replace" in kinds[kinds.index("Fuse") :]:
        raise ValueError(f"tokenizer {path}: decoder Replace after Fuse sees more than a token; put it before Fuse")
    begun, ended = (model.get(name) or "" for name in ("continuing_subword_prefix", "end_of_word_suffix"))
    inner = decode(tokenizer, [FIRST, f"{begun}{FIRST}{ended}", LAST])
    for mark in filter(None, (begun, ended)):
        if mark in inner:
            raise ValueError(
                f"tokenizer {path}: decoder {', '.join(kinds)} leaves {mark} of its model {model['type']} in the text; "
                "give it the decoder that takes them off"
            )


def check_text(tokenizer: Tokenizer, path: Path) -> None:
    """Raises ValueError when a sample does not come back from the tokens' bytes, or otherwise than decoded."""
    bytes_of, unknown = speller(tokenizer), unknown_id(tokenizer)
    for sample in SAMPLES:
        encoding = tokenizer.encode(sample, add_special_tokens=False)
        names = [tokenizer.id_to_token(token) for token in encoding.ids]
        try:
            spelt = b"".join(map(bytes_of, names)).decode("utf-8", "replace").strip()
        except ValueError as error:
            raise ValueError(f"tokenizer {path}: decoder {error}, so a token has no text of its own") from None
        decoded = tokenizer.decode(encoding.ids, skip_special_tokens=False).strip()
        if spelt != decoded:
            kinds = ", ".join(kinds_of(tokenizer, "decoder"))
            raise ValueError(f"tokenizer {path}: decoder {kinds} makes {decoded!r} of tokens that spell {spelt!r}")
        if unknown in encoding.ids:
            whole = covers(encoding.offsets, sample)
        else:
            whole = plain(spelt) == plain(sample) and (" " in spelt or " " not in sample)
        if not whole:
            part = loses(tokenizer, sample)
            raise ValueError(
                f"tokenizer {path}: {part} {', '.join(kinds_of(tokenizer, part))} makes {spelt!r} of {sample!r}; "
                "text that does not come back cannot be studied: take a tokenizer that keeps it"
            )


def unknown_id(tokenizer: Tokenizer) -> int | None:
    model = json.loads(tokenizer.to_str())["model"]
    name = model.get("unk_token")
    return model.get("unk_id") if name is None else tokenizer.token_to_id(name)


def covers(offsets: list[tuple[int, int]], sample: str) -> bool:
    """Every letter of a sample is in some token, be it the unknown one."""
    held = {place for first, last in offsets for place in range(first, last)}
    return all(place in held for place, letter in enumerate(sample) if plain(letter))


def loses(tokenizer: Tokenizer, sample: str) -> str:
    """The first part of a tokenizer that does not keep a sample."""
    byte_of, text = bytes_of_characters(), sample
    for part in ("normalizer", "pre_tokenizer"):
        step = getattr(tokenizer, part)
        if step is not None:
            text = step.normalize_str(text) if part == "normalizer" else joined(step.pre_tokenize_str(text))
            if "ByteLevel" in kinds_of(tokenizer, part):
                text = bytes(byte_of[character] for character in text).decode("utf-8", "replace")
            text = text.replace("▁", " ")
            if plain(text) != plain(sample):
                return part
    return "decoder" if covers(tokenizer.encode(sample, add_special_tokens=False).offsets, sample) else "model"


def joined(pieces: list[tuple[str, tuple[int, int]]]) -> str:
    return "".join(piece for piece, _ in pieces)

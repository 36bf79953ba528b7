"""Tokenizers: learnt here or read from files, and which bytes each token stands for.

A file is taken as it says but for what was left switched on by other work: truncation, padding, dropout of merges.
"""

import json
import re
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from monosem.ground.finite import read_numbers
from monosem.text.spelling import check_decoder, check_text, speller

BOS = "<|bos|>"
BOS_NAMES = (BOS, "<|endoftext|>", "<s>", "<bos>", "[CLS]")


def train_bpe(texts: Any, vocab_size: int) -> Tokenizer:  # noqa: ANN401
    """A byte-level BPE of exactly `vocab_size` tokens or fewer where the text does not hold enough; BOS is id 0."""
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    if vocab_size <= len(alphabet):
        raise ValueError(f"vocabulary size {vocab_size}: at least {len(alphabet) + 1} (BOS and every byte) expected")
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size, special_tokens=[BOS], initial_alphabet=sorted(alphabet), show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def load_tokenizer(path: Path) -> tuple[Tokenizer, int]:
    """A `tokenizer.json` and its BOS id. Text that spells a special token is encoded as text."""
    try:
        text = path.read_text(encoding="utf-8")
        whole = read_numbers(text, "its")
        if "model" not in whole:
            raise TypeError("it has no `model`")
        tokenizer = Tokenizer.from_str(json.dumps(switched_off(whole)))
    except FileNotFoundError:
        raise ValueError(f"tokenizer {path}: no such file; give the path of a tokenizer.json") from None
    except (json.JSONDecodeError, ValueError, TypeError) as error:
        raise ValueError(f"tokenizer {path}: not a tokenizer.json ({error})") from None
    tokenizer.encode_special_tokens = True
    for name in BOS_NAMES:
        bos = tokenizer.token_to_id(name)
        if bos is not None:
            check_decoder(tokenizer, path)
            check_text(tokenizer, path)
            return tokenizer, bos
    raise ValueError(f"tokenizer {path}: has none of {', '.join(BOS_NAMES)}; add one to mark document starts")


def switched_off(whole: dict[str, Any]) -> dict[str, Any]:
    """Without what shortens, fills up or varies texts; and BOS, if it was added, is special: no text is it."""
    model = {**whole["model"], "dropout": None} if "dropout" in whole["model"] else whole["model"]
    added = [
        {**token, "special": token.get("special", False) or token["content"] in BOS_NAMES}
        for token in whole.get("added_tokens") or []
    ]
    return {**whole, "truncation": None, "padding": None, "model": model, "added_tokens": added}


def encode_texts(tokenizer: Tokenizer, bos: int, texts: list[str]) -> list[list[int]]:
    """Ids of each text, BOS not among them. Where one spells BOS, and the model would take that for it, the word is cut
    after its first letter: a tokenizer that opens texts with a space puts one there."""
    found = [encoding.ids for encoding in tokenizer.encode_batch_fast(texts, add_special_tokens=False)]
    return [ids if bos not in ids else cut(tokenizer, bos, text) for ids, text in zip(found, texts, strict=True)]


def cut(tokenizer: Tokenizer, bos: int, text: str) -> list[int]:
    name = tokenizer.id_to_token(bos)
    pieces = re.sub(f"(?<={re.escape(name[0])})(?={re.escape(name[1:])})", "\0\0", text).split("\0\0")
    encodings = tokenizer.encode_batch_fast(pieces, add_special_tokens=False)
    ids = [token for encoding in encodings for token in encoding.ids]
    if bos in ids:
        raise ValueError(f"text {text[:80]!r}: read as {name}, which marks document starts; name that token otherwise")
    return ids


def count_ids(tokenizer: Tokenizer) -> int:
    """Up to the highest id: ids may be left out, so there may be fewer tokens."""
    return max(tokenizer.get_vocab(with_added_tokens=True).values()) + 1


def load_vocabulary(path: Path) -> list[str]:
    """Readable text of every token id; a byte that is not valid UTF-8 by itself is shown as \\xd8."""
    return [token.decode("utf-8", "backslashreplace") for token in load_bytes(path)]


def load_bytes(path: Path) -> list[bytes]:
    """The bytes of every token id, which may hold parts of characters; of an id that is left out, none."""
    tokenizer, _ = load_tokenizer(path)
    bytes_of, names = speller(tokenizer), map(tokenizer.id_to_token, range(count_ids(tokenizer)))
    return [b"" if name is None else bytes_of(name) for name in names]

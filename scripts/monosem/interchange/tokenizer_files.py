"""A tokenizer beside a model: what transformers' AutoTokenizer reads, and whether two are the same."""

import json
import shutil
from pathlib import Path

from tokenizers import Tokenizer

from monosem.interchange.forms import write_json
from monosem.text.tokens import load_tokenizer

TOKENIZER = "tokenizer.json"
PARTS = ("model", "normalizer", "pre_tokenizer", "added_tokens")  # of which token ids are made; the rest wraps them


def write_tokenizer(folder: Path, tokenizer: Path, context_length: int) -> None:
    """tokenizer.json as it is, and what AutoTokenizer needs beside it."""
    found, bos = load_tokenizer(tokenizer)
    shutil.copyfile(tokenizer, folder / TOKENIZER)
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": found.id_to_token(bos),
        "eos_token": found.id_to_token(bos),
        "model_max_length": context_length,
        "clean_up_tokenization_spaces": False,
    }
    write_json(folder / "tokenizer_config.json", config)


def check_same_tokenizer(folder: Path, tokenizer: Path) -> None:
    """Raises ValueError when the model of `folder` reads other tokens than `tokenizer` makes."""
    theirs = folder / TOKENIZER
    if not theirs.exists():
        raise ValueError(
            f"{theirs}: no such file; save it there with AutoTokenizer.from_pretrained(...).save_pretrained"
        )
    if parts(theirs) != parts(tokenizer):
        raise ValueError(
            f"{theirs}: another tokenizer than this run's; write tokens: {{tokenizer: {theirs}}} in the config"
        )


def parts(path: Path) -> list[object]:
    load_tokenizer(path)  # says what is wrong with the file
    whole = json.loads(Tokenizer.from_file(str(path)).to_str())
    return [whole.get(name) for name in PARTS]

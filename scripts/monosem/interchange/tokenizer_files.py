"""A tokenizer beside a model: what transformers' AutoTokenizer reads, and whether two are the same."""

import shutil
from pathlib import Path

from monosem.interchange.forms import write_json
from monosem.text.samples import SAMPLES
from monosem.text.tokenizer import encode_texts, load_tokenizer, load_vocabulary

TOKENIZER = "tokenizer.json"


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
    if not same_ids(theirs, tokenizer):
        raise ValueError(
            f"{theirs}: another tokenizer than this run's; write tokens: {{tokenizer: {theirs}}} in the config"
        )


def same_ids(one: Path, other: Path) -> bool:
    """The same ids for the samples and for the text of every token: files may differ in what makes no token."""
    texts = [*SAMPLES, *load_vocabulary(one), *load_vocabulary(other)]
    (own, bos), (others, other_bos) = load_tokenizer(one), load_tokenizer(other)
    return bos == other_bos and encode_texts(own, bos, texts) == encode_texts(others, bos, texts)

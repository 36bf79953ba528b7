"""The smallest run of the workflow: a tiny model of the user's own texts, made in a minute."""

import random
from pathlib import Path

from small_run import WORDS

CONFIG = """
corpus: {source: [texts/*.txt], packages: null, val_fraction: 0.3}
tokens: {vocab_size: 300, train_mb: 1, context_length: 16, train: 16000, val: 1600}
lm: {d_model: 8, n_heads: 2, d_mlp: 16, tokens: 16000, batch: 8, compile: false, val_tokens: 500}
models: {control: {dictionaries: [tiny]}}
acts: {n_vectors: 5000, per_context: 10}
sae: {vectors: 96000, batch: 64, resample_inputs: 256}
dictionaries: {relu-w512: null, relu-w2048: null, relu-w4096: null, tiny: {width: 24, l1: 3.0}}
headline: tiny
evaluation: {n_tokens: 1500, loss_tokens: 500}
"""


def write_run(folder: Path, config: str = CONFIG) -> None:
    """Texts, and own.yaml, which names them."""
    rng = random.Random(0)
    (folder / "texts").mkdir(parents=True)
    for i in range(120):
        (folder / "texts" / f"{i}.txt").write_text(" ".join(rng.choices(WORDS, k=200)))
    (folder / "own.yaml").write_text(config)

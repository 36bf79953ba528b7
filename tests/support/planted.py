"""A dictionary whose features follow words, and the scripts that explain and test it by a language model."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
from safetensors.numpy import save_file
from scipy.sparse import csr_array
from texts import packed, write_store

import explain_features
import sample_examples
import score_explanations
from monosem.autointerp.levels import quantise
from monosem.measures.codes import Codes, write_codes
from monosem.text.tokenizer import load_tokenizer, load_vocabulary, train_bpe

WORDS = [a + b for a in "bdfgklmnprst" for b in "aeiouy"]  # each is a token " ba" of its own
N_PLANTED, N_FEATURES = 4, 6  # feature 4 is active on 5 tokens, 5 is dead
CONTEXTS, LENGTH = 120, 32


def flags(options: dict[str, object]) -> list[str]:
    return [str(word) for name, value in options.items() if value is not None for word in (f"--{name}", value)]


def plant(folder: Path) -> Path:
    """A folder as evaluate_dictionary.py and sample_examples.py leave it; the features' levels are in levels.json."""
    rng = np.random.default_rng(0)
    tokenizer_path = folder / "tokenizer.json"
    train_bpe([" ".join(["", *WORDS]) * 20], 600).save(str(tokenizer_path))
    tokenizer, bos = load_tokenizer(tokenizer_path)
    ids = np.array([tokenizer.encode(f" {word}").ids for word in WORDS])[:, 0]
    word_SL = rng.integers(0, len(WORDS), (CONTEXTS, LENGTH - 1))
    tokens_SL = np.concatenate([np.full((CONTEXTS, 1), bos), ids[word_SL]], axis=1)
    write_store(folder / "val.zarr", packed(tokens_SL, bos=bos, vocab_size=tokenizer.get_vocab_size()))

    acts_FW = np.where(rng.random((N_PLANTED, len(WORDS))) < 0.1, rng.choice([0.35, 0.55, 0.75, 1.0], len(WORDS)), 0)
    acts_FW[np.arange(N_PLANTED), [3, 17, 31, 45]] = 1.0
    dense_TF = np.zeros((word_SL.size, N_FEATURES), dtype=np.float32)
    dense_TF[:, :N_PLANTED] = acts_FW.T[word_SL.ravel()]
    dense_TF[:5, N_PLANTED] = 1
    write_codes(folder / "codes.safetensors", Codes(csr_array(dense_TF)))
    codes = {"n_tokens": word_SL.size, "n_contexts": CONTEXTS, "n_features": N_FEATURES, "tokens_digest": "abc"}
    (folder / "codes.json").write_text(json.dumps(codes))
    columns = {"n_active": (dense_TF > 0).sum(axis=0), "max_act": dense_TF.max(axis=0)}
    pd.DataFrame({"feature": range(N_FEATURES), **columns}).to_parquet(folder / "features.parquet")

    logits = rng.normal(size=(N_FEATURES, tokenizer.get_vocab_size())).astype(np.float16)
    save_file({"logit_weights": logits}, folder / "logits.safetensors")
    text = load_vocabulary(tokenizer_path)
    levels = [
        {f" {word}": int(quantise(act, np.float64(1))) for word, act in zip(WORDS, acts_W, strict=True) if act}
        for acts_W in acts_FW
    ]
    likely = [[text[token] for token in np.argsort(-row)[:60] if token != bos] for row in logits[:N_PLANTED]]
    truth = [{"levels": of, "likely": tokens} for of, tokens in zip(levels, likely, strict=True)]
    (folder / "levels.json").write_text(json.dumps(truth))
    sample(folder, "examples", 9, explain=(10, 2, 5, 10), score=(6, 2, 10, 20))
    sample(folder, "contexts", 17, explain=(0, 0, 0, 0), score=(6, 2, 40, 20))
    return folder


def sample(folder: Path, name: str, width: int, **quotas: tuple[int, ...]) -> None:
    kinds = ("top", "interval", "random", "out-of-context")
    windows = {f"{role}-{kind}": n for role, counts in quotas.items() for kind, n in zip(kinds, counts, strict=True)}
    paths = {
        "codes": folder / "codes.safetensors",
        "codes-record": folder / "codes.json",
        "tokens": folder / "val.zarr",
    }
    numbers = {"seed": 0, "width": width, "intervals": 5, "min-active": 20}
    outputs = {"output": folder / f"{name}.parquet", "output-record": folder / f"{name}.json"}
    sample_examples.main(flags({**paths, **numbers, **windows, **outputs}))


def asking(folder: Path, url: str, **changed: object) -> dict[str, object]:
    """Flags of who is asked and how, which the two scripts share; an underscore stands for a dash."""
    who = {"api": "openai", "url": url, "llm": "tester", "temperature": 0, "usd-in": 1, "usd-out": 2}
    how = {"concurrency": 2, "timeout-s": 5, "attempts": 2, "backoff-s": 0.01, "give-up": 100, "seed": 0}
    files = {"features": folder / "features.parquet", "logit-weights": folder / "logits.safetensors"}
    files |= {"tokenizer": folder / "tokenizer.json", "examples": folder / "examples.parquet"}
    changes = {name.replace("_", "-"): value for name, value in changed.items()}
    return {**who, **how, "cache": folder / "cache.sqlite", **files, **changes}


def explain_flags(folder: Path, url: str, **changed: object) -> list[str]:
    names = {"model": "A", "site": "mlp_post", "dictionary": "tiny", "windows": None, "shots": 3}
    outputs = {"output": folder / "explanations.parquet", "output-record": folder / "explanations.json"}
    return flags({**names, **outputs, **asking(folder, url, **changed)})


def score_flags(folder: Path, url: str, **changed: object) -> list[str]:
    inputs = {"explanations": folder / "explanations.parquet", "explanations-record": folder / "explanations.json"}
    sizes = {
        "protocol": "paper",
        "shots": 1,
        "batch": 10,
        "simulation": 30,
        "logits": 40,
        "detection": 20,
        "fuzzing": 20,
    }
    outputs = {"output": folder / "scores.parquet", "output-answers": folder / "answers.parquet"}
    outputs |= {"output-record": folder / "scores.json", "contexts": folder / "contexts.parquet"}
    return flags({**inputs, **sizes, **outputs, **asking(folder, url, **changed)})


def explain(folder: Path, url: str, **changed: object) -> pd.DataFrame:
    explain_features.main(explain_flags(folder, url, **changed))
    return pd.read_parquet(folder / "explanations.parquet")


def score(folder: Path, url: str, **changed: object) -> pd.DataFrame:
    score_explanations.main(score_flags(folder, url, **changed))
    return pd.read_parquet(folder / "scores.parquet")


def write_explanations(folder: Path, texts: list[str]) -> None:
    """Explanations of the planted features, as explain_features.py would have written them."""
    status = ["ok"] * N_PLANTED + ["too_few_examples", "dead"]
    texts = texts + [""] * (N_FEATURES - N_PLANTED)
    table = pd.DataFrame({"feature": range(N_FEATURES), "status": status, "reason": "", "explanation": texts})
    table.to_parquet(folder / "explanations.parquet")
    record = {"model": "A", "site": "mlp_post", "dictionary": "tiny", "explainer": "hand"}
    record |= {"n_asked": N_PLANTED, "n_explained": N_PLANTED, "status_counts": {"ok": N_PLANTED}}
    (folder / "explanations.json").write_text(json.dumps(record))

"""A small site of the feature browser, made by its scripts from planted activations on hostile text, for its tests."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
from safetensors.numpy import save_file
from scipy.sparse import csr_array
from texts import packed, write_store
from tokenizers import AddedToken, Tokenizer, decoders, models

import assemble_browser
import build_browser
import match_features
import sample_examples
import score_features
from monosem.autointerp.judgement import MEASURES
from monosem.measures.codes import Codes, write_codes
from monosem.pages.browser.columns import write_table, write_texts
from monosem.pages.browser.examples import LEVELS, names

N_VOCAB, N_CONTEXTS, LENGTH, N_NEURONS = 60, 60, 48, 6
TOKENS = [
    "<script>alert(1)</script>",
    "&amp;",
    '"><b>',
    "\u202egnp",
    "\u200b",
    "\nnew",
    " the",
    "عرب",
    "\u0301",
    "\x00",
]
LONG = "\u202e<img src=x onerror=alert(1)>" + "long" * 2500  # 10 kB
NAMES = ["<|bos|>", *TOKENS, LONG, "cathedral", " cat"]
VOCABULARY = [*NAMES, *(f"t{i}" for i in range(N_VOCAB - len(NAMES)))]
RUNS = {("A", "tiny"): 8, ("B", "tiny"): 8, ("A", "neurons"): N_NEURONS}
LIMITS = {"top": 4, "interval": 2, "other": 2, "reach": 5, "context": 12}
INTERVALS = 5
WIDE = 131_072
CORRELATIONS, SHARES = MEASURES["simulation"], (*MEASURES["logits"], "always_no_accuracy")
TINY, OTHER, WIDER = "A/mlp_post/tiny", "B/mlp_post/tiny", "A/mlp_post/wide"


def words(**values: object) -> list[str]:
    return [str(word) for name, value in values.items() for word in (f"--{name.replace('_', '-')}", value)]


def write_tokens(root: Path) -> np.ndarray:
    """Held-out text of all tokens, tokenizer.json and val.zarr; some documents begin within a context."""
    tokenizer = Tokenizer(models.WordLevel({name: i for i, name in enumerate(VOCABULARY)}, unk_token="<|bos|>"))
    tokenizer.decoder = decoders.Fuse()
    tokenizer.add_special_tokens([AddedToken("<|bos|>", special=True)])
    tokenizer.save(str(root / "tokenizer.json"))
    rng = np.random.default_rng(0)
    tokens_SL = rng.integers(1, N_VOCAB, (N_CONTEXTS, LENGTH)).astype(np.uint16)
    tokens_SL[:, 0] = tokens_SL[::5, 20] = 0
    write_store(root / "val.zarr", packed(tokens_SL, vocab_size=N_VOCAB))
    return tokens_SL


def dense_codes(tokens_SL: np.ndarray, n_features: int, seed: int) -> np.ndarray:
    """Features follow tokens, a few each; the last is dead."""
    rng = np.random.default_rng(seed)
    acts_FV = np.where(rng.random((n_features, N_VOCAB)) < 0.2, rng.uniform(0.1, 2, (n_features, N_VOCAB)), 0)
    acts_FV[0, NAMES.index("cathedral")] = 9
    acts_FV[-1] = 0
    return acts_FV.T[tokens_SL[tokens_SL != 0]].astype(np.float32)


def write_run(root: Path, model: str, name: str, dense_TF: np.ndarray) -> Path:
    folder = root / model / name
    folder.mkdir(parents=True)
    write_codes(folder / "codes.safetensors", Codes(csr_array(dense_TF)))
    n_tokens, n_features = dense_TF.shape
    run = {"model": model, "site": "mlp_post", "dictionary": name}
    record = {"n_tokens": n_tokens, "n_contexts": N_CONTEXTS, "n_features": n_features, "tokens_digest": "abc"}
    (folder / "codes.json").write_text(json.dumps(run | record))
    n_active = (dense_TF > 0).sum(axis=0)
    columns = {"density": n_active / n_tokens, "n_active": n_active, "max_act": dense_TF.max(axis=0)}
    columns |= {"mean_act": dense_TF.mean(axis=0), "status": np.where(n_active > 0, "alive", "dead")}
    pd.DataFrame({"feature": np.arange(n_features, dtype=np.int32), **columns}).to_parquet(folder / "features.parquet")
    rng = np.random.default_rng(n_features)
    save_file(
        {"logit_weights": rng.normal(size=(n_features, N_VOCAB)).astype(np.float16)}, folder / "logits.safetensors"
    )
    save_file({"W_dec": rng.normal(size=(n_features, N_NEURONS)).astype(np.float32)}, folder / "sae.safetensors")
    quotas = {
        f"{role}_{kind}": 3 for role in ("explain", "score") for kind in ("top", "interval", "random", "out-of-context")
    }
    given = {"codes": folder / "codes.safetensors", "codes_record": folder / "codes.json", "tokens": root / "val.zarr"}
    counts = {"seed": 0, "width": 9, "intervals": INTERVALS, "min_active": 5, **quotas}
    outputs = {"output": folder / "examples.parquet", "output_record": folder / "examples.json"}
    sample_examples.main(words(**given, **counts, **outputs))
    outputs = {f"output_{part}": folder / f"{part}.parquet" for part in ("explanations", "scores")}
    given = {"examples": folder / "examples.parquet", "features": folder / "features.parquet"}
    given |= {"tokenizer": root / "tokenizer.json", "shrinkage": 0.5, "single_token_min": 2}
    score_features.main(words(**run, **given, **outputs, output_summary=folder / "scores.json"))
    return folder


def build_words(root: Path, model: str, name: str, **changes: object) -> list[str]:
    folder = root / model / name
    weights, beside = (root / "A/tiny", "tiny") if name == "neurons" else (folder, "neurons")
    values = {part: folder / f"{part}.safetensors" for part in ("codes", "logits")}
    values |= {part: folder / f"{part}.parquet" for part in ("features", "examples", "explanations", "scores")}
    values |= {"codes_record": folder / "codes.json", "tokens": root / "val.zarr", "tokenizer": root / "tokenizer.json"}
    values |= {"sae": weights / "sae.safetensors", "beside": beside, "intervals": INTERVALS, **LIMITS}
    output = root / "site/data" / model / "mlp_post" / name
    values |= {"output": output, "output_record": output.with_suffix(".json")}
    return words(**{**values, **changes})


def write_judged(folder: Path) -> dict[str, Path]:
    """What a language model said of two features and was asked of it: four tests of 0, and one unanswered of 1."""
    said = {"feature": range(8), "status": ["ok", "ok", *["not_chosen"] * 6]}
    said |= {"explanation": ["cathedrals & cats", "\u202ebad", *[""] * 6]}
    tests = ("simulation", "logits", "detection", "fuzzing")
    scores = pd.DataFrame({"feature": [0] * 4, "task": tests, "status": "ok", "reason": "", "n_items": 2})
    no_answer = {"feature": 1, "task": "logits", "status": "timeout", "reason": "took too long", "n_items": 2}
    scores = pd.concat([scores, pd.DataFrame([no_answer])], ignore_index=True)
    is_levels, is_judged = scores["task"] == "simulation", (scores["task"] != "simulation") & (scores["status"] == "ok")
    scores = scores.assign(**{name: np.where(is_levels, 0.25, np.nan) for name in CORRELATIONS})
    scores = scores.assign(**{name: np.where(is_judged, 0.75, np.nan) for name in SHARES})
    simulated = {"items": ["\u200b", LONG, " cat"], "lengths": [2, 1], "truth": [0, 9, 4], "answer": [9, 0, 4]}
    judged = {"items": ['"<script>alert(1)</script>"', "no"], "lengths": [1, 1], "truth": [1, 0], "answer": [4, 0]}
    by_task = dict(zip(tests, ("", "", "probability", "word"), strict=True))
    answers = [{"feature": 0, "task": task, "status": "ok", "read_from": by_task[task], **judged} for task in tests[1:]]
    answers += [{"feature": 0, "task": "simulation", "status": "ok", "read_from": "", **simulated}]
    answers += [{**no_answer, **judged, "read_from": "", "answer": []}]
    found = {}
    for name, table in {"explanations": pd.DataFrame(said), "scores": scores, "answers": pd.DataFrame(answers)}.items():
        found[f"llm_{name}"] = folder / f"llm-{name}.parquet"
        table.to_parquet(found[f"llm_{name}"])
    return found


def build(root: Path) -> Path:
    """The site's folder, with three dictionaries; A and B are matched, and have one more of WIDE made-up features."""
    tokens_SL = write_tokens(root)
    for seed, ((model, name), width) in enumerate(RUNS.items()):
        write_run(root, model, name, dense_codes(tokens_SL, width, seed))
    given = {f"{part}_{side.lower()}": root / side / "tiny" / file for side in "AB" for part, file in MATCHED.items()}
    run = {"model": "A", "other": "B", "site": "mlp_post", "dictionary": "tiny", "top_k": 2}
    matches = {"matches": root / "matches.parquet", "matches_record": root / "matches.json"}
    match_features.main(words(**run, **given, output=matches["matches"], output_record=matches["matches_record"]))
    judged = write_judged(root)
    for model, name in RUNS:
        given = {**(matches if name == "tiny" else {}), **(judged if (model, name) == ("A", "tiny") else {})}
        build_browser.main(build_words(root, model, name, **given))
    records = [root / "site/data" / model / "mlp_post" / f"{name}.json" for model, name in RUNS]
    assemble(root, [*records, write_wide(root / "site/data/A/mlp_post/wide", records[0])])
    return root / "site"


MATCHED = {"codes": "codes.safetensors", "record": "codes.json", "logits": "logits.safetensors"}


def assemble(root: Path, records: list[Path]) -> None:
    site = root / "site"
    paths = words(tokens=root / "val.zarr", tokenizer=root / "tokenizer.json", output=site / "index.html")
    paths += words(output_app=site / "app", output_text=site / "text")
    assemble_browser.main(["--dictionaries", *map(str, records), *paths])


def write_wide(folder: Path, like: Path) -> Path:
    """A table of WIDE made-up features; returns its record, as those of the others."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    numbers = {
        "density": 10 ** rng.normal(-4, 1, WIDE),
        "max_act": rng.random(WIDE),
        "spearman": rng.uniform(-1, 1, WIDE),
    }
    table = pd.DataFrame({"feature": np.arange(WIDE), **numbers, "score_status": "ok", "llm_explanation": None})
    table["text"] = [f"token {i * 7919 % WIDE} then token {i * 104_729 % WIDE} 7; other tokens 0" for i in range(WIDE)]
    table.loc[::10, "spearman"] = np.nan
    facts = {"n": WIDE, "kind": "features", "intervals": INTERVALS, "levels": LEVELS, "tokens": 1000, **names()}
    sizes = {"table": write_table(folder, table, {**facts, "reach": 5, "context": 12}, rng.random(WIDE))}
    sizes["texts"] = write_texts(folder, table, ["·fires"] * WIDE, ["·promotes"] * WIDE)
    record = json.loads(like.read_text()) | {"dictionary": "wide", "n_features": WIDE, "bytes": sizes}
    path = folder.with_suffix(".json")
    path.write_text(json.dumps(record))
    return path


def read_shard(path: Path) -> object:
    text = path.read_text(encoding="utf-8")
    assert text.startswith("monosem.receive(") and text.endswith(");\n")
    return json.loads(text.removeprefix("monosem.receive(").removesuffix(");\n"))

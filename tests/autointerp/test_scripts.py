"""sample_examples.py, score_features.py and match_features.py from the command line, on a tiny dictionary."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from places import SCRIPTS
from safetensors.numpy import save_file
from scipy.sparse import csr_array
from texts import packed, write_store

import match_features
import sample_examples
import score_features
from monosem.measures.codes import Codes, write_codes
from monosem.text.tokenizer import train_bpe

N_FEATURES, N_VOCAB = 6, 300
QUOTAS = {"top": 3, "interval": 2, "random": 3, "out-of-context": 3}


def flags(options: dict[str, object]) -> list[str]:
    return [str(word) for name, value in options.items() for word in (f"--{name}", value)]


@pytest.fixture
def run(tmp_path) -> Path:
    """A folder with held-out tokens and codes: features 0-3 follow tokens, 4 is active on 5 tokens, 5 is dead."""
    rng = np.random.default_rng(0)
    tokens_SL = rng.integers(1, 40, (50, 32)).astype(np.uint16)
    tokens_SL[:, 0] = 0
    write_store(tmp_path / "val.zarr", packed(tokens_SL))
    acts_FV = np.where(rng.random((4, 40)) < 0.2, rng.uniform(0, 2, (4, 40)), 0)
    dense_TF = np.zeros((50 * 31, N_FEATURES), dtype=np.float32)
    dense_TF[:, :4] = acts_FV.T[tokens_SL[tokens_SL != 0]]
    dense_TF[:5, 4] = 1
    write_codes(tmp_path / "codes.safetensors", Codes(csr_array(dense_TF)))
    record = {"n_tokens": 50 * 31, "n_contexts": 50, "n_features": N_FEATURES, "tokens_digest": "abc"}
    (tmp_path / "codes.json").write_text(json.dumps(record))
    columns = {"n_active": (dense_TF > 0).sum(axis=0), "max_act": dense_TF.max(axis=0)}
    pd.DataFrame({"feature": range(N_FEATURES), **columns}).to_parquet(tmp_path / "features.parquet")
    train_bpe(["abc"], N_VOCAB).save(str(tmp_path / "tokenizer.json"))
    save_file({"logit_weights": rng.normal(size=(N_FEATURES, 9)).astype(np.float16)}, tmp_path / "logits.safetensors")
    return tmp_path


def sample(run: Path, **changes: object) -> None:
    quotas = {f"{role}-{kind}": n for role in ("explain", "score") for kind, n in QUOTAS.items()}
    paths = {"codes": run / "codes.safetensors", "codes-record": run / "codes.json", "tokens": run / "val.zarr"}
    numbers = {"seed": 0, "width": 9, "intervals": 5, "min-active": 20}
    outputs = {"output": run / "examples.parquet", "output-record": run / "examples.json"}
    sample_examples.main(flags({**paths, **numbers, **quotas, **outputs, **changes}))


def score(run: Path, **changes: object) -> None:
    names = {"model": "A", "site": "mlp_post", "dictionary": "tiny"}
    paths = {"examples": run / "examples.parquet", "features": run / "features.parquet"}
    options = {"tokenizer": run / "tokenizer.json", "shrinkage": 0.5, "single-token-min": 2}
    outputs = {f"output-{name}": run / f"{name}.parquet" for name in ("explanations", "scores")}
    score_features.main(
        flags({**names, **paths, **options, **outputs, "output-summary": run / "scores.json", **changes})
    )


def match(run: Path, **changes: object) -> None:
    names = {"model": "A", "other": "B", "site": "mlp_post", "dictionary": "tiny", "top-k": 2}
    sides = {
        f"{name}-{s}": run / file
        for s in "ab"
        for name, file in (("codes", "codes.safetensors"), ("record", "codes.json"))
    }
    outputs = {"output": run / "matches.parquet", "output-record": run / "matches.json"}
    match_features.main(flags({**names, **sides, **outputs, **changes}))


def test_every_feature_has_a_score_or_a_reason(run):
    sample(run)
    score(run)
    scores, explanations = (pd.read_parquet(run / f"{name}.parquet") for name in ("scores", "explanations"))
    assert scores["status"].tolist() == ["ok"] * 4 + ["too_few_examples", "dead"]
    assert (scores["spearman"][:4] > 0.8).all() and scores["spearman"][4:].isna().all()
    assert ((scores["reason"] == "") == (scores["status"] == "ok")).all()
    assert explanations["feature"].tolist() == scores["feature"].tolist() == list(range(N_FEATURES))
    assert (explanations["text"] != "").tolist() == [True] * 4 + [False] * 2
    record = json.loads((run / "scores.json").read_text())
    assert record["spearman"]["median"] == pytest.approx(scores["spearman"].median())
    assert [record[name] for name in ("model", "site", "dictionary")] == ["A", "mlp_post", "tiny"]
    assert "no language model" in record["explainer"]


def test_a_dictionary_without_any_explainable_feature_is_reported_not_hidden(run):
    sample(run, **{"min-active": 10_000})
    score(run)
    record = json.loads((run / "scores.json").read_text())
    assert record["status_counts"]["too_few_examples"] == 5 and record["spearman"]["median"] is None


def test_two_runs_write_the_same_bytes(run):
    sample(run)
    first = (run / "examples.parquet").read_bytes()
    sample(run)
    assert (run / "examples.parquet").read_bytes() == first


def test_a_dictionary_matches_itself(run):
    logits = {f"logits-{s}": run / "logits.safetensors" for s in "ab"}
    match(run, **logits)
    table, record = pd.read_parquet(run / "matches.parquet"), json.loads((run / "matches.json").read_text())
    assert table["match"].tolist() == [0, 1, 2, 3, 4, -1] and table["status"][5] == "dead"
    assert table["correlation"][:5].to_numpy() == pytest.approx(1)
    assert record["correlation"]["median"] == pytest.approx(1) == record["logit_correlation"]["median"]
    assert record["n_tokens"] == 50 * 31 and record["n_alive_a"] == 5 and record["status_counts"]["dead"] == 1


@pytest.mark.parametrize(
    ("step", "changes", "message"),
    [
        (sample, {"width": 8}, "--width 8: an odd number expected"),
        (sample, {"intervals": 1}, "--intervals 1: 2 to 100 expected"),
        (score, {"shrinkage": -1}, "--shrinkage -1.0: 0 or more expected"),
        (match, {"top-k": 0}, "--top-k 0: at least 1 expected"),
        (match, {"logits-a": "x"}, "--logits-a and --logits-b: both or neither expected"),
        (score, {"features": "no.parquet"}, "no.parquet: no such file"),
        (score, {"examples": "no.parquet"}, "no.parquet: no such file; run scripts/sample_examples.py"),
    ],
)
def test_bad_flags_are_explained(run, step, changes, message):
    with pytest.raises(ValueError, match=message):
        step(run, **changes)


def rewrite(path: Path, **changes: object) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_a_record_without_its_tokens_is_refused(run):
    (run / "codes.json").write_text("{}")
    for step in (sample, match):
        with pytest.raises(ValueError, match=r"codes.json: record has no field `(n_contexts|tokens_digest)`"):
            step(run)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tokens_digest": "other"}, "codes.safetensors: made from other tokens than are given; encode"),
        ({"n_contexts": 49}, "codes.safetensors: 1550 tokens, not 1519; encode them again"),
    ],
)
def test_codes_of_other_tokens_are_refused(run, changes, message):
    rewrite(run / "codes.json", **changes)
    with pytest.raises(ValueError, match=message):
        sample(run)
    assert not (run / "examples.parquet").exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tokens_digest": "other"}, "tokens_digest abc in .*codes.json, other in .*b.json: the same held-out tokens"),
        ({"n_tokens": 7}, "n_tokens 1550 in .*codes.json, 7 in .*b.json"),
    ],
)
def test_codes_over_different_tokens_are_not_compared(run, changes, message):
    (run / "b.json").write_text((run / "codes.json").read_text())
    rewrite(run / "b.json", **changes)
    with pytest.raises(ValueError, match=message):
        match(run, **{"record-b": run / "b.json"})
    assert not (run / "matches.parquet").exists()


def test_windows_of_another_dictionary_are_refused(run):
    sample(run)
    features = pd.read_parquet(run / "features.parquet")
    for changed, message in ((features[:2], "feature 3, but .* has 2"), (features / 2, "activations above max_act")):
        changed.to_parquet(run / "other.parquet")
        with pytest.raises(ValueError, match=message):
            score(run, features=run / "other.parquet")
    assert not (run / "scores.parquet").exists() and not (run / "scores.json").exists()


def test_a_table_that_is_not_of_windows_is_refused(run):
    with pytest.raises(ValueError, match=r"features.parquet: columns .* a file of scripts/sample_examples.py expected"):
        score(run, examples=run / "features.parquet")
    (run / "examples.parquet").write_bytes(b"cut short")
    with pytest.raises(ValueError, match=r"examples.parquet: not a Parquet file"):
        score(run)


@pytest.mark.parametrize("script", ["sample_examples.py", "score_features.py", "match_features.py"])
def test_help_teaches_without_torch(script, tmp_path):
    lines = [
        "import runpy, sys",
        "sys.argv = ['script', '--help']",
        f"try: runpy.run_path({str(SCRIPTS / script)!r}, run_name='__main__')",
        "except SystemExit: print('torch' in sys.modules)",
    ]
    command, path = [sys.executable, "-c", "\n".join(lines)], {"PYTHONPATH": str(SCRIPTS)}
    done = subprocess.run(command, cwd=tmp_path, env=path, capture_output=True, text=True, check=True)
    assert done.stdout.endswith("False\n") and f"python scripts/{script}" in done.stdout

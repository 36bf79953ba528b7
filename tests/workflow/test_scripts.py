"""The scripts from text to evaluated dictionaries, as a user meets them."""

import json
import shutil
import subprocess
import sys

import pandas as pd
import pytest
from places import SCRIPTS
from small_run import (
    acts_flags,
    collect_flags,
    evaluate_flags,
    flags,
    lm_flags,
    losses_flags,
    losses_of,
    pack_flags,
    sae_flags,
)

import collect_acts
import evaluate_dictionary
import measure_losses
import pack_tokens
import shuffle_lm
import store_acts
import train_lm
import train_sae
import train_tokenizer
from monosem.ground.artefacts import sha256

MODULES = [train_tokenizer, pack_tokens, train_lm, shuffle_lm, collect_acts, store_acts, train_sae, measure_losses]
MODULES += [evaluate_dictionary]


@pytest.fixture
def commands(corpus, tokens, lm, parts, acts, sae, tmp_path):
    """A whole command line of each script, writing into tmp_path."""
    shuffled = {"model": lm / "weights.safetensors", "val": tokens / "val.zarr", "name": "control", "seed": 1}
    shuffled |= {"val_tokens": 240, "threads": 1, "output": tmp_path / "c.safetensors"}
    vocabulary = {"output": tmp_path / "tokenizer.json", "output_record": tmp_path / "vocabulary.json"}
    return {
        train_tokenizer: flags(documents=corpus.path, vocab_size=280, train_mb=1, **vocabulary),
        pack_tokens: pack_flags(corpus, tmp_path, "val", n_tokens=240),
        train_lm: lm_flags(tokens, tmp_path),
        shuffle_lm: flags(**shuffled, output_record=tmp_path / "lm.json"),
        collect_acts: collect_flags(tokens, lm, tmp_path),
        store_acts: acts_flags(parts, tmp_path),
        train_sae: sae_flags(acts, tmp_path),
        measure_losses: losses_flags(tokens, lm, acts, tmp_path / "losses.json"),
        evaluate_dictionary: evaluate_flags(tokens, lm, acts, sae, tmp_path),
    }


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_help_explains_and_gives_an_example(module, capsys):
    with pytest.raises(SystemExit) as stop:
        module.main(["--help"])
    assert stop.value.code == 0
    text = capsys.readouterr().out
    assert f"python scripts/{module.__name__}.py --" in text and len(module.__doc__) > 200


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_the_example_of_the_help_is_a_command_that_parses(module):
    example = module.__doc__.split(f"{module.__name__}.py ", 1)[1].replace("\\\n", " ")
    module.parse_args(example.split())


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_a_missing_or_misspelt_flag_exits_2(module, commands, capsys):
    argv = commands[module]
    for wrong in (argv[2:], argv[:-2], [*argv, "--outpu", "x"]):
        with pytest.raises(SystemExit) as stop:
            module.main(wrong)
        assert stop.value.code == 2
    assert "required" in capsys.readouterr().err


def changed(argv, flag, value):
    at = argv.index(flag) + 1
    return [*argv[:at], str(value), *argv[at + 1 :]]


@pytest.mark.parametrize(
    ("module", "flag", "value", "message"),
    [
        (train_tokenizer, "--documents", "absent.zst", r"absent.zst: no such file; run build_corpus"),
        (train_tokenizer, "--vocab-size", 100, "vocabulary size 100: at least 257"),
        (pack_tokens, "--tokenizer", "absent.json", "tokenizer absent.json: no such file"),
        (pack_tokens, "--n-tokens", 10**7, r"split val holds \d+ tokens, 10000000 asked"),
        (pack_tokens, "--n-tokens", 11, "--n-tokens 11: at least one context"),
        (pack_tokens, "--context-length", 1, "at least one context of --context-length >= 2"),
        (train_lm, "--train", "absent.zarr", "absent.json: no such file"),
        (train_lm, "--n-heads", 3, "n_heads 3: a divisor of d_model 8"),
        (train_lm, "--batch", 101, "--batch 101: at most the 100 stored contexts"),
        (train_lm, "--tokens", 95, r"--tokens 95: at least one batch \(96\)"),
        (shuffle_lm, "--model", "absent.safetensors", "absent.safetensors: no such file; run train_lm"),
        (collect_acts, "--site", "mlp", "site mlp: one of mlp_post, mlp_out, resid_post, logits expected"),
        (collect_acts, "--site", "mlp_post-l1", "site mlp_post-l1: one of"),
        (collect_acts, "--n-vectors", 900, r"--n-vectors 900: 100 contexts with 8 positions each hold 800; pack"),
        (collect_acts, "--disk-gib", 1e-6, r"over disk_gib 1e-06; raise disk_gib or lower n_vectors"),
        (collect_acts, "--job", 1, "--job 1: 0 to 0 expected, below --jobs"),
        (store_acts, "--collected", "absent", "absent/part.json: no such file"),
        (train_sae, "--acts", "absent.zarr", "absent.json: no such file"),
        (train_sae, "--vectors", 63, r"--vectors 63: at least one batch \(64\)"),
        (evaluate_dictionary, "--sae", "absent.safetensors", "absent.safetensors: no such file; run train_sae"),
        (evaluate_dictionary, "--n-tokens", 10**6, r"val.zarr: 40 contexts stored, 83333 asked"),
    ],
)
def test_a_bad_input_is_named_and_leaves_no_output(module, flag, value, message, commands, tmp_path):
    with pytest.raises(ValueError, match=message):
        module.main(changed(commands[module], flag, value))
    assert [path.name for path in tmp_path.iterdir() if not path.name.endswith(".lease")] == []


@pytest.mark.parametrize("module", MODULES[1:], ids=lambda module: module.__name__)
def test_a_second_run_writes_the_same_bytes(module, commands, tmp_path, as_script):
    as_script(f"{module.__name__}.py")
    seen = []
    for _ in range(2):
        module.main(commands[module])
        paths = [path for path in sorted(tmp_path.rglob("*")) if path.is_file() and path.suffix != ".json"]
        assert not [path.name for path in tmp_path.iterdir() if path.name.startswith(".")]
        records = [json.loads(path.read_text()) for path in sorted(tmp_path.glob("*.json"))]
        for record in records:
            assert record["script"] == f"{module.__name__}.py" and record["code"] != "interactive" and record["inputs"]
            del record["written"]
        seen.append([*records, *map(sha256, paths)])
    assert seen[0] == seen[1]


def test_evaluation_refuses_a_model_the_activations_are_not_from(tokens, lm, acts, sae, tmp_path):
    train_lm.main(lm_flags(tokens, tmp_path, seed=2))
    with pytest.raises(ValueError, match=r"weights\.safetensors: model [0-9a-f]{16}, but"):
        evaluate_dictionary.main(evaluate_flags(tokens, tmp_path, acts, sae, tmp_path / "out"))


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("lm_digest", "another", r"losses\.json: lm_digest another, [0-9a-f]{16} expected; rerun measure_losses"),
        ("site", "mlp_out", r"losses\.json: site mlp_out, mlp_post expected; rerun measure_losses"),
        ("tokens_digest", "others", r"losses\.json: tokens_digest others, [0-9a-f]{16} expected; rerun measure_losses"),
        ("n_contexts", 41, r"losses\.json: losses on 41 contexts, evaluated on 40; raise evaluation\.n_tokens"),
    ],
)
def test_evaluation_refuses_losses_of_something_else(tokens, lm, acts, sae, tmp_path, field, value, message):
    record = json.loads(losses_of(tokens, lm, acts, 480).read_text())
    (tmp_path / "losses.json").write_text(json.dumps({**record, field: value}))
    argv = changed(evaluate_flags(tokens, lm, acts, sae, tmp_path / "out"), "--losses", tmp_path / "losses.json")
    with pytest.raises(ValueError, match=message):
        evaluate_dictionary.main(argv)


def test_evaluation_refuses_a_dictionary_of_another_model(tokens, lm, acts, sae, tmp_path):
    shutil.copytree(sae, tmp_path / "sae")
    record = json.loads((sae / "sae.json").read_text())
    (tmp_path / "sae" / "sae.json").write_text(json.dumps({**record, "lm_digest": "another"}))
    with pytest.raises(
        ValueError, match=r"sae\.safetensors: trained on another mlp_post, not on [0-9a-f]{16} mlp_post; retrain"
    ):
        evaluate_dictionary.main(evaluate_flags(tokens, lm, acts, tmp_path / "sae", tmp_path / "out"))


def test_evaluation_refuses_a_dictionary_of_another_site(tokens, lm, acts, sae, tmp_path):
    shutil.copytree(sae, tmp_path / "sae")
    record = json.loads((sae / "sae.json").read_text())
    (tmp_path / "sae" / "sae.json").write_text(json.dumps({**record, "site": "resid_post"}))
    with pytest.raises(ValueError, match="resid_post"):
        evaluate_dictionary.main(evaluate_flags(tokens, lm, acts, tmp_path / "sae", tmp_path / "out"))


def test_activations_refuse_weights_that_are_not_the_records(tokens, lm, tmp_path):
    train_lm.main(lm_flags(tokens, tmp_path, seed=2))
    argv = changed(collect_flags(tokens, lm, tmp_path), "--model", tmp_path / "weights.safetensors")
    with pytest.raises(ValueError, match=r"weights\.safetensors: model [0-9a-f]{16}, but"):
        collect_acts.main(argv)


def test_neurons_flow_through_the_same_evaluation(tokens, lm, acts, tmp_path):
    argv = evaluate_flags(tokens, lm, acts, tmp_path, tmp_path / "out", sae=None, sae_record=None, name="neurons")
    evaluate_dictionary.main(argv)
    record = json.loads((tmp_path / "out" / "eval.json").read_text())
    assert record["n_features"] == 16 and record["l0"] > 0 and "loss_sae" not in record
    table = pd.read_parquet(tmp_path / "out" / "features.parquet")
    assert list(table.columns) == ["feature", "density", "n_active", "max_act", "mean_act", "status"]


def test_evaluation_writes_what_it_says(evaluated):
    record = json.loads((evaluated / "eval.json").read_text())
    needed = "loss_clean loss_sae loss_zero loss_mean loss_recovered loss_tokens l0 explained_variance normalised_mse"
    assert set(needed.split()) <= set(record)
    table = pd.read_parquet(evaluated / "features.parquet")
    assert (
        record["n_alive"] + (record["n_ultralow"] or 0) + record["n_dead"] == record["n_features"] == len(table) == 24
    )
    codes = json.loads((evaluated / "codes.json").read_text())
    assert table["n_active"].sum() == codes["nnz"] == round(record["l0"] * record["n_tokens"])


def test_a_user_error_from_the_shell_is_not_a_success(tmp_path):
    outputs = {"output": tmp_path / "t.json", "output_record": tmp_path / "v.json"}
    command = [sys.executable, SCRIPTS / "train_tokenizer.py", *flags(documents="absent.zst", vocab_size=280)]
    done = subprocess.run([*command, *flags(train_mb=1, **outputs)], capture_output=True, text=True)
    assert done.returncode == 1 and "ValueError: absent.zst: no such file" in done.stderr

"""Imports that the config names, and exports that a target names, as Snakemake plans them."""

import json

import pytest
from workflow_runs import jobs, new_folder, snakemake

GPT2 = {"n_layer": 6, "n_embd": 32, "n_head": 4, "vocab_size": 300, "model_type": "gpt2"}
IMPORTS = """\
tokens: {tokenizer: theirs/tokenizer.json}
models: {gpt: {import: theirs, seed: 4, dictionaries: [relu-w256, borrowed]}}
dictionaries: {borrowed: {import: 'saes/{model}/{site}'}}
"""


@pytest.fixture
def folder(tmp_path):
    """Where a run is planned, with a model and a dictionary to import; planning reads their settings only."""
    folder = new_folder(tmp_path / "run")
    files = ["theirs/model.safetensors", "theirs/tokenizer.json", "saes/gpt/mlp_post/sae_weights.safetensors"]
    for file in files:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).touch()
    (folder / "theirs/config.json").write_text(json.dumps(GPT2))
    (folder / "saes/gpt/mlp_post/cfg.json").write_text(json.dumps({"d_in": 128, "d_sae": 77}))
    return folder


def write_config(folder, text):
    path = folder / "extra.yaml"
    path.write_text(text)
    return (path,)


def test_what_is_imported_is_not_trained_and_moves_nothing_else(folder):
    before = jobs(folder)
    after = jobs(folder, more=write_config(folder, IMPORTS))
    assert (after["import_lm"], after["import_dictionary"]) == (1, 1) and after["train_lm"] == before["train_lm"]
    assert after["train_sae"] == before["train_sae"] + 1  # the headline dictionary, of the imported model
    assert after["score_features"] == before["score_features"] + 3  # that, the imported one, and the neurons
    done = snakemake(folder, "-n", "-p", "--until", "collect_acts", more=(folder / "extra.yaml",))
    shares = {"--part 0 --parts 2", "--part 1 --parts 2", "--part 0 --parts 1"}
    assert all(share in done.stdout for share in shares), done.stdout[-3000:]


@pytest.mark.parametrize(
    ("extra", "named"),
    [
        ("tokens: {tokenizer: null}", "config models.gpt: it reads its own tokens; write tokens: {tokenizer: theirs/"),
        ("models: {gpt: {shuffle_of: A}}", "config models.gpt.shuffle_of ("),
        ("dictionaries: {borrowed: {width: 8}}", "borrowed"),
        ("models: {gpt: {import: nowhere}}", "nowhere/config.json"),
        ("sites: [mlp_post-l6]", "has 1 layers, counted from 0; a lower one expected"),
    ],
)
def test_a_wrong_import_fails_at_once_and_names_it(folder, extra, named):
    (folder / "wrong.yaml").write_text(extra + "\n")
    done = snakemake(folder, "-n", more=(*write_config(folder, IMPORTS), folder / "wrong.yaml"))
    assert done.returncode != 0 and named in done.stdout, done.stdout[-2000:]


def test_what_was_trained_elsewhere_has_no_other_seed(folder):
    more = write_config(folder, IMPORTS)
    done = snakemake(folder, "results/gpt/mlp_post/borrowed-seed7/eval.json", "-n", more=more)
    assert done.returncode and "borrowed-seed7: borrowed is imported, so it has no other seed" in done.stdout


def test_an_export_is_made_of_one_dictionary_or_model(folder):
    targets = ["saelens/A/mlp_post/relu-w128", "sparsify/A/mlp_post/random", "huggingface/B", "transformer_lens/B"]
    targets += ["neuronpedia/A/mlp_post/relu-w256", "dictionary_learning/B/mlp_post/relu-w128-seed7"]
    done = snakemake(folder, *(f"results/export/{target}" for target in targets), "-n")
    assert done.returncode == 0, done.stdout[-3000:]
    assert all(f"rule {rule}:" in done.stdout for rule in ("export_dictionary", "export_neuronpedia", "export_lm"))
    assert "results/export/saelens/A/mlp_post/neurons" not in done.stdout
    assert snakemake(folder, "results/export/saelens/A/mlp_post/neurons", "-n").returncode != 0

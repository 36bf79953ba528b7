"""How ways to replace activations are measured, beside dictionaries and with small MLPs among them."""

import json
import math
from functools import partial

import numpy as np
import pandas as pd
import pytest
import torch
from mean_losses import loss_with, site_losses
from sharp_models import sharp_model
from small_run import flags

import compare_baselines
from monosem.ground.artefacts import read_json
from monosem.investigations import baselines
from monosem.investigations.explained import COLUMNS, Way, at_equal_l0, measure, standard_error, way_table
from monosem.investigations.small_mlp import mlp_pairs, train_small_mlp
from monosem.investigations.ways import small_mlp_ways
from monosem.lm.sites import Site
from monosem.lm.transformer import LMConfig, load_lm
from monosem.sae.autoencoder import SparseAutoencoder, load_sae
from monosem.text.tokens import read_contexts

POST = Site("mlp_post", 0)
METHODS = {"pca", "pca_largest", "ica_largest", "neurons", "random"}


@pytest.fixture
def model():
    return sharp_model(LMConfig(vocab_size=11, context_length=8, n_layers=1, d_model=8, n_heads=2, d_mlp=12))


def text(n_contexts=150):
    tokens_SL = np.random.default_rng(0).integers(0, 11, (n_contexts, 8)).astype(np.uint16)
    tokens_SL[:, 0] = 0
    return tokens_SL


def flipped(model):
    """The sign of the logits turned if that makes the text likely: zero-ablation then costs something."""
    losses = site_losses(model, text(), 0, POST, torch.zeros(12))
    if losses.zero < losses.clean:
        with torch.no_grad():
            model.blocks[0].W_out_MD.neg_()
    return model


def identity(n):
    return SparseAutoencoder(torch.eye(n), torch.zeros(n), torch.eye(n), torch.zeros(n), torch.zeros(n))


def test_ways_are_measured_as_dictionaries_are(model):
    model, sae = flipped(model), SparseAutoencoder(*(torch.randn(12, 12), torch.zeros(12)) * 2, torch.zeros(12))
    expected = site_losses(model, text(), 0, POST, torch.zeros(12))
    rebuilt = loss_with(model, text(), 0, POST, lambda x_RN: sae.decode(sae.encode(x_RN)))
    ways = {
        "one": Way("same", 12, POST, partial(baselines.rebuild, sae)),
        "two": Way("all", 12, POST, lambda x: (x, 0)),
    }
    table, losses = way_table(ways, measure(model, text(), 0, ways, ablated=POST), "one")
    assert list(table.columns) == COLUMNS
    assert (losses["loss_clean"], losses["loss_zero"]) == pytest.approx((expected.clean, expected.zero), rel=1e-6)
    assert losses["n_tokens"] == expected.n_tokens
    assert table["loss"].tolist() == pytest.approx([rebuilt, expected.clean], rel=1e-6)
    recovered = expected.with_reconstruction(rebuilt)["loss_recovered"]
    assert table["loss_recovered"].tolist() == pytest.approx([recovered, 1], rel=1e-5)
    assert table["explained_variance"]["two"] == 1
    assert table["difference_se"]["one"] == 0 < table["difference_se"]["two"]


def test_the_standard_error_is_that_of_a_mean_over_groups():
    rng = np.random.default_rng(0)
    groups = pd.Series(rng.normal(0.5, 3, 4000))
    even = pd.Series(np.ones(4000))
    assert standard_error(groups, even) == pytest.approx(groups.std() / np.sqrt(4000))
    sizes = rng.integers(1, 9, 4000)
    drawn = rng.normal(0.5 * sizes, 3 * np.sqrt(sizes))
    assert standard_error(pd.Series(drawn), pd.Series(sizes)) == pytest.approx(3 / np.sqrt(sizes.sum()), rel=0.1)
    assert np.isnan(standard_error(groups[:1], even[:1]))


def test_a_site_without_which_nothing_is_lost_is_an_error(model):
    with torch.no_grad():
        model.blocks[0].W_out_MD.zero_()
    with pytest.raises(ValueError, match="zero-ablated: nothing to recover; train longer"):
        way_table({}, measure(model, text(), 0, {}, ablated=POST), "none")


def test_pairs_are_what_the_mlp_is_given_and_puts_out(model):
    in_TD, out_TD = mlp_pairs(model, text(), 0, 0)
    block = model.blocks[0]
    with torch.no_grad():
        expected_TD = (in_TD @ block.W_in_DM + block.b_in_M).relu() @ block.W_out_MD + block.b_out_D
    torch.testing.assert_close(out_TD, expected_TD)
    assert len(in_TD) == (text() != 0).sum()


def test_the_mlp_itself_in_its_own_place_loses_nothing_and_training_approaches_it(model):
    model = flipped(model)
    ways = small_mlp_ways(model, text(), 0, POST, [12], 0, 0)
    block, small = model.blocks[0], ways["small_mlp 12"].rebuild.mlp
    with torch.no_grad():
        small.into.weight.copy_(block.W_in_DM.T), small.into.bias.copy_(block.b_in_M)
        small.out.weight.copy_(block.W_out_MD.T), small.out.bias.copy_(block.b_out_D)
    table, losses = way_table(ways, measure(model, text(), 0, ways, ablated=POST), "small_mlp 12")
    assert table["loss"].iloc[0] == pytest.approx(losses["loss_clean"], rel=1e-6)
    neurons_TM = model.activations(torch.from_numpy(text().astype(np.int64)), POST)[text() != 0]
    assert table["l0"].iloc[0] == pytest.approx((neurons_TM > 0).sum(dim=1).double().mean().item(), rel=1e-3)
    in_TD, out_TD = mlp_pairs(model, text(), 0, 0)
    errors = [
        (train_small_mlp(in_TD, out_TD, 32, epochs, 0)(in_TD)[0] - out_TD).square().mean().item() for epochs in (0, 200)
    ]
    assert errors[1] < errors[0] / 4


def test_at_equal_l0_small_mlps_are_compared_by_their_active_units():
    rows = [("pca", 20, 20.0), ("pca", 50, 50.0), ("small_mlp", 20, 6.0), ("small_mlp", 60, 21.0)]
    table = pd.DataFrame([(*row, 4.0, 0.5, np.nan, 0.1) for row in rows], columns=COLUMNS)
    found = at_equal_l0(table, 20, 19.3)
    assert {method: row["size"] for method, row in found.items()} == {"pca": 20, "small_mlp": 60}
    assert found["pca"]["difference_se"] is None, "JSON has no NaN"
    assert set(at_equal_l0(table[:2], 20, 19.3)) == {"pca"}


def script_flags(tokens, lm, acts, sae, folder, **changed):
    values = {"model": lm / "weights.safetensors", "acts": acts, "tokens": tokens / "val.zarr", "seed": 0, "threads": 1}
    values |= {"training": tokens / "train.zarr", "headline": "relu-w24", "sae": sae / "sae.safetensors"}
    values |= {"sae_record": sae / "sae.json", "loss_tokens": 480, "k": [2, 9], "sample": 500, "ica_steps": 5}
    values |= {"mlp_units": [4, 8], "mlp_vectors": 480, "mlp_epochs": 1, "device": "cpu"}
    return flags(**{**values, "output": folder / "ways.tsv", "output_record": folder / "explained.json", **changed})


def test_the_script_sets_dictionaries_beside_baselines_with_the_same_numbers(tokens, lm, acts, sae, tmp_path):
    compare_baselines.main(script_flags(tokens, lm, acts, sae, tmp_path))
    table, record = pd.read_csv(tmp_path / "ways.tsv", sep="\t"), read_json(tmp_path / "explained.json")
    assert set(table["method"]) == {*METHODS, "dictionary", "small_mlp"}
    assert record["k"] == math.ceil(record["headline"]["l0"])
    assert set(table.loc[table["method"] == "pca", "size"]) == {2, 9, record["k"]}
    assert set(record["equal_l0"]) == {*METHODS, "small_mlp"}
    trained, packed = load_sae(sae / "sae.safetensors"), tokens / "val.zarr"
    bos = json.loads(packed.with_suffix(".json").read_text())["bos"]
    model = load_lm(lm / "weights.safetensors")
    rebuilt = loss_with(model, read_contexts(packed, 40), bos, POST, lambda x_RN: trained.decode(trained.encode(x_RN)))
    n_tokens = site_losses(model, read_contexts(packed, 40), bos, POST, torch.zeros(16)).n_tokens
    assert record["headline"]["loss"] == pytest.approx(rebuilt) and record["n_tokens"] == n_tokens


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"headline": "relu-w99"}, "--headline relu-w99: not among relu-w24; give its --sae too"),
        ({"k": [17]}, "--k: 17 numbers of 16 neurons; keep fewer"),
    ],
)
def test_the_script_says_what_is_wrong(tokens, lm, acts, sae, tmp_path, changed, message):
    with pytest.raises(ValueError, match=message):
        compare_baselines.main(script_flags(tokens, lm, acts, sae, tmp_path, **changed))
    assert not (tmp_path / "explained.json").exists()


def test_a_dictionary_of_another_model_is_refused(tokens, lm, acts, sae, tmp_path):
    record = read_json(sae / "sae.json") | {"lm_digest": "other"}
    (tmp_path / "sae.json").write_text(json.dumps(record))
    with pytest.raises(ValueError, match="trained on other mlp_post, not on"):
        compare_baselines.main(script_flags(tokens, lm, acts, sae, tmp_path, sae_record=tmp_path / "sae.json"))

"""What a dictionary is said to do on held-out tokens, against dictionaries whose effect is known."""

import json

import numpy as np
import pandas as pd
import pytest
import torch
from mean_losses import loss_with, site_losses
from safetensors.torch import load_file
from scipy.sparse import csr_array
from sharp_models import sharp_model

from monosem.lm.sites import Site
from monosem.lm.transformer import LMConfig, load_lm, token_losses
from monosem.measures import evaluation
from monosem.measures import losses as module
from monosem.measures.codes import Codes, read_codes
from monosem.measures.evaluation import encode_held_out, feature_table, held_out_activations, reconstruction_of
from monosem.measures.losses import SiteLosses
from monosem.sae.autoencoder import SparseAutoencoder, load_sae
from monosem.text.packed import read_packed

CONFIG = LMConfig(vocab_size=11, context_length=8, n_layers=1, d_model=8, n_heads=2, d_mlp=12)
POST, OUT = Site("mlp_post", 0), Site("mlp_out", 0)


@pytest.fixture
def model():
    return sharp_model(CONFIG)


@pytest.fixture
def tokens_SL():
    """BOS is 0, first in each context and here and there in the middle."""
    tokens_SL = np.random.default_rng(0).integers(0, 11, (150, 8)).astype(np.uint16)
    tokens_SL[:, 0] = 0
    return tokens_SL


def dictionary(W_enc_FN, b_enc_F, W_dec_FN, b_dec_N, threshold=0.0, k=None):
    return SparseAutoencoder(W_enc_FN, b_enc_F, W_dec_FN, b_dec_N, torch.full_like(b_enc_F, threshold), k)


def identity(N):
    return dictionary(torch.eye(N), torch.zeros(N), torch.eye(N), torch.zeros(N))


def silent(N, b_dec_N):
    return dictionary(torch.eye(N), torch.full((N,), -1e9), torch.eye(N), b_dec_N)


def with_dictionary(model, tokens_SL, sae, site=POST):
    codes, _ = encode_held_out(sae, held_out_activations(model, tokens_SL, 0, site))
    return loss_with(model, tokens_SL, 0, site, reconstruction_of(sae, codes))


def without(model, tokens_SL, mean_N=None):
    return site_losses(model, tokens_SL, 0, POST, torch.ones(12) if mean_N is None else mean_N)


def test_a_perfect_dictionary_loses_nothing(model, tokens_SL):
    found = without(model, tokens_SL)
    assert with_dictionary(model, tokens_SL, identity(12)) == pytest.approx(found.clean, rel=1e-6)
    assert found.clean != pytest.approx(found.zero, rel=1e-3) and found.clean != pytest.approx(found.mean, rel=1e-3)


def test_a_silent_dictionary_is_an_ablation(model, tokens_SL):
    mean_N = torch.rand(12)
    found = without(model, tokens_SL, mean_N)
    assert with_dictionary(model, tokens_SL, silent(12, torch.zeros(12))) == pytest.approx(found.zero)
    assert with_dictionary(model, tokens_SL, silent(12, mean_N)) == pytest.approx(found.mean)


@pytest.mark.parametrize("k", [None, 4])
@pytest.mark.parametrize("n_contexts", [150, 100])  # 100: the last block of the losses is not one that was encoded
def test_the_loss_of_kept_codes_is_that_of_a_pass_that_encodes(model, tokens_SL, k, n_contexts):
    sae = dictionary(torch.randn(20, 12), torch.randn(20), torch.randn(20, 12), torch.randn(12), k=k)
    codes, _ = encode_held_out(sae, held_out_activations(model, tokens_SL, 0, POST))
    few_SL = tokens_SL[:n_contexts]
    found = loss_with(model, few_SL, 0, POST, reconstruction_of(sae, codes))
    keep = torch.from_numpy(few_SL != 0)[..., None]
    edits = {POST: lambda x: torch.where(keep, sae.decode(sae.encode(x.flatten(0, 1))).view_as(x), x)}
    expected = token_losses(model, torch.from_numpy(few_SL.astype(np.int64)), edits).numpy()[few_SL[:, :-1] != 0]
    assert found == pytest.approx(expected.mean(), rel=1e-5)
    assert found != pytest.approx(without(model, few_SL).clean, rel=1e-2)


def test_loss_recovered_is_one_for_a_perfect_and_zero_for_a_silent_dictionary():
    def recovered(sae):
        ends = SiteLosses(clean=3.0, zero=5.0, mean=6.0, n_tokens=10, n_contexts=2)
        return ends.with_reconstruction(sae)["loss_recovered"]

    assert recovered(3.0) == 1 and recovered(5.0) == 0


def test_losses_are_over_predictions_from_counted_positions(model, tokens_SL):
    found, tokens = without(model, tokens_SL), torch.from_numpy(tokens_SL.astype(np.int64))
    counted_SL = tokens_SL[:, :-1] != 0
    assert found.n_tokens == counted_SL.sum()
    assert found.clean == pytest.approx(token_losses(model, tokens).numpy()[counted_SL].mean(), rel=1e-6)
    # Zeroed at counted positions alone: BOS keeps its own.
    mask = torch.from_numpy(tokens_SL != 0)[..., None]
    zeroed = token_losses(model, tokens, {POST: lambda x: x * ~mask}).numpy()[counted_SL].mean()
    assert found.zero == pytest.approx(zeroed, rel=1e-6)


def test_the_block_size_does_not_matter(model, tokens_SL, monkeypatch):
    sae = silent(12, torch.rand(12))
    measured = lambda: [*without(model, tokens_SL), with_dictionary(model, tokens_SL, sae)]  # noqa: E731
    first, blocks = measured(), list(held_out_activations(model, tokens_SL, 0, POST))
    codes, sums = encode_held_out(identity(12), iter(blocks))
    monkeypatch.setattr(evaluation, "CONTEXTS", 7)
    monkeypatch.setattr(module, "CONTEXTS", 7)
    assert measured() == pytest.approx(first, rel=1e-6)
    again, sums_again = encode_held_out(identity(12), held_out_activations(model, tokens_SL, 0, POST))
    np.testing.assert_allclose(again.matrix.toarray(), codes.matrix.toarray(), rtol=1e-5, atol=1e-6)
    assert sums_again.explained_variance == pytest.approx(sums.explained_variance) == pytest.approx(1)


@pytest.mark.parametrize("site", [POST, OUT])
def test_codes_of_neurons_are_their_activations(model, tokens_SL, site):
    codes, sums = encode_held_out(None, held_out_activations(model, tokens_SL, 0, site))
    acts_SLN = model.activations(torch.from_numpy(tokens_SL.astype(np.int64)), site).numpy()
    np.testing.assert_allclose(codes.matrix.toarray(), acts_SLN[tokens_SL != 0], rtol=1e-5, atol=1e-6)
    assert sums.explained_variance == 1 and (codes.matrix.data != 0).all()


@pytest.mark.parametrize(("threshold", "k"), [(0, None), (3.0, None), (0, 4)])
def test_codes_of_a_dictionary_are_its_encoding(model, tokens_SL, threshold, k):
    parts = (torch.randn(20, 12), torch.randn(20), torch.randn(20, 12), torch.randn(12))
    sae = dictionary(*parts, threshold, k)
    x_TN = torch.cat(list(held_out_activations(model, tokens_SL, 0, POST)))
    codes, sums = encode_held_out(sae, held_out_activations(model, tokens_SL, 0, POST))
    np.testing.assert_allclose(codes.matrix.toarray(), sae.encode(x_TN).numpy(), rtol=1e-4, atol=1e-4)
    assert codes.n_tokens == sums.n == len(x_TN)
    assert sums.mse == pytest.approx((sae.decode(sae.encode(x_TN)) - x_TN).square().sum(1).mean().item(), rel=1e-4)


def test_a_dictionary_that_never_fires_is_all_dead(model, tokens_SL):
    codes, _ = encode_held_out(silent(12, torch.zeros(12)), held_out_activations(model, tokens_SL, 0, POST))
    table = feature_table(codes, silent(12, torch.zeros(12)), 1e-6)
    assert (
        codes.matrix.nnz == 0
        and set(table["status"]) == {"dead"}
        and not table[["max_act", "mean_act"]].to_numpy().any()
    )


def test_the_feature_table_by_hand():
    codes = Codes(csr_array(np.array([[1, 0, 0], [3, 0, 0], [0, 0, 2], [5, 0, 0]], dtype=np.float32)))
    sae = dictionary(
        torch.tensor([[1.0, 0], [1, 1], [0, -2]]), torch.tensor([1.0, 2, 3]),
        torch.tensor([[1.0, 0], [-1, 0], [0.6, -0.8]]), torch.zeros(2),
    )  # fmt: skip
    table = feature_table(codes, sae, ultralow_density=0.3)
    expected = {
        "feature": [0, 1, 2], "density": [0.75, 0, 0.25], "n_active": [3, 0, 1], "max_act": [5, 0, 2],
        "mean_act": [3, 0, 2], "status": ["alive", "dead", "ultralow"], "b_enc": [1, 2, 3],
        "enc_dec_cosine": [1, -(0.5**0.5), 0.8], "dec_top_neuron": [0, 0, 1], "dec_top_weight": [1, 1, 0.8],
    }  # fmt: skip
    pd.testing.assert_frame_equal(table, pd.DataFrame(expected), check_dtype=False)
    neurons = feature_table(codes, None, ultralow_density=0.25)
    assert list(neurons["status"]) == ["alive", "dead", "alive"]


def test_the_script_writes_these_figures(evaluated, lm, sae, tokens):
    model, trained = load_lm(lm / "weights.safetensors"), load_sae(sae / "sae.safetensors")
    codes, record = read_codes(evaluated / "codes.safetensors"), json.loads((evaluated / "eval.json").read_text())
    assert (codes.n_tokens, codes.n_features) == (record["n_tokens"], 24)
    assert record["l0"] == pytest.approx(codes.matrix.nnz / codes.n_tokens)
    weights_FV = load_file(evaluated / "logits.safetensors")["logit_weights"]
    expected_FV = model.logit_weights(trained.W_dec_FN, POST)
    assert weights_FV.dtype == torch.float16 and weights_FV.shape == (24, 280)
    torch.testing.assert_close(weights_FV.float(), expected_FV, rtol=2e-3, atol=1e-4)


def test_the_table_of_documents_sums_up_to_the_record(tokens, lm, acts, evaluated):
    """And document by document to what a pass over all of the text gives, by another path."""
    table, record = pd.read_parquet(evaluated / "documents.parquet"), json.loads((evaluated / "eval.json").read_text())
    total = table.sum()
    assert total["tokens"] == record["n_tokens"] and total["predictions"] == record["loss_tokens"]
    assert total["active"] / total["tokens"] == pytest.approx(record["l0"])
    for name in ("clean", "zero", "sae"):
        assert total[name] / total["predictions"] == pytest.approx(record[f"loss_{name}"])
    packed = read_packed(tokens / "val.zarr", record["n_contexts"])
    active_T = np.diff(read_codes(evaluated / "codes.safetensors").matrix.indptr)
    model = load_lm(lm / "weights.safetensors")
    losses_SL = token_losses(model, torch.from_numpy(packed.tokens_SL.astype(np.int64))).numpy()
    for row in table.itertuples():
        of_document_SL = (packed.document_SL == row.document) & packed.counted_SL
        assert row.tokens == of_document_SL.sum() and row.active == active_T[packed.document_T == row.document].sum()
        assert row.predictions == of_document_SL[:, :-1].sum()
        assert row.clean == pytest.approx(losses_SL[of_document_SL[:, :-1]].sum(), rel=1e-5)


def test_codes_that_were_shrunk_are_scaled_back_by_one_factor(model, tokens_SL):
    """A perfect dictionary whose codes are three quarters of what they should be."""
    assert encode_held_out(identity(12), held_out_activations(model, tokens_SL, 0, POST))[1].rescaling == pytest.approx(
        1
    )
    shrunk = dictionary(0.75 * torch.eye(12), torch.zeros(12), torch.eye(12), torch.zeros(12))
    codes, sums = encode_held_out(shrunk, held_out_activations(model, tokens_SL, 0, POST))
    assert sums.rescaling == pytest.approx(4 / 3)
    rescaled = loss_with(model, tokens_SL, 0, POST, reconstruction_of(shrunk, codes, sums.rescaling))
    assert rescaled == pytest.approx(without(model, tokens_SL).clean, rel=1e-5)
    assert loss_with(model, tokens_SL, 0, POST, reconstruction_of(shrunk, codes)) != pytest.approx(rescaled, rel=1e-3)


def test_the_factor_is_the_one_with_the_least_squared_error(evaluated, tokens, lm, sae):
    """Found again by trying others, with a bias of the decoder."""
    record = json.loads((evaluated / "eval.json").read_text())
    trained, packed = load_sae(sae / "sae.safetensors"), read_packed(tokens / "val.zarr", record["n_contexts"])
    blocks = held_out_activations(load_lm(lm / "weights.safetensors"), packed.tokens_SL, packed.bos, POST)
    x_TN = torch.cat(list(blocks)).double()
    decoded_TN = (trained.decode(trained.encode(x_TN.float())) - trained.b_dec_N).double()
    wanted_TN, best = x_TN - trained.b_dec_N, record["rescaling"]
    error = {times: (wanted_TN - times * best * decoded_TN).square().sum().item() for times in (0.99, 1, 1.01)}
    assert error[1] < min(error[0.99], error[1.01])
    assert record["loss_recovered_rescaled"] != record["loss_recovered"]

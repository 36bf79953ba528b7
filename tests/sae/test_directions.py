"""Random directions as a dictionary."""

import json

import numpy as np
import pandas as pd
import pytest
import torch
from small_run import evaluate_flags, flags

import draw_directions
import evaluate_dictionary
from monosem.acts.store import open_store
from monosem.measures.codes import read_codes
from monosem.sae.autoencoder import load_sae
from monosem.sae.directions import random_directions


def sample(n: int = 4000, width: int = 24) -> torch.Tensor:
    return torch.randn(n, width, generator=torch.Generator().manual_seed(1)).relu() * torch.arange(1, width + 1)


def test_directions_are_uniform_on_the_sphere():
    W_FN = random_directions(sample(width=8), 4000, 0.1, seed=0).W_dec_FN
    assert torch.allclose(W_FN.norm(dim=1), torch.ones(4000))
    assert W_FN.mean(dim=0).abs().max() < 0.03
    assert (W_FN.T @ W_FN / 4000 - torch.eye(8) / 8).abs().max() < 0.02


@pytest.mark.parametrize("density", [0.01, 0.3, 0.9])
def test_each_direction_is_active_on_the_asked_share_and_as_far_as_it_exceeds_its_threshold(density):
    x_BN = sample()
    directions = random_directions(x_BN, 50, density, seed=0)
    codes_BF = directions.encode(x_BN)
    assert ((codes_BF > 0).float().mean(dim=0) - density).abs().max() < 1e-3
    along_BF = (x_BN - x_BN.mean(dim=0)) @ directions.W_enc_FN.T
    active = codes_BF > 0
    above_BF = along_BF + directions.b_enc_F
    assert torch.allclose(codes_BF[active], above_BF[active]) and (above_BF[~active] <= 1e-5).all()


def test_a_seed_gives_its_own_directions():
    first, again, other = (random_directions(sample(), 5, 0.1, seed).W_dec_FN for seed in (0, 0, 1))
    assert torch.equal(first, again) and not torch.equal(first, other)


def test_a_density_that_the_sample_cannot_show_is_refused():
    for density, n in ((1e-5, 0), (1.0, 4000)):
        with pytest.raises(ValueError, match=rf"--density {density}: {n} of 4000 sampled vectors; 1 or more expected"):
            random_directions(sample(), 5, density, seed=0)


@pytest.fixture
def drawn(acts, tmp_path):
    values = {
        "acts": acts,
        "name": "random",
        "n_directions": 40,
        "density": 0.05,
        "sample": 600,
        "seed": 0,
        "threads": 1,
    }
    values |= {"output": tmp_path / "sae.safetensors", "output_record": tmp_path / "sae.json"}
    draw_directions.main(flags(**values))
    return tmp_path


def test_the_script_takes_raw_activations(drawn, acts):
    store = open_store(acts)
    raw_BN = torch.from_numpy(store.acts_TN[:].astype(np.float32))
    density_F = (load_sae(drawn / "sae.safetensors").encode(raw_BN) > 0).float().mean(dim=0)
    assert (density_F - 0.05).abs().max() < 0.02
    record = json.loads((drawn / "sae.json").read_text())
    assert (record["architecture"], record["n_features"], record["flags"]["density"]) == ("random-directions", 40, 0.05)


def test_directions_are_evaluated_like_any_dictionary_but_without_losses(drawn, tokens, lm, acts):
    evaluate_dictionary.main(evaluate_flags(tokens, lm, acts, drawn, drawn, name="random", loss_tokens=None))
    record = json.loads((drawn / "eval.json").read_text())
    assert record["dictionary"] == "random" and record["n_features"] == 40 and "loss_sae" not in record
    features, codes = pd.read_parquet(drawn / "features.parquet"), read_codes(drawn / "codes.safetensors")
    assert codes.n_features == 40 and (codes.matrix.data > 0).all()
    assert features["density"].mean() == pytest.approx(0.05, abs=0.03)

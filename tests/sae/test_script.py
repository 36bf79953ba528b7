"""train_sae.py from the command line: every architecture to an evaluated dictionary, or refused."""

import json

import numpy as np
import pandas as pd
import pytest
import torch
from recipes import CPU, HYPERPARAMETERS, NAMES, hyperparameter_flags, recipe
from small_run import evaluate_flags, sae_flags

import evaluate_dictionary
import train_sae as script
from monosem.acts.store import open_store
from monosem.ground.artefacts import read_json
from monosem.ground.checkpoints import Checkpoint
from monosem.measures.codes import read_codes
from monosem.sae.autoencoder import load_sae
from monosem.sae.recipe import Products
from monosem.sae.training import train_sae


@pytest.fixture(params=NAMES, scope="module")
def made(request, acts, tmp_path_factory):
    """An architecture's name, and the folder of what the script trained."""
    folder = tmp_path_factory.mktemp(request.param)
    argv = sae_flags(acts, folder, arch=request.param, ramp=0.2, grad_clip=5, **hyperparameter_flags(request.param))
    script.main(argv)
    return request.param, folder


def test_the_record_and_the_log_tell_of_the_run(made, acts):
    name, folder = made
    record, store = read_json(folder / "sae.json"), open_store(acts)
    expected = {key: list(v) if isinstance(v, tuple) else v for key, v in HYPERPARAMETERS[name].items()}
    assert record["architecture"] == name and record["hyperparameters"] == expected
    units = {key: record.get(f"l1_{key}_units") for key in ("scaled", "raw", "paper")}
    l1 = HYPERPARAMETERS[name].get("l1") if name != "jumprelu" else None  # whose penalty is not linear in the codes
    wanted = {"scaled": l1, "raw": l1 / store.scale, "paper": l1 / store.scale / 16} if l1 else dict.fromkeys(units)
    assert units == wanted
    log = pd.read_csv(folder / "train.tsv", sep="\t")
    assert log["step"].iloc[-1] == record["steps"] == 50 and record["epochs"] == pytest.approx(3200 / 700)
    assert np.isfinite(log.to_numpy()).all() and log["loss"].iloc[-1] < log["loss"].iloc[0]
    if "k" in HYPERPARAMETERS[name]:
        assert (log["l0"] <= 4).all() and log["l0"].iloc[-1] == pytest.approx(4, rel=0.1)


def test_the_saved_weights_take_raw_activations(made, acts, tmp_path):
    """The same training in this process, its codes of scaled activations scaled back; but for those at a threshold."""
    name, folder = made
    store, saved = open_store(acts), load_sae(folder / "sae.safetensors")
    x_BN = torch.from_numpy(store.acts_TN[:].astype(np.float32))
    told = recipe(
        name, vectors=3200, resample_at=(0.3, 0.6), resample_inputs=200, dead_window=0.2, log_every=7, ramp=0.2,
        grad_clip=5.0,
    )  # fmt: skip
    with Checkpoint(tmp_path / "a", "key", every_s=60) as checkpoint:
        scaled, _ = train_sae(store, told, CPU, Products.of("float32", CPU), checkpoint)
    pre_BF = (x_BN * store.scale - scaled.b_dec_N) @ scaled.W_enc_FN.T + scaled.b_enc_F
    unsure_BF = ((pre_BF - scaled.threshold_F).abs() < 1e-5) & (scaled.threshold_F > 0)
    codes_BF = scaled.encode(x_BN * store.scale) / store.scale
    ours_BF, theirs_BF = (part_BF.masked_fill(unsure_BF, 0) for part_BF in (saved.encode(x_BN), codes_BF))
    torch.testing.assert_close(ours_BF, theirs_BF, rtol=1e-4, atol=1e-6)
    assert unsure_BF.float().mean() < 1e-3 and (ours_BF > 0).any()
    torch.testing.assert_close(saved.W_dec_FN, scaled.W_dec_FN, rtol=0, atol=0)
    torch.testing.assert_close(saved.W_dec_FN.norm(dim=1), torch.ones(24), rtol=0, atol=1e-6)


def test_it_is_evaluated(made, acts, lm, tokens, tmp_path):
    """Codes are those of the saved form; what it explains and recovers is better than nothing."""
    name, folder = made
    evaluate_dictionary.main(evaluate_flags(tokens, lm, acts, folder, tmp_path, name=name))
    record, codes = json.loads((tmp_path / "eval.json").read_text()), read_codes(tmp_path / "codes.safetensors")
    assert record["dictionary"] == name and record["n_features"] == codes.n_features == 24
    assert record["l0"] == pytest.approx(codes.matrix.nnz / codes.n_tokens) and codes.matrix.data.min() > 0
    assert 0 < record["explained_variance"] <= 1 and np.isfinite(record["loss_sae"])
    if name == "topk":
        assert np.diff(codes.matrix.indptr).max() == 4
    elif "k" in HYPERPARAMETERS[name]:
        assert record["l0"] == pytest.approx(4, rel=0.3)


@pytest.mark.parametrize("name", NAMES)
def test_a_loss_that_is_not_finite_names_step_and_recipe(acts, tmp_path, name):
    message = r"loss is (nan|inf) at step \d+ \(Recipe\(.*lr=1e\+30.*lower the learning"
    with pytest.raises(FloatingPointError, match=message):
        script.main(sae_flags(acts, tmp_path, arch=name, lr=1e30, **hyperparameter_flags(name)))
    assert [path.name for path in tmp_path.iterdir() if not path.name.endswith(".lease")] == []


@pytest.mark.parametrize(
    ("name", "changed", "message"),
    [
        ("relu", {"l1": None}, "--l1: needed by the architecture relu"),
        ("topk", {"k_aux": None}, "--k-aux: needed by the architecture topk"),
        ("topk", {"l1": 2}, r"--l1 2\.0: not a setting of the architecture topk, which has --k, --k-aux, --aux"),
        ("relu", {"prefixes": [0.5, 1]}, r"--prefixes \(0\.5, 1\.0\): not a setting of the architecture relu"),
        ("matryoshka", {"prefixes": [0.5, 0.9]}, r"--prefixes \(0\.5, 0\.9\): shares of 24 features rising to 1"),
        ("matryoshka", {"prefixes": [0.5, 0.5, 1]}, r"--prefixes .*: shares of 24 features rising to 1"),
    ],
)
def test_wrong_settings_are_named_by_flag_and_leave_no_output(acts, tmp_path, name, changed, message):
    with pytest.raises(ValueError, match=message):
        script.main(sae_flags(acts, tmp_path, arch=name, **{**hyperparameter_flags(name), **changed}))
    assert [path.name for path in tmp_path.iterdir() if not path.name.endswith(".lease")] == []

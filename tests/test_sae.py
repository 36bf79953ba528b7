"""The autoencoder's function, its start, and its file."""

import json

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load, save_file

from monosem.sae import SparseAutoencoder, geometric_median, load_sae, new_sae, save_sae, unit_rows


def random_sae(N=5, F=9, seed=0, dtype=torch.float32):
    rng = torch.Generator().manual_seed(seed)
    W_enc_FN, W_dec_FN = (torch.randn(F, N, generator=rng).to(dtype) for _ in range(2))
    return SparseAutoencoder(
        W_enc_FN, torch.randn(F, generator=rng).to(dtype), unit_rows(W_dec_FN), torch.randn(N, generator=rng).to(dtype)
    )


@settings(max_examples=40, deadline=None)
@given(st.floats(0.01, 100), st.integers(0, 99))
def test_folded_on_raw_is_unfolded_on_scaled(scale, seed):
    sae = random_sae(seed=seed, dtype=torch.float64)
    x_BN = torch.randn(30, 5, dtype=torch.float64)
    codes_BF, folded = sae.encode(x_BN * scale), sae.folded(scale)
    torch.testing.assert_close(folded.encode(x_BN), codes_BF / scale)
    torch.testing.assert_close(folded.decode(folded.encode(x_BN)), sae.decode(codes_BF) / scale)
    assert torch.equal(folded.W_dec_FN, sae.W_dec_FN)


def test_encode_and_decode_are_the_formula():
    sae, x_BN = random_sae(), torch.randn(4, 5)
    for x_N, codes_F in zip(x_BN, sae.encode(x_BN), strict=True):
        for i in range(9):
            pre = sum((x_N[n] - sae.b_dec_N[n]) * sae.W_enc_FN[i, n] for n in range(5)) + sae.b_enc_F[i]
            torch.testing.assert_close(codes_F[i], pre.clamp_min(0), rtol=1e-4, atol=1e-5)
        recon_N = sum(codes_F[i] * sae.W_dec_FN[i] for i in range(9)) + sae.b_dec_N
        torch.testing.assert_close(sae.decode(codes_F[None])[0], recon_N)


def test_a_new_one_starts_as_the_paper_says():
    b_dec_N = torch.randn(50)
    sae, same, other = (new_sae(50, 400, b_dec_N=b_dec_N, seed=seed) for seed in (1, 1, 2))
    torch.testing.assert_close(sae.W_dec_FN.norm(dim=1), torch.ones(400))
    linear = torch.nn.Linear(50, 400)  # PyTorch's own default
    for ours, torchs in ((sae.W_enc_FN, linear.weight), (sae.b_enc_F, linear.bias)):
        assert ours.shape == torchs.shape
        assert ours.std().item() == pytest.approx(torchs.std().item(), rel=0.1)
        assert ours.abs().max().item() == pytest.approx(1 / 50**0.5, rel=0.02)
    assert torch.equal(sae.b_dec_N, b_dec_N) and sae.b_dec_N.data_ptr() != b_dec_N.data_ptr()
    assert torch.cosine_similarity(sae.W_enc_FN, sae.W_dec_FN, dim=1).abs().mean() < 0.2  # untied
    assert torch.equal(sae.W_enc_FN, same.W_enc_FN) and not torch.equal(sae.W_enc_FN, other.W_enc_FN)


def distances(point_N, x_BN):
    return (x_BN - point_N).norm(dim=1).sum().item()


@pytest.mark.parametrize("seed", range(5))
def test_no_other_point_is_nearer_than_the_geometric_median(seed):
    rng = torch.Generator().manual_seed(seed)
    x_BN = torch.randn(60, 2, generator=rng).exp()
    median_N = geometric_median(x_BN)
    grid = torch.cartesian_prod(torch.linspace(0, 4, 80), torch.linspace(0, 4, 80))
    assert distances(median_N, x_BN) <= min(distances(point_N, x_BN) for point_N in [*grid, x_BN.mean(0)]) * (1 + 1e-4)


def test_the_geometric_median_of_known_cases():
    square = torch.tensor([[0.0, 0], [0, 2], [2, 0], [2, 2]])
    torch.testing.assert_close(geometric_median(square), torch.ones(2))
    cloud = torch.randn(101, 3)
    far = torch.cat([cloud, torch.full((30, 3), 1e6)])
    assert geometric_median(far).norm() < 2 and far.mean(0).norm() > 1e5
    torch.testing.assert_close(geometric_median(torch.full((4, 3), 2.0)), torch.full((3,), 2.0))


def test_a_saved_one_gives_the_same_outputs(tmp_path):
    sae, x_BN = random_sae(), torch.randn(20, 5)
    save_sae(tmp_path / "s.safetensors", sae, "relu")
    back = load_sae(tmp_path / "s.safetensors")
    assert torch.equal(back.encode(x_BN), sae.encode(x_BN)) and back.n_features == 9
    assert torch.equal(back.decode(back.encode(x_BN)), sae.decode(sae.encode(x_BN)))


def test_a_wrong_file_is_named(tmp_path):
    path = tmp_path / "s.safetensors"
    with pytest.raises(ValueError, match=r"s\.safetensors: no such file; run train_sae"):
        load_sae(path)
    save_sae(path, random_sae(), "relu")
    whole = path.read_bytes()
    tensors, config = load(whole), {"config": json.dumps({"architecture": "relu"})}
    less = {name: tensor for name, tensor in tensors.items() if name != "b_dec"}
    for make, message in (
        (lambda: path.write_bytes(whole[:-1]), "not an autoencoder"),
        (lambda: path.write_bytes(b""), "not an autoencoder"),
        (lambda: save_file(tensors, path), "not an autoencoder"),
        (lambda: save_file(tensors, path, metadata={"config": "{}"}), "not an autoencoder"),
        (lambda: save_file(less, path, metadata=config), r"tensors \['W_dec', 'W_enc', 'b_enc'\]; exactly"),
        (lambda: save_file({**tensors, "x": torch.zeros(2)}, path, metadata=config), "tensors .*'x'.*exactly"),
        (lambda: save_sae(path, random_sae(), "topk"), "architecture topk; one of relu expected"),
    ):
        make()
        with pytest.raises(ValueError, match=rf"s\.safetensors: {message}"):
            load_sae(path)

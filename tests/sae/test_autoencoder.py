"""The autoencoder's function, its start, and its file."""

import json
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from recipes import NAMES, architecture
from safetensors.torch import load, save_file

from monosem.sae.autoencoder import SparseAutoencoder, geometric_median, load_sae, save_sae, unit_rows
from monosem.sae.kernels import Screen

AS_THE_PAPER = ("relu", "relu-unshifted")
KINDS = st.sampled_from([(0, None), (0.8, None), (0, 3), (0, 20)])  # largest threshold and k; none has both


def random_sae(N=5, F=9, seed=0, dtype=torch.float32, threshold=0.0, k=None):
    rng = torch.Generator().manual_seed(seed)

    def normal(*shape):
        return torch.randn(*shape, generator=rng).to(dtype)

    threshold_F = threshold * torch.rand(F, generator=rng).to(dtype)
    return SparseAutoencoder(normal(F, N), normal(F), unit_rows(normal(F, N)), normal(N), threshold_F, k)


@settings(max_examples=60)
@given(st.floats(0.01, 100), st.integers(0, 99), KINDS)
def test_folded_on_raw_is_unfolded_on_scaled(scale, seed, kind):
    sae = random_sae(seed=seed, dtype=torch.float64, threshold=kind[0], k=kind[1])
    x_BN = torch.randn(30, 5, dtype=torch.float64)
    codes_BF, folded = sae.encode(x_BN * scale), sae.folded(scale)
    torch.testing.assert_close(folded.encode(x_BN), codes_BF / scale)
    torch.testing.assert_close(folded.decode(folded.encode(x_BN)), sae.decode(codes_BF) / scale)
    assert torch.equal(folded.W_dec_FN, sae.W_dec_FN) and folded.k == sae.k


@pytest.mark.parametrize(("threshold", "k"), [(0, None), (0.8, None), (0, 3)])
def test_encode_and_decode_are_the_formula(threshold, k):
    sae, x_BN = random_sae(threshold=threshold, k=k), torch.randn(4, 5)
    for x_N, codes_F in zip(x_BN, sae.encode(x_BN), strict=True):
        expected = []
        for i in range(9):
            pre = float(sum((x_N[n] - sae.b_dec_N[n]) * sae.W_enc_FN[i, n] for n in range(5)) + sae.b_enc_F[i])
            expected.append(pre if pre > sae.threshold_F[i] else 0.0)
        least = sorted(expected)[-k] if k else 0.0
        expected = torch.tensor([code if code >= least else 0.0 for code in expected])
        torch.testing.assert_close(codes_F, expected, rtol=1e-4, atol=1e-5)
        recon_N = sum(codes_F[i] * sae.W_dec_FN[i] for i in range(9)) + sae.b_dec_N
        torch.testing.assert_close(sae.decode(codes_F[None])[0], recon_N)


def test_thresholds_and_k_take_codes_away():
    x_BN, counts = torch.randn(500, 5), {}
    for threshold, k in ((0, None), (0.8, None), (0, 3)):
        counts[threshold, k] = int((random_sae(threshold=threshold, k=k).encode(x_BN) > 0).sum())
    assert counts[0, None] > counts[0.8, None] > 0 and counts[0, None] > counts[0, 3] > 0


@pytest.mark.parametrize("screen", [Screen(torch.float64, False), Screen(torch.bfloat16, True)], ids=str)
@settings(max_examples=60)
@given(st.integers(1, 30), st.integers(1, 15), st.sampled_from([-100, -3, 0, 100]), st.integers(0, 999), KINDS)
def test_sparse_codes_are_the_dense_ones(screen, B, F, shift, seed, kind):
    sae = random_sae(F=F, seed=seed, dtype=torch.float64, threshold=kind[0], k=kind[1])
    sae = replace(sae, b_enc_F=sae.b_enc_F + shift)
    x_BN = torch.randn(B, 5, dtype=torch.float64)
    codes = sae.encode_sparse(x_BN, screen)
    torch.testing.assert_close(codes.tensor().to_dense(), sae.encode(x_BN), rtol=1e-10, atol=1e-10)
    assert codes.n_columns == F and (codes.value_Z > 0).all()
    torch.testing.assert_close(sae.decode_sparse(codes), sae.decode(sae.encode(x_BN)))


def test_a_screen_without_margin_decides_only_which_codes_are_there():
    sae, x_BN = random_sae(N=8, F=40, seed=5, dtype=torch.float64), torch.randn(5000, 8, dtype=torch.float64)
    codes_BF = sae.encode_sparse(x_BN, Screen(torch.bfloat16, False)).tensor().to_dense()
    exact_BF = sae.encode(x_BN)
    there_BF = codes_BF > 0
    torch.testing.assert_close(codes_BF[there_BF], exact_BF[there_BF])
    missed_BF = (exact_BF > 0) & ~there_BF
    above_BF = (exact_BF - sae.threshold_F) / ((x_BN - sae.b_dec_N).norm(dim=1)[:, None] * sae.W_enc_FN.norm(dim=1))
    assert missed_BF.any() and above_BF[missed_BF].max() < 2**-6  # only those hardly above the threshold are missed


@pytest.mark.parametrize("name", AS_THE_PAPER)
def test_a_new_one_starts_as_the_paper_says(name):
    b_dec_N, relu = torch.randn(50), architecture(name)
    new, same, other = (relu.start(400, b_dec_N, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    torch.testing.assert_close(new["W_dec_FN"].norm(dim=1), torch.ones(400))
    linear = torch.nn.Linear(50, 400)  # PyTorch's own default
    for ours, torchs in ((new["W_enc_FN"], linear.weight), (new["b_enc_F"], linear.bias)):
        assert ours.shape == torchs.shape
        assert ours.std().item() == pytest.approx(torchs.std().item(), rel=0.1)
        assert ours.abs().max().item() == pytest.approx(1 / 50**0.5, rel=0.02)
    assert torch.equal(new["b_dec_N"], b_dec_N) and new["b_dec_N"].data_ptr() != b_dec_N.data_ptr()
    assert torch.cosine_similarity(new["W_enc_FN"], new["W_dec_FN"], dim=1).abs().mean() < 0.2  # untied
    assert torch.equal(new["W_enc_FN"], same["W_enc_FN"]) and not torch.equal(new["W_enc_FN"], other["W_enc_FN"])


@pytest.mark.parametrize("name", [name for name in NAMES if name not in AS_THE_PAPER])
def test_the_others_start_as_their_sources_say(name):
    """A free decoder starts at norm 0.1 with biases of zero, a unit one at the median; tied but for gated."""
    arch, median_N = architecture(name), torch.randn(30)
    new, same, other = (arch.start(100, median_N, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    torch.testing.assert_close(new["W_dec_FN"].norm(dim=1), torch.full((100,), 1.0 if arch.unit_decoder else 0.1))
    assert torch.equal(new["b_dec_N"], median_N if arch.unit_decoder else torch.zeros(30))
    assert new["b_dec_N"].data_ptr() != median_N.data_ptr()
    assert torch.equal(new["W_enc_FN"], new["W_dec_FN"]) == (name != "gated")
    assert new["W_enc_FN"].data_ptr() != new["W_dec_FN"].data_ptr()
    for weight, value in arch.per_feature.items():
        assert torch.equal(new[weight], torch.full((100,), value))
    assert all(torch.equal(new[weight], same[weight]) for weight in new)
    assert not torch.equal(new["W_enc_FN"], other["W_enc_FN"]) and not torch.equal(new["W_dec_FN"], other["W_dec_FN"])
    assert arch.inference(new, torch.randn(8, 30)).threshold_F.min() >= 0


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


@pytest.mark.parametrize(("threshold", "k"), [(0, None), (0.8, None), (0, 3)])
def test_a_saved_one_gives_the_same_outputs(tmp_path, threshold, k):
    sae, x_BN = random_sae(threshold=threshold, k=k), torch.randn(20, 5)
    save_sae(tmp_path / "s.safetensors", sae, "relu")
    back = load_sae(tmp_path / "s.safetensors")
    assert torch.equal(back.encode(x_BN), sae.encode(x_BN)) and back.n_features == 9 and back.k == k
    assert torch.equal(back.decode(back.encode(x_BN)), sae.decode(sae.encode(x_BN)))
    assert all(torch.equal(tensor, sae.tensors()[name]) for name, tensor in back.tensors().items())


def test_a_wrong_file_is_named(tmp_path):
    path = tmp_path / "s.safetensors"
    with pytest.raises(ValueError, match=r"s\.safetensors: no such file; run train_sae"):
        load_sae(path)
    save_sae(path, random_sae(), "relu")
    whole = path.read_bytes()
    tensors, config = load(whole), {"config": json.dumps({"architecture": "relu", "k": None})}
    listed = r"\['W_dec', 'W_enc', 'b_enc', 'threshold'\]"
    less = {name: tensor for name, tensor in tensors.items() if name != "b_dec"}
    for make, message in (
        (lambda: path.write_bytes(whole[:-1]), "not an autoencoder"),
        (lambda: path.write_bytes(b""), "not an autoencoder"),
        (lambda: save_file(tensors, path), "not an autoencoder"),
        (lambda: save_file(tensors, path, metadata={"config": "{}"}), "not an autoencoder"),
        (lambda: save_file(tensors, path, metadata={"config": "{"}), "not an autoencoder"),
        (
            lambda: save_file(less, path, metadata=config),
            f"tensors {listed}; exactly",
        ),
        (lambda: save_file({**tensors, "x": torch.zeros(2)}, path, metadata=config), "tensors .*'x'.*exactly"),
    ):
        make()
        with pytest.raises(ValueError, match=rf"s\.safetensors: {message}"):
            load_sae(path)

"""Encoders tried: on one vector by hand, in the plane at several angles, and on planted truth in more dimensions."""

import math
from collections.abc import Sequence

import pandas as pd
import torch
from torch import Tensor

from monosem.sae.autoencoder import SparseAutoencoder
from monosem.sae.recipe import Recipe
from monosem.theory.encoders import Fitting, codes_of_all, share_left, tied
from monosem.theory.planted import Planted, best_cosines, plant, share_found, trained

PLANE_ON = 0.5  # share of the vectors with each of the two features
LEARNT = "autoencoder"
COLUMNS = ["where", "angle", "encoder", "error", "code_error", "l0"]  # errors are shares of squared length


def by_hand() -> dict[str, float]:
    """(2, 1) is (1, 0) and sqrt(2) times (1, 1) / sqrt(2); the tied encoder says (2, 3 / sqrt(2)). Norms."""
    D_FN, x_N = torch.tensor([[1.0, 0.0], [0.5**0.5, 0.5**0.5]]).double(), torch.tensor([2.0, 1.0]).double()
    code_F = tied({}, x_N[None], D_FN)[0]
    vectors = {"input": x_N, "code": code_F, "decoded": code_F @ D_FN}
    return {name: float(vector.norm()) for name, vector in vectors.items()}


def row(where: str, angle: float, name: str, held: Planted, code_BF: Tensor, recon_BN: Tensor) -> tuple:
    l0 = float((code_BF > 0).sum(dim=1).float().mean())
    return where, angle, name, share_left(held.x_TN, recon_BN), share_left(held.code_TF, code_BF), l0


def in_the_plane(angles: Sequence[float], n_vectors: int, settings: Fitting, rng: torch.Generator) -> pd.DataFrame:
    """Two directions, `angles` degrees apart; all angles are fitted side by side."""
    turned = [math.radians(angle) for angle in angles]
    D_QFN = torch.tensor([[[1.0, 0.0], [math.cos(angle), math.sin(angle)]] for angle in turned])
    learn, held = ([plant(D_FN, n_vectors, PLANE_ON, rng) for D_FN in D_QFN] for _ in range(2))
    x_QTN, held_QBN = (torch.stack([planted.x_TN for planted in part]) for part in (learn, held))
    codes, rows = codes_of_all(x_QTN, held_QBN, D_QFN, settings), []
    for number, angle in enumerate(angles):
        for name, code_QBF in codes.items():
            recon_BN = code_QBF[number] @ D_QFN[number]
            rows.append(row("plane", angle, name, held[number], code_QBF[number], recon_BN))
    return pd.DataFrame(rows, columns=COLUMNS)


def on_planted_truth(
    D_FN: Tensor, n_vectors: int, on: float, settings: Fitting, recipe: Recipe, rng: torch.Generator
) -> tuple[pd.DataFrame, dict[str, float]]:
    """With the true dictionary, and with one that an autoencoder learns; and how much of the truth that one finds."""
    learn, held = (plant(D_FN, n_vectors, on, rng) for _ in range(2))
    codes, rows = codes_of_all(learn.x_TN[None], held.x_TN[None], D_FN[None], settings), []
    for name, code_1BF in codes.items():
        rows.append(row("planted", math.nan, name, held, code_1BF[0], code_1BF[0] @ D_FN))
    sae = trained(learn.x_TN, recipe)
    found_BG = sae.encode(held.x_TN)
    rows.append(row("planted", math.nan, LEARNT, held, in_true_order(found_BG, sae, D_FN), sae.decode(found_BG)))
    return pd.DataFrame(rows, columns=COLUMNS), share_found(best_cosines(D_FN, sae.W_dec_FN))


def in_true_order(found_BG: Tensor, sae: SparseAutoencoder, D_FN: Tensor) -> Tensor:
    """Of each true feature, the code of the found one that is nearest to it, [B, F]."""
    return found_BG[:, (D_FN @ sae.W_dec_FN.T).argmax(dim=1)]

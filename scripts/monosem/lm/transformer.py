"""The transformers A, B and control: pre-LayerNorm, ReLU, one block by default (paper, appendix "Transformer").

Imported ones (GPT-2) may have another activation function, and biases in LayerNorms and attention too.

Shape suffixes: S sequences, L context position, P = S x L positions of a batch in a row, V vocabulary, D residual
width, H heads, K head width, M MLP neurons. Weight matrices act from the left on rows: `x_PD @ W_in_DM`.
"""

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor, nn

from monosem.ground.artefacts import replacing, sha256
from monosem.ground.finite import check_finite
from monosem.ground.tensors import load_tensors, read_metadata
from monosem.lm.layers import ACTIVATIONS, LayerNorm, affine, causal_attention, matrix
from monosem.lm.logit_updates import LogitCoordinates, logit_coordinates
from monosem.lm.sites import Edit, Site, edit, keeping

TILE = 512  # positions whose logits fit the cache
OVERFLOW = "its weights are finite and too large; train it again or take another"


@dataclass(frozen=True)
class LMConfig:
    vocab_size: int
    context_length: int
    n_layers: int
    d_model: int
    n_heads: int
    d_mlp: int
    activation: str = "relu"
    biases: bool = False  # in LayerNorms and attention; the MLP always has them

    def __post_init__(self) -> None:
        if self.d_model % self.n_heads:
            raise ValueError(f"n_heads {self.n_heads}: a divisor of d_model {self.d_model} expected")

    def site_width(self, site: Site) -> int:
        return {"mlp_post": self.d_mlp, "logits": self.d_model - 1}.get(site.name, self.d_model)


class Block(nn.Module):
    """x + attention(ln(x)), then x + mlp(ln(x))."""

    def __init__(self, config: LMConfig, rng: torch.Generator) -> None:
        super().__init__()
        D, M = config.d_model, config.d_mlp
        into_residual = 0.02 / math.sqrt(2 * config.n_layers)  # GPT-2: the residual's variance stays put with depth
        self.n_heads, self.activation = config.n_heads, ACTIVATIONS[config.activation]
        self.ln_attn, self.ln_mlp = LayerNorm(D, config.biases), LayerNorm(D, config.biases)
        self.W_qkv_DD3 = matrix(D, 3 * D, rng)
        self.W_O_DD = matrix(D, D, rng, into_residual)
        self.b_qkv_D3 = nn.Parameter(torch.zeros(3 * D)) if config.biases else None
        self.b_O_D = nn.Parameter(torch.zeros(D)) if config.biases else None
        self.W_in_DM, self.b_in_M = matrix(D, M, rng), nn.Parameter(torch.zeros(M))
        self.W_out_MD, self.b_out_D = matrix(M, D, rng, into_residual), nn.Parameter(torch.zeros(D))

    def attention(self, x_SLD: Tensor) -> Tensor:
        S, L, D = x_SLD.shape
        qkv_SLD3 = affine(x_SLD, self.W_qkv_DD3, self.b_qkv_D3)
        mixed_SHLK = causal_attention(*qkv_SLD3.view(S, L, 3, self.n_heads, -1).permute(2, 0, 3, 1, 4))
        return affine(mixed_SHLK.transpose(1, 2).reshape(S, L, D), self.W_O_DD, self.b_O_D)

    def forward(self, x_SLD: Tensor, dtype: torch.dtype, edits: dict[str, Edit]) -> Tensor:
        x_SLD = x_SLD + self.attention(self.ln_attn(x_SLD).to(dtype))
        in_SLD = edit(edits, "mlp_in", self.ln_mlp(x_SLD).to(dtype))
        post_SLM = self.activation(affine(in_SLD, self.W_in_DM, self.b_in_M))
        post_SLM = edit(edits, "mlp_post", post_SLM)
        out_SLD = edit(edits, "mlp_out", affine(post_SLM, self.W_out_MD, self.b_out_D))
        return edit(edits, "resid_post", x_SLD + out_SLD)


class LanguageModel(nn.Module):
    """Token ids to the last residual stream; `next_token_loss` does the unembedding tile by tile."""

    def __init__(self, config: LMConfig, *, seed: int) -> None:
        super().__init__()
        rng = torch.Generator().manual_seed(seed)
        self.config = config
        self.W_E_VD = matrix(config.vocab_size, config.d_model, rng)
        self.W_pos_LD = matrix(config.context_length, config.d_model, rng)
        self.blocks = nn.ModuleList(Block(config, rng) for _ in range(config.n_layers))
        self.ln_final = LayerNorm(config.d_model, config.biases)
        self.W_U_DV = matrix(config.d_model, config.vocab_size, rng)

    def forward(
        self,
        tokens_SL: Tensor,
        dtype: torch.dtype = torch.float32,
        edits: dict[Site, Edit] | None = None,
    ) -> Tensor:
        """Normalised last residual stream [S, L, D] in `dtype`; the logits are this times W_U_DV.

        `edits` maps a site to a function that is given its activations and returns what to put in their place.
        """
        x_SLD = F.embedding(tokens_SL, self.W_E_VD) + self.W_pos_LD[: tokens_SL.shape[1]]
        for layer, block in enumerate(self.blocks):
            here = {site.name: function for site, function in (edits or {}).items() if site.layer == layer}
            if "logits" in here:
                assert "mlp_out" not in here, "logits and mlp_out are one place"
                here["mlp_out"] = self.in_logits(here.pop("logits"))
            x_SLD = block(x_SLD, dtype, here)
        return self.ln_final(x_SLD).to(dtype)

    def logit_coordinates(self) -> LogitCoordinates:
        return logit_coordinates(self.ln_final.scale_D.detach(), self.W_U_DV.detach())

    def to_residual(self, directions_FN: Tensor, site: Site) -> Tensor:
        """What a unit of each direction of a site adds to the residual stream after its layer, [F, D]."""
        if site.name == "mlp_post":
            return directions_FN @ self.blocks[site.layer].W_out_MD
        if site.name == "logits":
            return directions_FN @ self.logit_coordinates().back_CD
        return directions_FN

    def in_logits(self, function: Edit) -> Edit:
        """An edit of the MLP's output, from one of what it adds to the logits."""
        coordinates = self.logit_coordinates()
        return lambda out_SLD: function(out_SLD @ coordinates.to_DC) @ coordinates.back_CD

    @torch.no_grad()
    def activations(self, tokens_SL: Tensor, site: Site) -> Tensor:
        """Activations at a site, float32 [S, L, site width]. Raises ValueError where one is not finite."""
        seen: list[Tensor] = []
        self(tokens_SL, edits={site: keeping(seen)})
        check_finite(seen[0], f"activations at {site.name} of layer {site.layer}", OVERFLOW)
        return seen[0]

    @torch.no_grad()
    def logit_weights(self, directions_FN: Tensor, site: Site) -> Tensor:
        """Direct effect of each direction of a site on the logits, [F, V], each row shifted to median 0.

        d . W_out . (mean removal) . diag(final scale) . W_U (paper, "Feature downstream effects"); exact but for the
        final LayerNorm's division, and only the direct path when the site is not in the last layer.
        """
        out_FD = self.to_residual(directions_FN, site)
        centred_FD = out_FD - out_FD.mean(dim=1, keepdim=True)
        weights_FV = (centred_FD * self.ln_final.scale_D) @ self.W_U_DV
        return weights_FV - weights_FV.median(dim=1, keepdim=True).values


@torch.no_grad()
def token_losses(model: LanguageModel, tokens_SL: Tensor, edits: dict[Site, Edit] | None = None) -> Tensor:
    """Cross-entropy in nats of each token 1..L-1 in float32, [S, L-1], with a site's activations edited."""
    S, L = tokens_SL.shape
    x_PD, target_P = model(tokens_SL, edits=edits)[:, :-1].flatten(0, 1), tokens_SL[:, 1:].flatten()
    return cross_entropies(x_PD, model.W_U_DV, target_P).view(S, L - 1)


def cross_entropies(x_PD: Tensor, W_U_DV: Tensor, target_P: Tensor) -> Tensor:
    """Of each target, nats, from normalised last residual streams; in tiles whose logits fit the cache."""
    tiles = zip(x_PD.split(TILE), target_P.split(TILE), strict=True)
    return torch.cat([F.cross_entropy(x_BD @ W_U_DV, target_B, reduction="none") for x_BD, target_B in tiles])


def shuffle_weights(model: LanguageModel, *, seed: int) -> None:
    """Permute the entries of every weight matrix in place: the paper's randomised control transformer.

    Each matrix keeps its distribution of entries and loses all it has learnt; vectors (biases, scales) stay.
    """
    rng = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim == 2:
                order = torch.randperm(parameter.numel(), generator=rng)
                parameter.copy_(parameter.flatten()[order].view_as(parameter))


def save_lm(path: Path, model: LanguageModel) -> None:
    with replacing(path) as tmp:
        save_file(model.state_dict(), tmp, metadata={"config": json.dumps(asdict(model.config))})


def load_lm(path: Path, digest: str | None = None) -> LanguageModel:
    """A saved model, on the CPU.

    Raises ValueError naming the file when it is missing, cut short, of another kind, or not the model whose digest is
    given: activations, dictionaries and evaluations must all be of one model.
    """
    try:
        model = LanguageModel(LMConfig(**json.loads(read_metadata(path)["config"])), seed=0)
        model.load_state_dict(load_tensors(path, "pt"))
    except FileNotFoundError:
        raise ValueError(f"{path}: no such file; run train_lm first") from None
    except (SafetensorError, KeyError, TypeError, RuntimeError, json.JSONDecodeError) as error:
        raise ValueError(f"{path}: not a language model of this project ({error})") from None
    if digest not in (None, found := sha256(path)[:16]):
        raise ValueError(f"{path}: model {found}, but its record or activations are of {digest}; rerun what is older")
    return model.eval()

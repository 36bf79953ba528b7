"""sparsify (EleutherAI): `cfg.json` and `sae.safetensors`, read by `SparseCoder.load_from_disk`; delphi reads it too.

All it knows is the k largest of ReLU(W_e (x - b_d) + b_e). With k the width that is the plain ReLU, exactly, in a list
of codes as long as the dictionary is wide. Thresholds it has not.
"""

from pathlib import Path

from safetensors.torch import save_file

from monosem.interchange.forms import JUMPRELU, Origin, kind_of, largest, write_json
from monosem.sae.autoencoder import SparseAutoencoder


def write_sparsify(folder: Path, sae: SparseAutoencoder, origin: Origin) -> None:
    if kind_of(sae, origin.name) == JUMPRELU:
        raise ValueError(
            f"{origin.name}: {origin.record['architecture']} has thresholds, and sparsify none; "
            "export it to saelens or dictionary_learning"
        )
    tensors = {"encoder.weight": sae.W_enc_FN, "encoder.bias": sae.b_enc_F}
    tensors |= {"W_dec": sae.W_dec_FN, "b_dec": sae.b_dec_N}
    config = {
        "activation": "topk",
        "normalize_decoder": True,
        "num_latents": sae.n_features,
        "k": largest(sae),
        "multi_topk": False,
        "skip_connection": False,
        "transcode": False,
        "d_in": sae.W_dec_FN.shape[1],
    }
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, folder / "sae.safetensors")
    write_json(folder / "cfg.json", config)

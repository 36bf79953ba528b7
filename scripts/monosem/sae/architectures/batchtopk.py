"""batchtopk: the B x k largest codes of a whole batch (Bussmann et al. 2024, "BatchTopK sparse autoencoders").

    f = the B x k largest of ReLU(W_e (x - b_d) + b_e) over all B vectors, others 0      x' = W_d f + b_d

Loss as topk. A vector on its own has no batch, so the saved form has a threshold instead: the one that lets k codes a
vector through on average.
"""

from dataclasses import dataclass

from torch import Tensor

from monosem.sae.architectures.topk import TopK
from monosem.sae.autoencoder import SparseAutoencoder
from monosem.sae.kernels import Csr, Screen, Weights, largest_of_batch


@dataclass(frozen=True)
class BatchTopK(TopK):
    def support(self, weights: Weights, seen_BN: Tensor, screen: Screen) -> Csr:
        return largest_of_batch(seen_BN, weights["W_enc_FN"], weights["b_enc_F"], self.k, screen)

    def inference(self, weights: Weights, x_BN: Tensor) -> SparseAutoencoder:
        kept_Z = self.support(weights, self.seen(weights, x_BN), Screen(x_BN.dtype, margin=False)).value_Z
        # A hair below the smallest that is kept, which is to pass, also when rounded otherwise.
        least = kept_Z.min() * (1 - 2**-20) if len(kept_Z) else kept_Z.new_zeros(())
        return SparseAutoencoder(**weights, threshold_F=least.expand(len(weights["b_enc_F"])).clone())

"""A training step of a sparse autoencoder whose products, but the encoder's, cost the number of nonzero codes.

`support` finds the entries of a batch of pre-activations that matter, without keeping the others; `entries` are these,
as a CSR matrix or as a dense tile, with the few products that every architecture's gradient is made of; `adam` is the
update. No autograd anywhere.
"""

from monosem.sae.kernels.adam import Adam, Weights, clip_factor, update
from monosem.sae.kernels.csr import Csr
from monosem.sae.kernels.entries import DenseEntries, Entries, SparseEntries
from monosem.sae.kernels.largest import largest_of_batch, largest_of_row
from monosem.sae.kernels.support import Screen, entries_above

__all__ = [
    "Adam",
    "Csr",
    "DenseEntries",
    "Entries",
    "Screen",
    "SparseEntries",
    "Weights",
    "clip_factor",
    "entries_above",
    "largest_of_batch",
    "largest_of_row",
    "update",
]

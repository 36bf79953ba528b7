"""Codes and reconstructions by sparsify, its list of the largest codes laid out over the width."""

import os

os.environ["SPARSIFY_DISABLE_TRITON"] = "1"  # read when it is imported; there is no Triton on a CPU

import torch
from files import folders, read, write
from sparsify import SparseCoder

for folder in folders():
    coder = SparseCoder.load_from_disk(folder).double()
    values, indices, _ = coder.encode(read(folder, "inputs"))
    codes = torch.zeros(len(values), coder.num_latents, dtype=torch.float64).scatter(1, indices, values)
    write(folder, codes=codes, recon=coder.decode(values, indices))

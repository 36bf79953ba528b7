"""Codes and reconstructions by SAELens."""

from files import folders, read, write
from sae_lens import SAE

for folder in folders():
    sae = SAE.load_from_disk(folder, dtype="float64")
    codes = sae.encode(read(folder, "inputs"))
    write(folder, codes=codes, recon=sae.decode(codes))

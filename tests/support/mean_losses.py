"""Mean losses over a text, for tests that ask nothing of its documents."""

import numpy as np

from monosem.measures.losses import SiteLosses, ablated_losses, document_losses


def site_losses(model, tokens_SL, bos, site, mean_N):
    sums = ablated_losses(model, tokens_SL, np.zeros_like(tokens_SL), bos, site, mean_N)
    return SiteLosses.of(sums, len(tokens_SL))


def loss_with(model, tokens_SL, bos, site, replacement):
    edits = {"replaced": {site: replacement}}
    sums = document_losses(model, tokens_SL, np.zeros_like(tokens_SL), bos, edits).loc[0]
    return sums["replaced"] / sums["n"]

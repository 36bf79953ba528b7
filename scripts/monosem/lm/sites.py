"""The places of a transformer where activations are read, and replaced."""

import re
from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor

SITES = ("mlp_post", "mlp_out", "resid_post", "logits")
Edit = Callable[[Tensor], Tensor]


class Site(NamedTuple):
    """Where activations are read or replaced: after the ReLU, after the MLP, or in the residual stream after it.

    `logits` is what the MLP adds to the logits (logit_updates.py). Also `mlp_in`, what the MLP is given, which has no
    store and no dictionary.
    """

    name: str
    layer: int


def parse_site(text: str, n_layers: int) -> Site:
    """`mlp_post` names the last layer's; `mlp_post-l0` that of layer 0."""
    found = re.fullmatch(rf"({'|'.join(SITES)})(?:-l([0-9]+))?", text)
    if not found or int(found[2] or 0) >= n_layers:
        raise ValueError(f"site {text}: one of {', '.join(SITES)} expected, or with a layer as in mlp_post-l0")
    return Site(found[1], int(found[2]) if found[2] else n_layers - 1)


def keeping(seen: list[Tensor]) -> Edit:
    """An edit that changes nothing and remembers what it was given."""

    def edit(x: Tensor) -> Tensor:
        seen.append(x)
        return x

    return edit


def edit(edits: dict[str, Edit], name: str, x: Tensor) -> Tensor:
    return edits[name](x) if name in edits else x

"""How much of a planted truth the autoencoders of this project find: features that lie in fewer dimensions.

Of each true direction the cosine with the nearest of the dictionary's, those of features that fire: the mean is the
MMCS (mean of the largest signed cosines), and a direction is found from RECOVERED on. One feature can be that near to
two true directions only if their own cosine is 2 RECOVERED^2 - 1 = 0.62 or more, so of directions further apart a
dictionary finds no more than it has features.

Shape suffixes: F true features, N dimensions, G features that were found, B vectors.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, NamedTuple

import torch
from torch import Tensor

from monosem.sae.autoencoder import SparseAutoencoder, random_rows
from monosem.sae.recipe import Recipe, architecture_of
from monosem.theory.encoders import share_left
from monosem.theory.planted import Planted, best_cosines, plant, share_found, trained

OWN, NONE, RESAMPLING, TERM = "own", "none", "resampling", "extra loss"
HANDLINGS = (NONE, RESAMPLING, TERM)
TERMS = ("aux", "pre_act")  # weights of the losses by which some architectures revive dead features


class Condition(NamedTuple):
    width: float  # features of the dictionary, in times the true ones
    on: float  # share of the vectors that have a feature
    together: float  # correlation of the features of a pair
    handling: str = OWN  # of dead features
    haste: float = 1.0  # times the learning rate


def sweeps(
    widths: Sequence[float], shares_on: Sequence[float], together: Sequence[float], haste: float
) -> Iterator[tuple[str, str, Condition]]:
    """One thing varies at a time, beside the first of each: what, its value, the condition.

    Dead features are handled where there are some: in the widest dictionary, where they are to spare, and in one that
    is trained too fast, where they are needed.
    """
    base = Condition(widths[0], shares_on[0], together[0])
    for name, values in (("width", widths), ("on", shares_on), ("together", together)):
        for value in sorted(values):
            yield name, f"{value:g}", base._replace(**{name: value})
    for name, where in (("spare", base._replace(width=max(widths))), ("needed", base._replace(haste=haste))):
        for handling in HANDLINGS:
            yield name, handling, where._replace(handling=handling)


def handled(recipe: Recipe, handling: str, resample_at: tuple[float, ...]) -> Recipe | None:
    """The recipe with dead features left dead, resampled, or revived by a loss of their own, if there is one."""
    if handling == OWN:
        return recipe
    terms = [item.name for item in fields(recipe.architecture) if item.name in TERMS]
    if handling == TERM and not terms:
        return None
    off = {} if handling == TERM else dict.fromkeys(terms, 0.0)
    return replace(
        recipe,
        architecture=replace(recipe.architecture, **off),
        resample_at=resample_at if handling == RESAMPLING else (),
    )


def recovery(true_FN: Tensor, sae: SparseAutoencoder, held: Planted) -> dict[str, float]:
    """Judged on held-out vectors, on which a feature must fire to count."""
    found_BG = sae.encode(held.x_TN)
    fires_G = (found_BG > 0).any(dim=0)
    cosine_F = best_cosines(true_FN, sae.W_dec_FN[fires_G]) if fires_G.any() else torch.zeros(len(true_FN))
    return {
        **share_found(cosine_F),
        "alive": float(fires_G.float().mean()),
        "error": share_left(held.x_TN, sae.decode(found_BG)),
        "l0": float((found_BG > 0).sum(dim=1).float().mean()),
    }


@dataclass
class Bench:
    """Trials on one true dictionary; equal trials are run once."""

    true_FN: Tensor
    n_vectors: int
    settings: dict[str, Any]  # of every recipe, which an architecture's own override
    seed: int
    vectors: dict[tuple[float, float], tuple[Planted, Planted]] = field(default_factory=dict)
    tried: dict[tuple, dict[str, float]] = field(default_factory=dict)

    @classmethod
    def drawn(cls, n_features: int, width: int, n_vectors: int, settings: dict[str, Any], seed: int) -> "Bench":
        rng = torch.Generator().manual_seed(seed)
        return cls(random_rows(n_features, width, rng), n_vectors, settings, seed)

    def planted(self, on: float, together: float) -> tuple[Planted, Planted]:
        """To learn from, and held out."""
        if (on, together) not in self.vectors:
            rng = torch.Generator().manual_seed(self.seed + 1)
            both = [plant(self.true_FN, self.n_vectors, on, rng, together=together) for _ in range(2)]
            self.vectors[on, together] = (both[0], both[1])
        return self.vectors[on, together]

    def recipe(self, name: str, own: dict[str, Any], at: Condition) -> Recipe | None:
        """Architectures that keep a number of codes are told how many features are on, on average."""
        if "k" in own:
            own = {**own, "k": max(1, round(at.on * len(self.true_FN)))}
        given = {key: tuple(value) if isinstance(value, list) else value for key, value in own.items()}
        known = {key: value for key, value in given.items() if key in {item.name for item in fields(Recipe)}}
        settings = {**self.settings, **known}
        settings["lr"] *= at.haste
        width = max(1, round(at.width * len(self.true_FN)))
        made = Recipe(architecture_of(name, own), n_features=width, seed=self.seed, **settings)
        return handled(made, at.handling, self.settings["resample_at"])

    def trial(self, name: str, own: dict[str, Any], at: Condition) -> dict[str, float] | None:
        """None where the architecture has no such handling of dead features."""
        recipe = self.recipe(name, own, at)
        if recipe is None:
            return None
        key = (recipe, at.on, at.together)
        if key not in self.tried:
            learn, held = self.planted(at.on, at.together)
            self.tried[key] = recovery(self.true_FN, trained(learn.x_TN, recipe), held)
        return self.tried[key]

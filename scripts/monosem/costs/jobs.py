"""What a job works on, in numbers, from its rule, its wildcards and the config.

Nothing is opened but local texts and the settings of what is imported.

Standard library only, because every job parses the Snakefile again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import ceil
from typing import Any, NamedTuple

from monosem.costs import imports
from monosem.costs.recipes import Settings, acts_of, measured, recipe
from monosem.ground.local_files import PACKAGES, is_local, local_files

ON_GPU = {"train_lm", "collect_acts", "train_sae", "measure_losses", "evaluate_dictionary", "compare_baselines"}
ON_GPU |= {"ablate_features", "steer_features"}
ITEM = {"float16": 2, "float32": 4}  # bytes
MINI_PILE_MB, MINI_PILE_PACKAGES = 182, 28  # text of the source `packages`, at scale 1
BYTES_PER_TOKEN = 3.5  # of text; 4,096 tokens of the mini-Pile's
BLOCK = 65536  # contexts that pack_tokens shuffles at a time
USUAL_L0, USUAL_ACTIVE = 20, 0.25  # codes a token of a dictionary; share of neurons above zero
CONTEXTS = 64  # of a forward pass without gradients


class Model(NamedTuple):
    """Sizes of the transformers."""

    vocab: int
    length: int
    layers: int
    d_model: int
    heads: int
    d_mlp: int
    relu: bool = True

    @property
    def matrices(self) -> int:
        """Entries of the blocks' matrices: attention has 4 D^2, the MLP 2 D M."""
        return self.layers * (4 * self.d_model**2 + 2 * self.d_model * self.d_mlp)

    @property
    def parameters(self) -> int:
        return self.matrices + (2 * self.vocab + self.length) * self.d_model

    @property
    def forward(self) -> int:
        """Floating-point operations a token: 2 for each entry, and 4 L D a layer for scores and mixing."""
        return 2 * self.matrices + 4 * self.layers * self.length * self.d_model

    @property
    def logits(self) -> int:
        return 2 * self.d_model * self.vocab


@dataclass(frozen=True)
class Job:
    rule: str
    wildcards: Mapping[str, str]
    config: Settings

    @cached_property
    def model(self) -> Model:
        tokens, lm = self.config["tokens"], self.config["lm"]
        name = self.wildcards.get("model", self.config["universality"]["model"])
        if folder := imports.model_folder(self.config, name):
            own = imports.model_settings(folder)
            sizes = (own["n_layer"], own["n_embd"], own["n_head"], own["n_inner"])
            relu = own["activation_function"] == "relu"
            return Model(own["vocab_size"], tokens["context_length"], *sizes, relu)
        sizes = (lm["n_layers"], lm["d_model"], lm["n_heads"], lm["d_mlp"])
        return Model(tokens["vocab_size"], tokens["context_length"], *sizes)

    @property
    def on_gpu(self) -> bool:
        return self.config["device"] == "cuda" and self.rule in ON_GPU

    @property
    def after_relu(self) -> bool:
        return self.wildcards["site"].startswith("mlp_post")

    @property
    def neurons(self) -> int:
        """Width of the site."""
        return self.model.d_mlp if self.after_relu else self.model.d_model  # and of logits one less

    @cached_property
    def dictionary(self) -> dict[str, Any] | None:
        """The recipe; None for the neurons. Random directions are as a top-k of their density."""
        name, _ = measured(self.config, self.wildcards.get("dict", self.wildcards.get("run")))
        if name == "random":
            drawn = self.config["autointerp"]["directions"]
            return {"width": drawn["n_directions"], "k": ceil(drawn["density"] * drawn["n_directions"])}
        return None if name == "neurons" else recipe(self.config, name)

    @property
    def store_bytes(self) -> int:
        """Of all rows of a store before compression: the numbers of a vector, its token, context and position."""
        return self.acts["n_vectors"] * (self.neurons * ITEM[self.acts["dtype"]] + 10)

    @property
    def acts(self) -> dict[str, Any]:
        return acts_of(self.config, self.wildcards["site"])

    @property
    def order_bytes(self) -> int:
        """Of an order of the training contexts; their tokens are mapped."""
        return 16 * self.config["tokens"]["train"] // self.model.length

    @property
    def features(self) -> int:
        return self.dictionary["width"] if self.dictionary else self.neurons

    @property
    def held_out(self) -> int:
        return self.evaluation["n_tokens"]

    @property
    def evaluation(self) -> dict[str, Any]:
        return measured(self.config, self.wildcards.get("run", ""))[1]

    def codes(self, l0: float, relu_share: float) -> float:
        """Stored codes of the held-out tokens: `l0` a token, or the k of its architecture, and more under a penalty
        that is next to nothing; of neurons behind a ReLU the share `relu_share`, of others, and behind another
        function, all."""
        if self.dictionary:
            l1 = self.dictionary.get("l1") if self.dictionary.get("l1") is not None else 1.0
            return self.held_out * min(self.features, self.dictionary.get("k", l0 / min(1.0, max(l1, 1e-3)) ** 2))
        return self.held_out * self.neurons * (relu_share if self.after_relu and self.model.relu else 1)

    @property
    def usual_codes(self) -> float:
        return self.codes(USUAL_L0, USUAL_ACTIVE)

    @cached_property
    def text_mb(self) -> float:
        """Megabytes of the corpus."""
        corpus = self.config["corpus"]
        most = corpus["max_mb"] or float("inf")
        return sum(min(most, self.source_mb(source)) for source in dict.fromkeys(corpus["source"]))

    def source_mb(self, source: str) -> float:
        """Of a source; zstd makes text about four times smaller."""
        corpus = self.config["corpus"]
        if source == PACKAGES:
            return self.packages_mb
        if not is_local(source):
            return corpus["max_mb"] or 0
        files = local_files(*corpus["source"])[source]
        return sum(file.stat().st_size * (4 if file.suffix == ".zst" else 1) for file in files) / 1e6

    @property
    def packages_mb(self) -> float:
        """Of the mini-Pile; a share of it by the number of its packages."""
        corpus = self.config["corpus"]
        if PACKAGES not in corpus["source"]:
            return 0.0
        return corpus["scale"] * MINI_PILE_MB * len(corpus["packages"] or [0] * MINI_PILE_PACKAGES) / MINI_PILE_PACKAGES

    @cached_property
    def packed(self) -> float:
        """Tokens that pack_tokens encodes: whole blocks of contexts, and no more than the split's text holds."""
        tokens, share = self.config["tokens"], self.config["corpus"]["val_fraction"]
        share = share if self.wildcards["split"] == "val" else 1 - share
        block = BLOCK * tokens["context_length"]
        blocks = ceil(tokens[self.wildcards["split"]] / block) * block
        return min(blocks, self.text_mb * 1e6 * share / BYTES_PER_TOKEN)

    @property
    def read_mb(self) -> float:
        """Megabytes of the corpus that pack_tokens goes through for them."""
        share = self.config["corpus"]["val_fraction"]
        return self.packed * BYTES_PER_TOKEN / 1e6 / (share if self.wildcards["split"] == "val" else 1 - share)


def nothing(job: Job) -> tuple[float, float]:
    return 0.0, 0.0


class Costs(NamedTuple):
    """The formulas of a rule."""

    seconds: Callable[[Job], float]
    memory: Callable[[Job], float]  # MiB
    disk: Callable[[Job], tuple[float, float]] = nothing  # bytes that stay, and that are removed again

"""A model and one of its dictionaries, loaded once, and what is asked of them.

A text is encoded as documents of the corpus are, after BOS; BOS itself is neither shown nor read. Shape suffixes: L
tokens of a text after BOS, F features, K highest, V vocabulary.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from monosem.ground.artefacts import read_json
from monosem.ground.records import RUN, Run, read_table, value_of
from monosem.investigations.steering import Writer, pinned
from monosem.lm.sites import Site, parse_site
from monosem.lm.transformer import LanguageModel, load_lm
from monosem.pages.browser.texts import Shown, sentence, shown_vocabulary, turns
from monosem.pages.live.asked import LIMITS, Refused
from monosem.pages.live.files import Files
from monosem.pages.visible import readable
from monosem.sae.autoencoder import SparseAutoencoder, load_sae
from monosem.text.tokenizer import encode_texts, load_tokenizer, load_vocabulary

TOP = 10  # features told of each token


@dataclass(frozen=True)
class Live:
    run: Run
    model: LanguageModel
    site: Site
    sae: SparseAutoencoder
    tokenizer: Tokenizer
    bos: int
    shown_V: Sequence[Shown]
    highest_F: np.ndarray  # activations on held-out text
    explanation_F: Sequence[str]

    @classmethod
    def load(cls, files: Files, device: torch.device) -> "Live":
        """Raises ValueError naming the file that is missing, damaged, or of another model than the rest."""
        record_path, features = files.dictionary / "sae.json", files.dictionary / "features.parquet"
        record = read_json(record_path)
        run = Run(*(str(value_of(record, name, record_path)) for name in RUN))
        model = load_lm(files.lm / "weights.safetensors", value_of(record, "lm_digest", record_path)).to(device)
        sae = load_sae(files.dictionary / "sae.safetensors").to(device)
        tokenizer, bos = load_tokenizer(files.tokenizer)
        vocabulary = load_vocabulary(files.tokenizer)
        if len(vocabulary) != model.config.vocab_size:
            raise ValueError(
                f"{files.tokenizer}: {len(vocabulary)} tokens, {run.model} has {model.config.vocab_size}; give its own"
            )
        highest_F = column(features, "max_act", sae.n_features)
        offline = column(files.explanations, "text", sae.n_features)
        said = column(files.llm_explanations, "explanation", sae.n_features)
        told = [sentence(best) or sentence(other) for best, other in zip(said, offline, strict=True)]
        shown = shown_vocabulary(vocabulary, bos)
        return cls(run, model, parse_site(run.site, model.config.n_layers), sae, tokenizer, bos, shown, highest_F, told)

    @property
    def room(self) -> int:
        """Tokens that a text may have."""
        return self.model.config.context_length - 1

    def about(self) -> dict[str, Any]:
        limits = {name: [limit.low, limit.high] for name, limit in LIMITS.items()}
        return {"run": str(self.run), "n_features": self.sae.n_features, "room": self.room, "limits": limits}

    def read(self, text: str, feature: int | None) -> dict[str, Any]:
        """Of each token of the text the features most active on it, and the activation of the one asked for."""
        if feature is not None:
            self.check_feature(feature)
        tokens = self.encode(text)
        acts_LF = self.activations(tokens)
        value_LK, feature_LK = acts_LF.topk(min(TOP, self.sae.n_features), dim=1)
        pairs = [zip(*row, strict=True) for row in zip(feature_LK.tolist(), value_LK.tolist(), strict=True)]
        top = [[pair for pair in row if pair[1] > 0] for row in pairs]
        named = sorted({f for row in top for f, _ in row} | ({feature} - {None}))
        return {
            "tokens": [self.shown_V[token] for token in tokens[1:]],
            "top": top,
            "features": {f: {"highest": float(self.highest_F[f]), "text": self.explanation_F[f]} for f in named},
            "activations": None if feature is None else acts_LF[:, feature].tolist(),
        }

    def steer(
        self, text: str, feature: int, multiple: float | None, n_tokens: int, seed: int, temperature: float
    ) -> dict[str, Any]:
        """How the model goes on from the text, and how with the feature pinned to a multiple of its highest activation.

        Both are drawn by the same random numbers; with the multiple None they are one text.
        """
        self.check_feature(feature)
        prefix = self.encode(text)
        if len(prefix) == 1:
            raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, "text", text, "nothing to go on from; type some text")
        left = self.room + 1 - len(prefix)
        if n_tokens > left:
            fix = f"{left} at most fit the context after the text; ask for fewer, or shorten the text"
            raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, "n_tokens", n_tokens, fix)
        highest = float(self.highest_F[feature])
        if multiple and not highest:
            fix = "never active on held-out text, so it has no highest activation to be pinned to; take another"
            raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, "feature", feature, fix)
        writer = Writer(self.model, self.site, prefix, 1, n_tokens, seed, temperature)
        alone = self.written(writer)
        if multiple is None:
            return {"value": None, "unsteered": alone, "steered": alone}
        value = multiple * highest
        return {"value": value, "unsteered": alone, "steered": self.written(writer, value, feature)}

    def written(self, writer: Writer, value: float | None = None, feature: int = 0) -> Shown:
        edit = None if value is None else pinned(self.sae, feature, value)
        tokens = writer.write(edit)[0, len(writer.prefix) :].tolist()
        return turns(readable(self.tokenizer.decode(tokens, skip_special_tokens=False)))

    def encode(self, text: str) -> list[int]:
        """BOS and the text's tokens; Refused when they are more than the model's context holds."""
        tokens = encode_texts(self.tokenizer, self.bos, [text])[0]
        if len(tokens) > self.room:
            fix = f"{len(tokens):,} tokens, {self.room:,} at most fit the model's context; shorten it"
            raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "text", text, fix)
        return [self.bos, *tokens]

    @torch.no_grad()
    def activations(self, tokens: Sequence[int]) -> Tensor:
        """Of all features at the tokens after BOS, [L, F]."""
        tokens_1L = torch.tensor([tokens], device=self.sae.W_enc_FN.device)
        acts_LF = self.sae.encode(self.model.activations(tokens_1L, self.site)[0, 1:])
        return acts_LF.cpu() + 0.0  # which makes -0, of what is switched off, a 0

    def check_feature(self, feature: int) -> None:
        if not 0 <= feature < self.sae.n_features:
            fix = f"not one of the {self.sae.n_features:,} of {self.run}, which are numbered from 0; give one of them"
            raise Refused(HTTPStatus.NOT_FOUND, "feature", feature, fix)


def column(path: Path | None, name: str, n_features: int) -> np.ndarray:
    """A column of a table with a row a feature, in order; empty values without a table."""
    if path is None:
        return np.full(n_features, None)
    table = read_table(path, ["feature", name])
    if not np.array_equal(table["feature"], np.arange(n_features)):
        raise ValueError(f"{path}: rows of other features than 0 to {n_features - 1}; rerun the rule that writes it")
    return table[name].to_numpy()

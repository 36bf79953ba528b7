"""Neuronpedia's import format: a folder `{layer}-{set}` of JSON lines, as its webapp imports a source.

    release.jsonl, model.jsonl, sourceset.jsonl, source.jsonl      one line each
    features/batch-N.jsonl.gz, activations/..., explanations/...   a line a feature, an example, an explanation

Field names are those of its database. What it computes itself (embeddings, UMAPs), and correlations, which are not
measured here, are left out. Histograms and aligned neurons are SAEDashboard's. Shape suffixes: V vocabulary, N neurons,
Z codes above zero of a feature, E windows, W their positions.
"""

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from monosem.autointerp.windows import INTERVAL, TOP, Windows
from monosem.interchange.forms import Origin
from monosem.interchange.places import hook_name

Row = dict[str, Any]
CREATOR = "clkht01d40000jv08hvalcvly"  # the account to which Neuronpedia's own tools give what they import
N_BINS, N_LOGITS, N_NEURONS, DECIMALS = 50, 10, 3, 5
SHOWN = [TOP, INTERVAL]
NOT_AN_INTERVAL = -1.0  # lower end and share of the top examples


@dataclass(frozen=True)
class Source:
    """What all lines of a folder share."""

    origin: Origin
    d_model: int
    d_mlp: int
    n_layers: int
    n_contexts: int
    vocabulary: list[str]
    n_intervals: int
    written: str  # ISO time

    @property
    def set_name(self) -> str:
        return f"{self.origin.site.name}-{self.origin.name}"

    @property
    def id(self) -> str:
        return f"{self.origin.site.layer}-{self.set_name}"

    def key(self, *parts: object) -> str:
        """The same 25 characters for the same thing, as its ids are long."""
        text = "/".join(map(str, (self.origin.model, self.id, *parts)))
        return "c" + hashlib.sha256(text.encode()).hexdigest()[:24]

    def place(self, feature: int) -> Row:
        return {"modelId": self.origin.model, "layer": self.id, "index": str(feature), "createdAt": self.written}


def about(source: Source) -> dict[str, Row]:
    """The four files of one line, by name."""
    model, name = source.origin.model, source.set_name
    made = {"creatorId": CREATOR, "createdAt": source.written}
    title = f"{source.origin.name}, {source.origin.record['architecture']}"
    release = {"name": f"monosem-{model}", "description": f"monosem {model}", "descriptionShort": f"monosem {model}"}
    return {
        "release": {**release, "creatorName": "monosem", "defaultSourceSetName": name, "urls": [], **made},
        "model": {
            "id": model,
            "instruct": False,
            "displayNameShort": model,
            "displayName": model,
            "dimension": source.d_model,
            "layers": source.n_layers,
            "neuronsPerLayer": source.d_mlp,
            "inferenceEnabled": False,
            "visibility": "PUBLIC",
            "defaultSourceSetName": name,
            "owner": "monosem",
            "updatedAt": source.written,
            **made,
        },
        "sourceset": {
            "modelId": model,
            "name": name,
            "description": title,
            "type": "",
            "creatorName": "monosem",
            "releaseName": f"monosem-{model}",
            "hasDashboards": True,
            "visibility": "PUBLIC",
            "urls": [],
            **made,
        },
        "source": {
            "id": source.id,
            "modelId": model,
            "setName": name,
            "hasDashboards": True,
            "inferenceEnabled": False,
            "visibility": "PUBLIC",
            "num_prompts": source.n_contexts,
            "num_tokens_in_prompt": source.origin.context_length,
            **made,
        },
    }


def feature_row(
    source: Source, feature: int, density: float, code_Z: np.ndarray, logit_V: np.ndarray, decoder_N: np.ndarray
) -> Row:
    order_V = np.argsort(-logit_V, kind="stable")
    top, bottom = order_V[:N_LOGITS], order_V[::-1][:N_LOGITS]
    neurons = np.argsort(-decoder_N, kind="stable")[:N_NEURONS]
    return {
        **source.place(feature),
        "creatorId": CREATOR,
        "maxActApprox": rounded(code_Z.max()) if len(code_Z) else 0,
        "hasVector": False,
        "vector": [],
        "hookName": hook_name(source.origin.site),
        "neuron_alignment_indices": neurons.tolist(),
        "neuron_alignment_values": rounded(decoder_N[neurons]),
        "neuron_alignment_l1": rounded(abs(decoder_N[neurons]) / abs(decoder_N).sum()),
        "pos_str": [source.vocabulary[token] for token in top],
        "pos_values": rounded(logit_V[top]),
        "neg_str": [source.vocabulary[token] for token in bottom],
        "neg_values": rounded(logit_V[bottom]),
        "frac_nonzero": density,
        **histogram("freq", code_Z),
        **histogram("logits", logit_V),
    }


def histogram(name: str, values: np.ndarray) -> Row:
    """Counts in even bins from the least to the greatest value, and the bins' centres; of nothing, nothing."""
    if not len(values):
        return {f"{name}_hist_data_bar_heights": [], f"{name}_hist_data_bar_values": []}
    counts, edges = np.histogram(values, bins=N_BINS)
    centres = (edges[:-1] + edges[1:]) / 2
    return {f"{name}_hist_data_bar_heights": counts.tolist(), f"{name}_hist_data_bar_values": rounded(centres)}


def activation_rows(source: Source, windows: Windows, code_Z: np.ndarray, density: float) -> list[Row]:
    """Examples of one feature, from the top interval down. A window ends where its document or its context does."""
    maximum, rows = float(code_Z.max()), []
    shown = windows.where(np.isin(windows.kind_E, SHOWN))
    for e in np.argsort(-shown.activations_EW.max(axis=1), kind="stable"):
        seen_W = shown.observed_EW[e]
        values = shown.activations_EW[e][seen_W]
        context, position = int(shown.context_E[e]), int(shown.position_E[e])
        rows.append(
            {
                "id": source.key(int(windows.feature_E[0]), context, position),
                **source.place(int(windows.feature_E[0])),
                "creatorId": CREATOR,
                "tokens": [source.vocabulary[token] for token in shown.tokens_EW[e][seen_W]],
                "values": rounded(values),
                "maxValue": rounded(values.max()),
                "maxValueTokenIndex": int(values.argmax()),
                "minValue": rounded(values.min()),
                "qualifyingTokenIndex": int(seen_W[: len(seen_W) // 2].sum()),
                "dataIndex": f"{context}:{position}",
                **bounds(int(shown.interval_E[e]), shown.kind_E[e] == SHOWN[0], maximum, code_Z, density, source),
            }
        )
    return rows


def bounds(interval: int, is_top: bool, maximum: float, code_Z: np.ndarray, density: float, source: Source) -> Row:
    """The interval an example is of, and the share of all tokens in it."""
    if is_top:
        return {"binMin": NOT_AN_INTERVAL, "binMax": rounded(maximum), "binContains": NOT_AN_INTERVAL}
    low, high = (maximum * edge / source.n_intervals for edge in (interval, interval + 1))
    share = density * np.mean((code_Z > low) & (code_Z <= high))
    return {"binMin": rounded(low), "binMax": rounded(high), "binContains": float(share)}


def explanation_row(source: Source, feature: int, text: str) -> Row:
    return {
        "id": source.key(feature, "explanation"),
        **source.place(feature),
        "description": text,
        "authorId": CREATOR,
        "notes": "tokens, and pairs of tokens, of its examples; no language model",
    }


def rounded(values: np.ndarray | float) -> Any:  # noqa: ANN401
    """A number or a list of them."""
    return np.asarray(values, dtype=np.float64).round(DECIMALS).tolist()

"""The folder of a source as Neuronpedia imports it, written a batch of features at a time; neuronpedia.py has the rows.

Shape suffixes: Z codes above zero of a feature.
"""

import gzip
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from monosem.autointerp.windows import Windows, read_windows
from monosem.ground.finite import check_within, write_numbers
from monosem.ground.progress import progress
from monosem.ground.records import EXPLANATION_COLUMNS, FEATURE_COLUMNS, read_table
from monosem.ground.tensors import open_tensor
from monosem.interchange.neuronpedia import Row, Source, about, activation_rows, explanation_row, feature_row
from monosem.measures.codes import read_codes

BATCH = 128  # features a file, as SAEDashboard's


class Tables(NamedTuple):
    sae: Path
    codes: Path
    logits: Path
    features: Path
    examples: Path
    explanations: Path


class Lines(NamedTuple):
    """What is written of one feature."""

    features: list[Row]
    activations: list[Row]
    explanations: list[Row]


def write_neuronpedia(folder: Path, source: Source, tables: Tables) -> None:
    for name in Lines._fields:
        (folder / name).mkdir(parents=True)
    for name, row in about(source).items():
        (folder / f"{name}.jsonl").write_bytes(encoded([row]))
    batch: list[Lines] = []
    for feature, lines in enumerate(progress(of_features(source, tables), desc="write features", unit="feature")):
        batch.append(lines)
        if len(batch) == BATCH:
            write_batch(folder, feature // BATCH, batch)
            batch = []
    if batch:
        write_batch(folder, feature // BATCH, batch)


def write_batch(folder: Path, number: int, batch: list[Lines]) -> None:
    """A file of each kind that has lines; the time is left out of the gzip header, so equal lines are equal bytes."""
    for name in Lines._fields:
        rows = [row for lines in batch for row in getattr(lines, name)]
        if rows:
            path = folder / name / f"batch-{number}.jsonl.gz"
            path.write_bytes(gzip.compress(encoded(rows), compresslevel=5, mtime=0))


def encoded(rows: Iterable[Row]) -> bytes:
    return "".join(write_numbers(row, "line for Neuronpedia", ensure_ascii=False) + "\n" for row in rows).encode(
        "utf-8", "replace"
    )


def of_features(source: Source, tables: Tables) -> Iterator[Lines]:
    """Of every feature in order."""
    by_feature = read_codes(tables.codes).by_feature()
    density_F = read_table(tables.features, FEATURE_COLUMNS)["density"].to_numpy()
    texts = read_table(tables.explanations, EXPLANATION_COLUMNS).set_index("feature")["text"]
    windows = windows_of_features(tables.examples, by_feature.shape[1], len(source.vocabulary))
    waiting = next(windows, None)
    logit_FV, decoder_FN = open_tensor(tables.logits, "logit_weights"), open_tensor(tables.sae, "W_dec")
    for feature in range(by_feature.shape[1]):
        code_Z = by_feature.data[by_feature.indptr[feature] : by_feature.indptr[feature + 1]]
        density = float(density_F[feature])
        logit_V = logit_FV[feature : feature + 1][0].astype(np.float32)
        row = feature_row(source, feature, density, code_Z, logit_V, decoder_FN[feature : feature + 1][0])
        activations = []
        if waiting is not None and waiting.feature_E[0] == feature:
            activations, waiting = activation_rows(source, waiting, code_Z, density), next(windows, None)
        text = texts.get(feature)
        yield Lines([row], activations, [explanation_row(source, feature, text)] if text else [])


def windows_of_features(path: Path, n_features: int, n_tokens: int) -> Iterator[Windows]:
    """Those of each feature that has some, in order of features."""
    for block in read_windows(path):
        check_within(block.feature_E, n_features, f"{path}: feature")
        check_within(block.tokens_EW[block.observed_EW], n_tokens, f"{path}: token")
        for feature in np.unique(block.feature_E):
            yield block.where(block.feature_E == feature)

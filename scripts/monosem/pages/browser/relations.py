"""What other tables say of a feature, as lists of links: its match in the other model, kin, automata, steering.

A relation is a title, a note that explains its numbers, and links: run, feature, and a number or a text.
"""

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from monosem.ground.artefacts import read_json
from monosem.ground.records import Run, read_table, value_of
from monosem.pages.browser.shards import short
from monosem.pages.browser.texts import sentence

CORRELATION = "correlation of activations"
MOST = 8  # links of one relation
N_TEXTS = 2  # steered texts shown of each strength
KIN = ["narrow", "narrow_feature", "wide", "wide_feature", "cosine"]
EDGES = ["source", "target", "count", "probability", "lift"]
STEERED, PINNED = ["pinned", "feature"], ["pinned", "multiple", "text"]

Link = list[str | int | float | None]


class Sources(NamedTuple):
    """Tables of other steps, each None where it is not there."""

    matches: Path | None = None
    matches_record: Path | None = None
    kin: Path | None = None
    edges: Path | None = None
    steering: Path | None = None
    steered_texts: Path | None = None
    llm_answers: Path | None = None


class Relation(NamedTuple):
    title: str
    note: str
    links: dict[int, list[Link]]  # by feature


def ranked(rows: Iterable[tuple[int, str, int, float]]) -> dict[int, list[Link]]:
    """Links of each feature, highest number first, no more than MOST; rows are feature, run, other feature, number."""
    found = defaultdict(list)
    for feature, run, other, number in sorted(rows, key=lambda row: (row[0], -row[3], row[1], row[2])):
        if len(found[feature]) < MOST:
            found[feature].append([run, int(other), short(float(number))])
    return dict(found)


def matches(path: Path, record_path: Path, run: Run) -> Relation | None:
    """Features of the other model that fire with these; seen from that model, those that match these best."""
    record = read_json(record_path)
    model, other = (value_of(record, name, record_path) for name in ("model", "other"))
    table = read_table(path, ["feature", "match", "correlation", "matches", "correlations"])
    if run.model == model:
        partner = str(run._replace(model=other))
        lists = zip(table["feature"], table["matches"], table["correlations"], strict=True)
        pairs = [(f, match, c) for f, found, cs in lists for match, c in zip(found, cs, strict=True)]
        rows = [(feature, partner, match, c) for feature, match, c in pairs if match >= 0 and np.isfinite(c)]
        return Relation(f"Match in {other}", CORRELATION, ranked(rows))
    if run.model != other:
        return None
    partner = str(run._replace(model=model))
    best = table[(table["match"] >= 0) & table["correlation"].notna()]
    rows = zip(best["match"], [partner] * len(best), best["feature"], best["correlation"], strict=True)
    return Relation(f"Best match of these in {model}", CORRELATION, ranked(rows))


def kin(path: Path, run: Run) -> list[Relation]:
    """Features of wider dictionaries that this one split into, and those of narrower ones that it is part of."""
    table = read_table(path, KIN)
    found = []
    for title, own, theirs in (
        ("Split into, in wider dictionaries", "narrow", "wide"),
        ("Split from", "wide", "narrow"),
    ):
        rows = table[table[own] == run.dictionary]
        others = [str(run._replace(dictionary=name)) for name in rows[theirs]]
        links = ranked(zip(rows[f"{own}_feature"], others, rows[f"{theirs}_feature"], rows["cosine"], strict=True))
        found.append(Relation(title, "masked cosine of activations", links))
    return found


def automata(path: Path, run: Run) -> list[Relation]:
    """Steps of finite state automata: which feature fires after this one has promoted its tokens."""
    table = read_table(path, EDGES)
    found = []
    for title, own, theirs in (("Leads to", "source", "target"), ("Follows", "target", "source")):
        links = ranked(zip(table[own], [str(run)] * len(table), table[theirs], table["lift"], strict=True))
        found.append(Relation(title, "times as often after it as after any token", links))
    return found


def steering(table: Path, texts: Path) -> dict[int, list[list[str | float | None]]]:
    """Texts written with a feature pinned, by feature: the multiple of its highest activation, and the text.

    `table` says which feature was pinned for a context; `texts` has what was written.
    """
    pinned = read_table(table, STEERED).dropna().drop_duplicates().set_index("pinned")["feature"].astype(int)
    written = read_table(texts, PINNED)
    written = written[written["pinned"].isin(pinned.index)]
    found = defaultdict(list)
    for (name, multiple), rows in written.groupby(["pinned", "multiple"]):
        found[int(pinned[name])] += [[short(float(multiple)), sentence(text)] for text in rows["text"].head(N_TEXTS)]
    return dict(found)


def gather(sources: Sources, run: Run) -> list[Relation]:
    found = [matches(sources.matches, sources.matches_record, run)] if sources.matches else []
    found += kin(sources.kin, run) if sources.kin else []
    found += automata(sources.edges, run) if sources.edges else []
    return [relation for relation in found if relation]


def correlations(relations: list[Relation], n_features: int) -> np.ndarray:
    """Correlation with the best match in the other model, NaN where there is none."""
    found = np.full(n_features, np.nan)
    for relation in relations:
        if relation.note == CORRELATION:
            for feature, links in relation.links.items():
                found[feature] = links[0][2]
    return found


def shown(relations: list[Relation], feature: int) -> list[list[str | list[Link]]]:
    """Those that say something of one feature."""
    return [[title, note, links[feature]] for title, note, links in relations if feature in links]


def frame_of(found: tuple[np.ndarray, np.ndarray], run: str, feature: int) -> list[Link]:
    """Links from the row of one feature in arrays of columns and values."""
    columns_FK, values_FK = found
    return [[run, int(c), short(float(v))] for c, v in zip(columns_FK[feature], values_FK[feature], strict=True)]

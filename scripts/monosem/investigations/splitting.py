"""Feature splitting over a sweep of widths: dictionaries read side by side, and what the record says of them."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from monosem.ground.records import RUN, read_records
from monosem.investigations.families import NO_PARENT, between, count_kin, count_other_kin, members_of, splitting
from monosem.investigations.firing import main_category, shares, tokens_fired_on
from monosem.investigations.masked_cosine import Activity, kin
from monosem.investigations.named_groups import Group, group_summary, is_member
from monosem.measures.codes import Codes, read_codes_of, shifted
from monosem.text.packed import Packed


class Member(NamedTuple):
    """One dictionary of a sweep."""

    codes: Codes
    record: dict[str, Any]


def read_sweep(codes: Sequence[Path], records: Sequence[Path], text: Packed) -> dict[str, Member]:
    """Dictionaries by name, from narrow to wide.

    Raises ValueError when there are fewer than two widths, or when they are not of the same model and tokens.
    """
    if len(codes) != len(records):
        raise ValueError(f"{len(codes)} --codes and {len(records)} --records: give one record beside each")
    found, runs = {}, read_records(records)
    for (run, record), path, record_path in zip(runs.items(), codes, records, strict=True):
        first = next(iter(runs))
        if run[:2] != first[:2]:
            raise ValueError(f"{record_path}: {run} beside {first}; dictionaries of one model at one site expected")
        found[run.dictionary] = Member(read_codes_of(path, record_path, text), record)
    widths = {member.codes.n_features for member in found.values()}
    if len(widths) < max(2, len(codes)):
        raise ValueError(f"--codes: {len(codes)} dictionaries of {len(widths)} widths; two or more, all different")
    return dict(sorted(found.items(), key=lambda named: named[1].codes.n_features))


def describe(
    table: pd.DataFrame,
    sweep: Mapping[str, Member],
    text: Packed,
    vocabulary: Sequence[str],
    groups: Mapping[str, Group],
    min_share: float,
) -> pd.DataFrame:
    """The table of families with what each feature fires on: its top tokens and category, and its groups."""
    frames = []
    for name, member in sweep.items():
        of_kind = {
            "word": shares(member.codes, text.token_T, len(vocabulary)),
            "category": shares(member.codes, text.category_T, len(text.categories)),
        }
        mask_of = {name: is_member(group, of_kind, min_share) for name, group in groups.items()}
        feature_F = table.loc[table["dictionary"] == name, "feature"].to_numpy()
        columns = {
            "dictionary": name,
            "feature": feature_F,
            "top_tokens": tokens_fired_on(of_kind["word"][feature_F], vocabulary),
            **main_category(of_kind["category"][feature_F], text.categories),
            "groups": [[group for group, mask_F in mask_of.items() if mask_F[feature]] for feature in feature_F],
        }
        frames.append(pd.DataFrame(columns))
    return table.merge(pd.concat(frames), on=["dictionary", "feature"], validate="1:1")


def record_of(
    table: pd.DataFrame,
    pairs: pd.DataFrame,
    activities: Mapping[str, Activity],
    sweep: Mapping[str, Member],
    groups: Mapping[str, Group],
    min_cosine: float,
) -> dict[str, Any]:
    """The fields of the record: dictionaries from narrow to wide, kin of the narrowest's features, groups."""
    names = list(sweep)
    narrow, wide = activities[names[0]], activities[names[-1]]
    by_chance, _, _ = kin(narrow, wide._replace(values=shifted(wide.values)), min_cosine)
    chance_F = np.bincount(by_chance, minlength=sweep[names[0]].codes.n_features)[narrow.feature_F]
    within_F = count_other_kin(narrow, min_cosine)
    counts_F = count_kin(between(pairs, names[0], names[-1]), "narrow", narrow.feature_F)
    first = sweep[names[0]].record
    return {
        **{field: first[field] for field in (*RUN[:2], "tokens_digest", "n_tokens")},
        "dictionaries": [summary_of(name, member, table) for name, member in sweep.items()],
        "kin_in_next": {
            wide: splitting(table.loc[table["dictionary"] == name, "n_wide_kin"].to_numpy())
            for name, wide in pairwise(names)
        },
        "kin": splitting(counts_F),
        "kin_by_chance": splitting(chance_F),
        "kin_within": splitting(within_F),
        "kin_counts": counts_F.tolist(),
        "kin_counts_by_chance": chance_F.tolist(),
        "groups": {name: summary_of_group(name, group, table, names) for name, group in groups.items()},
    }


def summary_of(name: str, member: Member, table: pd.DataFrame) -> dict[str, Any]:
    rows = table[table["dictionary"] == name]
    n_with_parent = int((rows["parent"] != NO_PARENT).sum())
    sizes = {"n_features": member.codes.n_features, "n_compared": len(rows), "n_with_parent": n_with_parent}
    return {"dictionary": name, **sizes}


def summary_of_group(name: str, group: Group, table: pd.DataFrame, names: Sequence[str]) -> dict[str, Any]:
    in_group = members_of(table, name)
    return group_summary(group, [int((in_group["dictionary"] == dictionary).sum()) for dictionary in names])

"""Findings on feature splitting: what becomes of features in wider dictionaries."""

from monosem.findings.finding import Finding, all_of, changed
from monosem.findings.measurements import Measured, Measurements, NotMeasuredError, expansion
from monosem.ground.records import Run

NAME, MAP = "splitting", "feature_map"
EXPANSION_A4 = 128  # features per neuron of the paper's A/4, 65,536 features
SECTION = "#phenomenology-feature-splitting"


def widths(m: Measurements) -> list[Run]:
    """The dictionaries compared, from narrow to wide."""
    record = m.investigation(NAME)
    return [Run(record["model"], record["site"], entry["dictionary"]) for entry in record["dictionaries"]]


def base64_features(m: Measurements) -> Measured:
    fields = {"narrowest": "narrowest", "widest": "widest", "smallest gain of a step": "smallest_step"}
    if "base64" not in m.investigation(NAME)["groups"]:
        raise NotMeasuredError("needs base64 among the categories of config investigations.splitting")
    note = f"{m.found(NAME, 'groups.base64.n_tokens'):.0f} tokens are in base64 documents"
    return m.reported(NAME, {name: f"groups.base64.{field}" for name, field in fields.items()}, note, widths(m))


def kin_of_narrow(m: Measurements) -> Measured:
    fields = {"kin": "kin", "by chance": "kin_by_chance", "kin in its own width": "kin_within"}
    runs = widths(m)
    measured = m.reported(NAME, {name: f"{field}.median" for name, field in fields.items()}, runs=[runs[0], runs[-1]])
    # Compared with itself, a dictionary that splits nothing finds each feature's other kin and the feature.
    measured.numbers["unsplit"] = measured.numbers["kin in its own width"] + 1
    return measured


def features_of_the(m: Measurements) -> Measured:
    runs = widths(m)
    times = expansion(m, runs[-1])
    if times < EXPANSION_A4:
        raise NotMeasuredError(f"needs a dictionary {EXPANSION_A4} times wider than the MLP, widest is {times:.4g}")
    return m.reported(NAME, {"features": "groups.the.widest"}, runs=runs[-1:])


def clusters_and_families(m: Measurements) -> Measured:
    fields = {
        "of several widths": "share_of_several_widths",
        "by chance": "several_widths_by_chance",
        "with parent": "with_parent",
        "with random": "with_random",
        "difference": "with_parent_less_random",
    }
    n_clusters, share = m.found(MAP, "n_clusters"), m.found(MAP, "share_in_clusters")
    return m.reported(MAP, fields, f"{n_clusters:.0f} clusters of {share:.0%} of features", widths(m))


ROWS: tuple[Finding, ...] = (
    Finding(
        "base64-splits",
        SECTION,
        "Each wider dictionary has more features for base64 (over half of whose activation is in base64 documents).",
        "1 in A/0, 3 in A/1, many in A/2",
        "V",
        all_of(("smallest gain of a step", ">", 0)),
        base64_features,
        "splitting",
    ),
    Finding(
        "features-split",
        SECTION,
        "The typical feature of the narrowest dictionary has several kin in the widest: features that fire alike, by a "
        "masked cosine over 0.4 (by chance: with the tokens of one shifted; unsplit: its kin in its own width and "
        "itself, as in a wider dictionary that splits nothing).",
        "features split; edges of masked cosine > 0.4",
        "I",
        all_of(
            ("kin", ">=", 2),
            ("kin", ">", "by chance"),
            ("kin", ">", "kin in its own width"),
            ("kin", ">", "unsplit"),
        ),
        kin_of_narrow,
        "splitting",
    ),
    Finding(
        "many-the",
        SECTION,
        "A dictionary 128 times wider than the MLP has more than a hundred features for the word `the`.",
        "over 100 in A/4, of 65,536 features",
        "V",
        all_of(("features", ">", 100)),
        features_of_the,
        "splitting",
    ),
    Finding(
        "families-are-neighbours",
        SECTION,
        "On a map of decoder directions of several dictionaries a feature is more often in the cluster of the narrower "
        "feature it comes from than in that of a random one. "
        + changed("1 December 2026", "that clusters hold several widths, as random ones do, was half of it"),
        "features of several widths on one map, in clusters",
        "I",
        all_of(("difference", ">", 0)),
        clusters_and_families,
        "feature_map",
    ),
)

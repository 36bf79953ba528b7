"""Tables about autoencoders: how good each trained one is, and how fast each trainer."""

from pathlib import Path

from monosem.ground.artefacts import read_json
from monosem.ground.finite import read_numbers
from monosem.ground.markdown import table


def dictionaries_table(folder: Path) -> str:
    """One row for each trained dictionary of `folder`, results/{model}/{site}; no losses are measured of others."""
    rows = []
    for path in folder.glob("*/sae.json"):
        sae, found = read_json(path), read_json(path.parent / "eval.json")
        if found.get("loss_recovered") is None:
            continue
        rows.append(
            (
                f"`{sae['dictionary']}`",
                f"{sae['n_features']:,}",
                sae["architecture"],
                sae["matmul_dtype"],
                f"{found['l0']:.2f}",
                f"{found['loss_recovered']:.4f}",
                f"{found['explained_variance']:.4f}",
                f"{found['n_dead'] / sae['n_features']:.1%}",
            )
        )
    rows.sort(key=lambda row: (int(row[1].replace(",", "")), row[2], row[0]))
    header = ("dictionary", "width", "architecture", "products", "L0", "loss recovered", "explained variance", "dead")
    return table(header, rows)


def trainers_table(paths: list[Path]) -> str:
    """One row for each trainer and width of tests/benchmarks/sae_training.py's JSON files, fastest first."""
    found = [row for path in paths for row in read_numbers(path.read_text(encoding="utf-8"), path)]
    rows = [
        (
            f"{row['width']:,}",
            row["package"],
            row["architecture"],
            row["precision"],
            f"{row['activations_per_s']:,.0f}",
            f"{row['x_encoder']:.2f}x ({row['spread']['x_encoder'][0]:.2f}-{row['spread']['x_encoder'][1]:.2f})",
            f"{row['peak_mib']:,.0f} MiB",
            f"{row['loss']:.1f}",
            f"{row['l0']:.1f}",
            f"{row['explained_variance']:.3f}",
        )
        for row in sorted(found, key=lambda row: (row["width"], -row["activations_per_s"]))
    ]
    header = ("width", "trainer", "architecture", "products", "activations/s", "step, in encoder products")
    return table((*header, "peak memory", "loss", "L0", "explained variance"), rows)


def whole_table(path: Path) -> str:
    """One row for each pair of trainers in a JSON file of tests/benchmarks/sae_training.py --whole."""
    rows = [
        (
            f"{row['width']:,}",
            f"{row['trainer']}, {row['precision']}",
            f"{row['peer']}, {row['peer_precision']}",
            f"{row['loss']:.1f}",
            f"{row['seconds']:.0f} s",
            f"{row['peer_seconds']:.0f} s",
            f"{row['ratio']:.1f}",
        )
        for row in read_numbers(path.read_text(encoding="utf-8"), path)
    ]
    return table(("width", "trainer", "beside", "to the held-out loss", "it takes", "the other", "times faster"), rows)

"""The config as Snakemake makes it: the defaults, which are two files, and other configs merged onto them."""

from functools import reduce
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[3]
SCHEMA = ROOT / "workflow/schemas/config.schema.yaml"
# No key stands in both. workflow/Snakefile loads them in this order.
DEFAULTS = (ROOT / "config/config.yaml", ROOT / "config/theory.yaml")


def config_of(*own: Path) -> dict[str, Any]:
    """The defaults, and onto them the given configs in their order, as `snakemake --configfile` merges them."""
    return reduce(merged, map(load, (*DEFAULTS, *own)))


def load(path: Path) -> dict[str, Any]:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except FileNotFoundError:
        raise ValueError(f"{path}: no such file; give a config as for snakemake --configfile") from None


def merged(config: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """Maps are merged, everything else is replaced."""
    both = {name: merged(config[name], own[name]) for name in own if isinstance(own[name], dict) and config.get(name)}
    return {**config, **own, **both}

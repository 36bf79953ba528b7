"""What is imported, by the config, and its sizes, from its own files (standard library only, see `jobs`)."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

IMPORTED = "imported"  # in the place of an architecture's name


def model_folder(config: Mapping[str, Any], name: str) -> str | None:
    """Where a model, or the one whose shuffle it is, comes from; None for one that is trained here."""
    entry = config["models"].get(name) or {}
    if entry.get("shuffle_of"):
        return model_folder(config, entry["shuffle_of"])
    return entry.get("import")


def model_settings(folder: str) -> dict[str, Any]:
    """config.json of a Hugging Face folder, with what GPT-2 takes for granted."""
    found = settings(Path(folder) / "config.json", "n_layer", "n_embd", "n_head", "vocab_size")
    inner = found.get("n_inner") or 4 * found["n_embd"]
    return {"activation_function": "gelu_new", **found, "n_inner": inner}


def dictionary_folder(config: Mapping[str, Any], name: str, model: str | None = None, site: str | None = None) -> str:
    """`import` of a dictionary, with {model} and {site} filled in; those of the first that has it, if none is given."""
    naming = [of for of, entry in config["models"].items() if entry and name in named(entry)]
    chosen = model or next(iter(naming), config["universality"]["model"])
    return config["dictionaries"][name]["import"].format(model=chosen, site=site or config["sites"][0])


def dictionary_recipe(config: Mapping[str, Any], name: str) -> dict[str, Any]:
    """What there is to know of one that was trained elsewhere."""
    found = settings(Path(dictionary_folder(config, name)) / "cfg.json", "d_sae")
    k = {"k": found["k"]} if found.get("k") else {}
    return {"arch": IMPORTED, "width": found["d_sae"], **k, "import": config["dictionaries"][name]["import"]}


def named(model: Mapping[str, Any]) -> list[str]:
    """Dictionaries that a model's entry names; `all` are those that are trained."""
    return [] if model["dictionaries"] == "all" else model["dictionaries"]


@cache
def settings(path: Path, *needed: str) -> dict[str, Any]:
    """Raises ValueError naming the file when it is missing or has not what is needed."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ValueError(f"{path}: no such file, and the config imports it; correct the path under `import`") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"{path}: not JSON ({error}); the config imports it") from None
    missing = [name for name in needed if name not in found]
    if missing:
        raise ValueError(f"{path}: has no {', '.join(missing)}, so it cannot be imported")
    return found

"""Settings that the config gives in several places: a dictionary's recipe, an evaluation's, those of a store."""

import re
from collections.abc import Mapping
from typing import Any

from monosem.costs import imports

VARIANT = re.compile(r"(?P<name>.+)-(?P<setting>seed|vectors)(?P<value>\d+)")  # of a dictionary, see `recipe`
MEASURED = re.compile(r"(?P<name>.+)-tokens(?P<n_tokens>\d+)")  # of a run, see `measured`

Settings = Mapping[str, Any]


def recipe(config: Settings, name: str) -> dict[str, Any]:
    """The recipe of one dictionary: the common one, with what its architecture and its own entry override.

    NAME-seed7 and NAME-vectors500000 are the dictionary NAME with that seed, or trained on so many vectors. Those of
    `theory` are trained for its experiments alone. Raises ValueError for another name.
    """
    entry = config["dictionaries"].get(name, config["theory"]["dictionaries"].get(name))
    varied = None if entry else VARIANT.fullmatch(name)
    if varied:
        common = recipe(config, varied["name"])
        if "import" in common:
            raise ValueError(f"dictionary {name}: {varied['name']} is imported, so it has no other {varied['setting']}")
        return {**common, varied["setting"]: int(varied["value"])}
    if entry is None:
        known = [*config["dictionaries"], *config["theory"]["dictionaries"]]
        raise ValueError(f"dictionary {name}: not in the config, which has {', '.join(known[:20])}; correct the name")
    if "import" in entry:
        return imports.dictionary_recipe(config, name)
    arch = entry.get("arch", config["sae"]["arch"])
    common = {"precision": config["precision"], **config["sae"]}
    return {**common, **config["architectures"][arch], **entry, "arch": arch}


def measured(config: Settings, run: str) -> tuple[str, dict[str, Any]]:
    """The dictionary of a run, `neurons` or `random`, and the settings that it is evaluated by.

    NAME-tokens40000 is NAME on so many held-out tokens, and its losses on as many times fewer.
    """
    own = config["evaluation"]
    named = run in config["dictionaries"] or run in config["theory"]["dictionaries"]
    fewer = None if named else MEASURED.fullmatch(run)
    if not fewer:
        return run, dict(own)
    n_tokens = int(fewer["n_tokens"])
    loss_tokens = max(1, own["loss_tokens"] * n_tokens // own["n_tokens"])
    return fewer["name"], {**own, "n_tokens": n_tokens, "loss_tokens": loss_tokens}


def acts_of(config: Settings, site: str) -> dict[str, Any]:
    """Settings of the store of a site; one that only `theory` reads has no more vectors than it asks for."""
    acts = config["acts"]
    return dict(acts) if site in config["sites"] else {**acts, "n_vectors": config["theory"]["targets"]["vectors"]}

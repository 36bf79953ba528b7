"""What a schema cannot say of the config: names that must be known, and what goes with what."""

import re

from monosem.ground.local_files import local_files


def unknown(names, known, where):
    """Stop early when the config names something that it does not define."""
    for name in names:
        if name not in known:
            raise ValueError(f"config {where}: {name} is not one of {', '.join(known)}; define it or correct the name")


def complete(name):
    """Stop early when a dictionary lacks what its architecture needs, or sets what only others have."""
    own = recipe(name)
    known = {"precision", *config["sae"], *config["architectures"][own["arch"]], "width"}
    unknown([key for key in own if key not in known], sorted(known), f"dictionaries.{name} ({own['arch']})")
    missing = [key for key, value in own.items() if value is None and key not in config["sae"]]
    if missing:
        raise ValueError(f"config dictionaries.{name}: {own['arch']} needs {', '.join(missing)}; give it a value")


def layers_known(sites, models, where):
    """Stop early when a site is of a layer that a model does not have."""
    for site in sites:
        layer = re.search(r"-l(\d+)$", site)
        for model in models if layer else []:
            n_layers = Job("train_lm", {"model": model}, config).model.layers
            if int(layer[1]) >= n_layers:
                raise ValueError(
                    f"config {where}: {site}: {model} has {n_layers} layers, counted from 0; a lower one expected"
                )


if workflow.is_main_process:
    try:
        local_files(*config["corpus"]["source"])
    except ValueError as error:
        raise ValueError(f"config corpus.source: {error}") from None
for name in TRAINED_DICTIONARIES + OWN_DICTIONARIES:
    complete(name)
unknown([config["headline"]], TRAINED_DICTIONARIES, "headline")
unknown(config["autointerp"]["dictionaries"], DICTIONARIES, "autointerp.dictionaries")
unknown([PAIR["model"], PAIR["other"]], MODELS, "universality")
for name in OWN_DICTIONARIES:
    if name in config["dictionaries"]:
        raise ValueError(f"config theory.dictionaries.{name}: `dictionaries` has one of that name; rename either")
first = config["theory"]["targets"]["sites"][0]
if not re.fullmatch(r"mlp_post(-l\d+)?", first):
    raise ValueError(f"config theory.targets.sites: {first} comes first; put a place of neurons, mlp_post, before it")
layers_known(config["sites"], MODELS, "sites")
layers_known(OWN_SITES, [PAIR["model"], PAIR["other"]], "theory.targets.sites")
if IMPORTED_MODELS and not config["tokens"]["tokenizer"]:
    path = f"{MODELS[IMPORTED_MODELS[0]]['import']}/tokenizer.json"
    raise ValueError(
        f"config models.{IMPORTED_MODELS[0]}: it reads its own tokens; write tokens: {{tokenizer: {path}}}"
    )
for model, entry in MODELS.items():
    unknown(dictionaries_of(model), DICTIONARIES, f"models.{model}.dictionaries")
    unknown([config["headline"]], dictionaries_of(model), f"models.{model}.dictionaries, which lack the headline:")
    unknown([entry["shuffle_of"]] if entry["shuffle_of"] else [], MODELS, f"models.{model}.shuffle_of")


# A dictionary may also be one with another seed, or trained on fewer or more vectors, and any run be measured on fewer
# held-out tokens: monosem.costs.jobs has `recipe`, which stops at names that the config lacks, and `measured`. A list of
# a thousand names here would be searched for each file of each job.
wildcard_constraints:
    model="|".join(map(re.escape, MODELS)),
    dict="[^/]+",
    run="[^/]+",
    site="|".join(map(re.escape, config["sites"] + OWN_SITES)),
    split="train|val",

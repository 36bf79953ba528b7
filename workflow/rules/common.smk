"""Helpers of the rules: config to flags, and the runs that the config asks for."""

import glob
import re

from monosem.provenance import fingerprint

DICTIONARIES = {name: entry for name, entry in config["dictionaries"].items() if entry is not None}
MODELS = {name: entry for name, entry in config["models"].items() if entry is not None}
DEVICE = ["--device", config["device"]]
GPU = 1 if config["device"] == "cuda" else 0


def flags(settings, *names):
    """Command-line flags of the named settings (all, if none is named); null settings give none, lists several words."""
    words = []
    for name in names or settings:
        value = settings[name]
        if value is not None:
            words += [f"--{name.replace('_', '-')}", *map(text, value if isinstance(value, list) else [value])]
    return words


def text(value):
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def dictionaries_of(model):
    """Dictionaries to train on a model's activations."""
    wanted = MODELS[model]["dictionaries"]
    return list(DICTIONARIES) if wanted == "all" else wanted


def text_share(model):
    """Each trained model's activations come from contexts of its own, as in the paper; a control's from its model's."""
    # Sorted, because a config given with --configfile puts the models that it names first.
    trained = sorted(name for name, entry in MODELS.items() if entry["shuffle_of"] is None)
    return ["--part", trained.index(MODELS[model]["shuffle_of"] or model), "--parts", len(trained)]


def recipe(name):
    """The recipe of one dictionary: the common one, with what its architecture and its own entry override."""
    entry = DICTIONARIES[name]
    arch = entry.get("arch", config["sae"]["arch"])
    common = {"precision": config["precision"], **config["sae"]}
    return {**common, **config["architectures"][arch], **entry, "arch": arch}


def autoencoder(wildcards):
    """Files of the trained autoencoder; the neurons have none."""
    if wildcards.run == "neurons":
        return {}
    folder = f"results/{wildcards.model}/{wildcards.site}/{wildcards.run}"
    return {"sae": f"{folder}/sae.safetensors", "sae_record": f"{folder}/sae.json"}


def trained_runs():
    """(model, site, dictionary) of every autoencoder."""
    return [(model, site, name) for model in MODELS for site in config["sites"] for name in dictionaries_of(model)]


def neuron_runs():
    return [(model, site, "neurons") for model in MODELS for site in config["sites"]]


def scored_runs():
    """Runs to score: the neurons of every model, the headline dictionary, and the others named for it."""
    chosen = [config["headline"], *config["autointerp"]["dictionaries"]]
    return [run for run in trained_runs() if run[2] in chosen] + neuron_runs()


def compared():
    """(site, dictionary) pairs to compare between the two models of `universality`."""
    pair = (config["universality"]["model"], config["universality"]["other"])
    shared = [name for name in DICTIONARIES if all(name in dictionaries_of(model) for model in pair)]
    return [(site, name) for site in config["sites"] for name in [*shared, "neurons"]]


def paths(runs, file):
    """One file of each (model, site, dictionary) run."""
    return [f"results/{model}/{site}/{name}/{file}" for model, site, name in runs]


def comparisons(suffix):
    return [f"results/universality/{site}/{name}{suffix}" for site, name in compared()]


def memory(wildcards=None, attempt=1):
    """MiB a job may use: 3 GiB, and as much again with each retry."""
    return 3072 * attempt


def sae_memory(wildcards, attempt=1):
    """MiB that training a dictionary may use: 800 for the process; weights, two moments, gradients, and two more for
    their copies while saving; seven arrays of a dense tile (`DENSE_ENTRIES` in the code), or 50 bytes for each of the most
    entries that a sparse step is given (`Products.sparse_below`); batches and samples of inputs.
    """
    own = recipe(wildcards.dict)
    neurons = config["lm"]["d_mlp" if wildcards.site.startswith("mlp_post") else "d_model"]
    weights = 2 * own["width"] * neurons
    dense = 7 * min(own["batch"] * own["width"], 2**26)
    sparse = 0.2 * 50 / 4 * own["batch"] * own["width"]
    inputs = (8 * own["batch"] + 65536 + own["resample_inputs"]) * neurons
    return attempt * max(1024, 800 + int(4 * (6 * weights + max(dense, sparse) + inputs)) // 2**20)


def own_texts(wildcards):
    """Local files that the corpus is made of, so that an edited or a new one is noticed."""
    local = [source for source in config["corpus"]["source"] if source != "packages" and not source.startswith("hf:")]
    return sorted(file for source in local for file in glob.glob(source, recursive=True))


def width_sweep():
    """Dictionaries that differ from the headline one in their width only."""
    recipes = {name: {**recipe(name), "width": None} for name in DICTIONARIES}
    return [name for name in DICTIONARIES if recipes[name] == recipes[config["headline"]]]


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


for name in DICTIONARIES:
    complete(name)
unknown([config["headline"]], DICTIONARIES, "headline")
unknown(config["autointerp"]["dictionaries"], DICTIONARIES, "autointerp.dictionaries")
unknown([config["universality"]["model"], config["universality"]["other"]], MODELS, "universality")
for site in config["sites"]:
    layer = re.search(r"-l(\d+)$", site)
    if layer and int(layer[1]) >= config["lm"]["n_layers"]:
        raise ValueError(f"config sites: {site}: a layer below lm.n_layers {config['lm']['n_layers']} expected")
for model, entry in MODELS.items():
    unknown(dictionaries_of(model), DICTIONARIES, f"models.{model}.dictionaries")
    unknown([config["headline"]], dictionaries_of(model), f"models.{model}.dictionaries, which lack the headline:")
    unknown([entry["shuffle_of"]] if entry["shuffle_of"] else [], MODELS, f"models.{model}.shuffle_of")


wildcard_constraints:
    model="|".join(map(re.escape, MODELS)),
    dict="|".join(map(re.escape, DICTIONARIES)),
    run="|".join(map(re.escape, [*DICTIONARIES, "neurons"])),
    site="|".join(map(re.escape, config["sites"])),
    split="train|val",

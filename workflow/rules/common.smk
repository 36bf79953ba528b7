"""Helpers of the rules: config to flags, and the runs that the config asks for."""

import glob
import re
from functools import cache
from math import ceil

from monosem.costs import Job, acts_of, disk_mib, imports, measured, memory_mib, recipe as recipe_of, seconds
from monosem.provenance import fingerprint

DICTIONARIES = {name: entry for name, entry in config["dictionaries"].items() if entry is not None}
IMPORTED_DICTIONARIES = [name for name, entry in DICTIONARIES.items() if "import" in entry]
TRAINED_DICTIONARIES = [name for name in DICTIONARIES if name not in IMPORTED_DICTIONARIES]
# What only experiments of `theory` ask for: no list of runs below has them, but the rules know how to make them.
OWN_DICTIONARIES = list(config["theory"]["dictionaries"])
OWN_SITES = [site for site in config["theory"]["targets"]["sites"] if site not in config["sites"]]
ALWAYS = {"shuffle_of": None, "import": None}  # of models, where the config leaves them out
MODELS = {name: {**ALWAYS, **entry} for name, entry in config["models"].items() if entry is not None}
IMPORTED_MODELS = [name for name, entry in MODELS.items() if entry["import"]]
# The investigations are of one dictionary, the headline one, of the model that stands for the paper's.
PAIR, SITE = config["universality"], config["sites"][0]
HEADLINE_RUN = (PAIR["model"], SITE, config["headline"])
STUDIED_MODEL, STUDIED_SITE, HEADLINE = ("/".join(["results", *HEADLINE_RUN[:depth]]) for depth in (1, 2, 3))
DEVICE = ["--device", config["device"]]
GPU = 1 if config["device"] == "cuda" else 0
PROCESSES, NODES = config["lm"]["processes"], config["lm"]["nodes"]
LM = {name: value for name, value in config["lm"].items() if name not in ("processes", "nodes")}


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


@cache
def dictionaries_of(model):
    """Dictionaries of a model's activations; `all` are those to train, and imported ones are named."""
    wanted = MODELS[model]["dictionaries"]
    return TRAINED_DICTIONARIES if wanted == "all" else wanted


def dictionary_folder(wildcards):
    return imports.dictionary_folder(config, wildcards.dict, wildcards.model, wildcards.site)


def model_files(wildcards):
    """Weights of an imported model: one file, or several with their index."""
    return sorted(glob.glob(f"{glob.escape(MODELS[wildcards.model]['import'])}/model*.safetensors*"))


def text_share(model):
    """Each trained model's activations come from contexts of its own, as in the paper; a control's from its model's.

    An imported model has all of the text, so that it moves nobody else's.
    """
    # Sorted, because a config given with --configfile puts the models that it names first.
    trained = sorted(name for name in MODELS if name not in IMPORTED_MODELS and not MODELS[name]["shuffle_of"])
    own = MODELS[model]["shuffle_of"] or model
    return ["--part", trained.index(own), "--parts", len(trained)] if own in trained else ["--part", 0, "--parts", 1]


def recipe(name):
    return recipe_of(config, name)


def autoencoder(wildcards):
    """Files of the autoencoder, trained or drawn at random; the neurons have none."""
    name, _ = measured(config, wildcards.run)
    if name == "neurons":
        return {}
    folder = f"results/{wildcards.model}/{wildcards.site}/{name}"
    return {"sae": f"{folder}/sae.safetensors", "sae_record": f"{folder}/sae.json"}


@cache
def trained_runs():
    """(model, site, dictionary) of every autoencoder."""
    return [(model, site, name) for model in MODELS for site in config["sites"] for name in dictionaries_of(model)]


def neuron_runs():
    return [(model, site, "neurons") for model in MODELS for site in config["sites"]]


def evaluation(run):
    """Settings of an evaluation; no loss is measured with neurons, which change nothing, or with random directions."""
    name, settings = measured(config, run)
    return settings if name in [*DICTIONARIES, *OWN_DICTIONARIES] else {**settings, "loss_tokens": None}


def direction_runs():
    """Random directions, of the model that stands for the paper's."""
    return [(PAIR["model"], SITE, "random")]


@cache
def scored_runs():
    """Runs to score: the neurons of every model, the headline dictionary, imported ones, and those named for it."""
    chosen = [config["headline"], *config["autointerp"]["dictionaries"], *IMPORTED_DICTIONARIES]
    return [run for run in trained_runs() if run[2] in chosen] + neuron_runs()


@cache
def offline_runs():
    """Runs that the offline explainer scores too: the widths beside the headline's, and random directions."""
    return list(dict.fromkeys(scored_runs() + sweep_runs())) + direction_runs()


def llm_runs():
    """Runs that a language model explains: of those that are scored without one, those of the models asked for."""
    llm = config["autointerp"]["llm"]
    return [run for run in scored_runs() if run[0] in llm["models"]] if llm["enabled"] else []


@cache
def compared():
    """(site, dictionary) pairs to compare between the two models of `universality`."""
    shared = [name for name in DICTIONARIES if all(name in dictionaries_of(PAIR[of]) for of in ("model", "other"))]
    return [(site, name) for site in config["sites"] for name in [*shared, "neurons"]]


def paths(runs, file):
    """One file of each (model, site, dictionary) run."""
    return [f"results/{model}/{site}/{name}/{file}" for model, site, name in runs]


def benchmarks(rule, runs):
    """What each run's job of a rule took, as Snakemake measured it."""
    return [f"results/benchmarks/{rule}/{'_'.join(run)}.tsv" for run in runs]


def comparisons(suffix):
    return [f"results/universality/{site}/{name}{suffix}" for site, name in compared()]


def spread():
    """Resources of a training by several processes: the command that starts them, and what SLURM is to give it.

    They are not settings: like threads, they change rounding at most, and rerun nothing.
    """
    if PROCESSES == NODES == 1:
        return {"launch": "python", "gpu": GPU}
    torchrun = f"torchrun --nnodes {NODES} --nproc-per-node {PROCESSES}"
    if NODES == 1:
        return {"launch": f"{torchrun} --standalone", "gpu": GPU * PROCESSES}
    # One torchrun on each node; they meet at the first, where this shell runs. The plugin leaves `srun` to jobs with
    # `mpi`, and would ask for a task for each GPU.
    gpus = f"--gres gpu:{PROCESSES}" if GPU else ""
    srun = f"srun --nodes {NODES} --ntasks {NODES} --cpus-per-task {config['threads'] * PROCESSES} {gpus}"
    meet = "--rdzv-backend c10d --rdzv-id $SLURM_JOB_ID --rdzv-endpoint $(hostname):$((20000 + SLURM_JOB_ID % 20000))"
    slurm = {"mpi": "srun", "nodes": NODES, "tasks": NODES, "tasks_per_gpu": 0}
    slurm |= {"gres": f"gpu:{PROCESSES}"} if GPU else {}
    return {"launch": f"{srun} {torchrun} {meet}", "gpu": GPU * PROCESSES * NODES, **slurm}


def memory(rule):
    """Megabytes a job of the rule may use, and as much again with each retry; monosem.costs has the formulas."""
    return lambda wildcards, attempt: attempt * megabytes(memory_mib(job(rule, wildcards)))


def runtime(rule):
    """Minutes that a job may take, with a margin for slower machines, and as many again with each retry."""
    margin = config["machine"]["time_margin"] / 60
    return lambda wildcards, attempt: attempt * max(10, ceil(margin * seconds(job(rule, wildcards))))


def disk(rule):
    return lambda wildcards: megabytes(sum(disk_mib(job(rule, wildcards))))


def job(rule, wildcards):
    return Job(rule, dict(wildcards.items()), config)


def megabytes(mib):
    return ceil(mib * 2**20 / 1e6)


def own_texts(wildcards):
    """Local files that the corpus is made of, so that an edited or a new one is noticed."""
    local = [source for source in config["corpus"]["source"] if source != "packages" and not source.startswith("hf:")]
    return sorted(file for source in local for file in glob.glob(source, recursive=True))


@cache
def width_sweep():
    """Dictionaries that differ from the headline one in their width only."""
    recipes = {name: {**recipe(name), "width": None} for name in DICTIONARIES}
    return [name for name in DICTIONARIES if recipes[name] == recipes[config["headline"]]]


def sweep_runs():
    """Of the model that stands for the paper's."""
    return [(PAIR["model"], SITE, name) for name in width_sweep() if name in dictionaries_of(PAIR["model"])]


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


for name in TRAINED_DICTIONARIES + OWN_DICTIONARIES:
    complete(name)
unknown([config["headline"]], TRAINED_DICTIONARIES, "headline")
unknown(config["autointerp"]["dictionaries"], DICTIONARIES, "autointerp.dictionaries")
unknown([PAIR["model"], PAIR["other"]], MODELS, "universality")
for site in config["sites"]:
    layer = re.search(r"-l(\d+)$", site)
    for model in MODELS if layer else []:
        n_layers = Job("train_lm", {"model": model}, config).model.layers
        if int(layer[1]) >= n_layers:
            raise ValueError(
                f"config sites: {site}: {model} has {n_layers} layers, counted from 0; a lower one expected"
            )
if IMPORTED_MODELS and not config["tokens"]["tokenizer"]:
    path = f"{MODELS[IMPORTED_MODELS[0]]['import']}/tokenizer.json"
    raise ValueError(
        f"config models.{IMPORTED_MODELS[0]}: it reads its own tokens; write tokens: {{tokenizer: {path}}}"
    )
for model, entry in MODELS.items():
    unknown(dictionaries_of(model), DICTIONARIES, f"models.{model}.dictionaries")
    unknown([config["headline"]], dictionaries_of(model), f"models.{model}.dictionaries, which lack the headline:")
    unknown([entry["shuffle_of"]] if entry["shuffle_of"] else [], MODELS, f"models.{model}.shuffle_of")


# Any dictionary with another seed, or trained on fewer or more vectors: see monosem.costs.jobs.recipe.
VARIANT = r"(-(seed|vectors)\d+)?"
FEWER = r"(-tokens\d+)?"  # and any run measured on fewer held-out tokens: monosem.costs.jobs.measured


wildcard_constraints:
    model="|".join(map(re.escape, MODELS)),
    dict=f"({'|'.join(map(re.escape, [*DICTIONARIES, *OWN_DICTIONARIES]))}){VARIANT}",
    run=f"(({'|'.join(map(re.escape, [*DICTIONARIES, *OWN_DICTIONARIES]))}){VARIANT}|neurons|random){FEWER}",
    site="|".join(map(re.escape, config["sites"] + OWN_SITES)),
    split="train|val",

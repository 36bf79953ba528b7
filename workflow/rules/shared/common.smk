"""What all rules share: names from the config, its settings as flags, and the resources of jobs."""

from math import ceil

from snakemake.io import flag

from monosem.costs import Job, acts_of, disk_mib, memory_mib, seconds
from monosem.ground.provenance import fingerprint

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
STUDIED_MODEL = f"results/{PAIR['model']}"
STUDIED_SITE = f"{STUDIED_MODEL}/{SITE}"
HEADLINE = f"{STUDIED_SITE}/{config['headline']}"
DEVICE = ["--device", config["device"]]
GPU = 1 if config["device"] == "cuda" else 0
PROCESSES, NODES = config["lm"]["processes"], config["lm"]["nodes"]
LM = {name: value for name, value in config["lm"].items() if name not in ("processes", "nodes")}

# What may be too large to be read again at each start: Snakemake would go by its time, and all that a copy has is new
# times. The record that the same job writes last is small, and decides by its content.
TOLD_BY_RECORD = (".zarr", ".safetensors", ".parquet", ".jsonl.zst", ".svg", "tokenizer.json", "train.tsv")


def by_content(file):
    """An input whose time makes nothing out of date where a record beside it does."""
    return flag(file, "ancient", file.endswith(TOLD_BY_RECORD)) if isinstance(file, str) else file


inputflags:
    by_content,


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


def small_recipe(own):
    """Flags of an experiment's autoencoder: the recipe of `sae` but for its own settings, architecture and seed."""
    return flags({**config["sae"], **own, "arch": None, "seed": None})


def small_lm(own, precision):
    """Settings of an experiment's transformers: those of `lm` but for its own; it says itself how deep they are."""
    used = {name: value for name, value in LM.items() if name not in ("n_layers", "val_tokens")}
    return {**used, "precision": precision, **own}


def text_share(model):
    """Each trained model's activations come from contexts of its own, as in the paper; a control's from its model's.

    An imported model has all of the text, so that it moves nobody else's.
    """
    # Sorted, because a config given with --configfile puts the models that it names first.
    trained = sorted(name for name in MODELS if name not in IMPORTED_MODELS and not MODELS[name]["shuffle_of"])
    own = MODELS[model]["shuffle_of"] or model
    return ["--part", trained.index(own), "--parts", len(trained)] if own in trained else ["--part", 0, "--parts", 1]


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

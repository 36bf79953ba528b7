"""Interpretability rated by people; in no default target. `snakemake results/rating/index.html` writes the page to rate
on; once raters' files are named in the config `rating`, the findings count them.

in:  results/{model}/{site}/{run}/, raters' CSV files
out: results/rating/
"""

RATING = config["rating"]
RATED = [(model, SITE, config["headline"]) for model in MODELS if model in (PAIR["model"], "control")]
RATED += [(PAIR["model"], SITE, "neurons")]
# No random windows, and none out of context: all of an interval's.
KINDS = {"top": RATING["n_windows"], "interval": RATING["n_windows"], "random": 0, "out_of_context": 0}
INTERVAL_WINDOWS = {f"{role}_{kind}": count for role in ("explain", "score") for kind, count in KINDS.items()}


use rule sample_examples as sample_intervals with:
    output:
        examples="results/{model}/{site}/{run}/rating/intervals.parquet",
        record="results/{model}/{site}/{run}/rating/intervals.json",
    log:
        "results/logs/sample_intervals/{model}_{site}_{run}.log",
    benchmark:
        "results/benchmarks/sample_intervals/{model}_{site}_{run}.tsv"
    params:
        code=fingerprint("sample_examples.py"),
        flags=flags({"min_active": AUTOINTERP["min_active"], **INTERVAL_WINDOWS})
        + flags(RATING, "width", "intervals", "seed"),


rule rate_features:
    input:
        records=paths(RATED, "eval.json"),
        examples=paths(RATED, "rating/intervals.parquet"),
        examples_records=paths(RATED, "rating/intervals.json"),
        features=paths(RATED, "features.parquet"),
        logits=paths(RATED, "logits.safetensors"),
        tokenizer="results/tokens/tokenizer.json",
    output:
        page="results/rating/index.html",
        key=protected("results/rating/key.json"),  # without it the page's ratings are worth nothing
    log:
        "results/logs/rate_features/rating.log",
    benchmark:
        "results/benchmarks/rate_features/rating.tsv"
    resources:
        mem_mb=memory("rate_features"),
        runtime=runtime("rate_features"),
        disk_mb=disk("rate_features"),
    params:
        code=fingerprint("rate_features.py"),
        flags=flags(RATING, "n_features", "n_intervals", "n_windows", "seed"),
    shell:
        r"""
        python "$SCRIPTS/rate_features.py" --records {input.records:q} --examples {input.examples:q} \
            --features {input.features:q} --logits {input.logits:q} --tokenizer {input.tokenizer:q} {params.flags:q} \
            --output {output.page:q} --output-key {output.key:q} 2>&1 | tee {log:q}
        """


rule collect_ratings:
    input:
        key=RATING["key"] or "results/rating/key.json",
        ratings=RATING["files"],
    output:
        ratings="results/rating/ratings.tsv",
        record="results/rating/ratings.json",
    log:
        "results/logs/collect_ratings/rating.log",
    benchmark:
        "results/benchmarks/collect_ratings/rating.tsv"
    resources:
        mem_mb=memory("collect_ratings"),
        runtime=runtime("collect_ratings"),
        disk_mb=disk("collect_ratings"),
    params:
        code=fingerprint("collect_ratings.py"),
    shell:
        r"""
        python "$SCRIPTS/collect_ratings.py" --key {input.key:q} --ratings {input.ratings:q} \
            --output {output.ratings:q} --output-record {output.record:q} 2>&1 | tee {log:q}
        """

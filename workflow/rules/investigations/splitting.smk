"""Feature splitting: what becomes of features in wider dictionaries, and a map of all of them.

in:  results/{model}/{site}/{dict}/ of the dictionaries that differ in width only, results/tokens/
out: results/investigations/splitting/, results/investigations/feature_map/, results/figures/
"""

SPLITTING = config["investigations"]["splitting"]
SPLITTING_FIGURES = ["splitting", "families", "feature_map"] if len(sweep_runs()) > 1 else []
SPLITTING_RECORDS = ["splitting", "feature_map"] if len(sweep_runs()) > 1 else []
SPLIT = "results/investigations/splitting"
FEATURE_MAP = "results/investigations/feature_map"


rule split_features:
    input:
        codes=paths(sweep_runs(), "codes.safetensors"),
        records=paths(sweep_runs(), "codes.json"),
        tokens="results/tokens/val.zarr",
        tokens_record="results/tokens/val.json",
        tokenizer="results/tokens/tokenizer.json",
    output:
        kin=f"{SPLIT}/kin.parquet",
        families=f"{SPLIT}/families.parquet",
        record=f"{SPLIT}/splitting.json",
    log:
        "results/logs/split_features/splitting.log",
    benchmark:
        "results/benchmarks/split_features/splitting.tsv"
    resources:
        mem_mb=memory("split_features"),
        runtime=runtime("split_features"),
        disk_mb=disk("split_features"),
    params:
        code=fingerprint("split_features.py"),
        flags=flags(SPLITTING, "min_cosine", "min_active", "group_share", "categories", "words"),
    shell:
        r"""
        python "$SCRIPTS/split_features.py" --codes {input.codes:q} --records {input.records:q} \
            --tokens {input.tokens:q} --tokenizer {input.tokenizer:q} {params.flags:q} \
            --output-kin {output.kin:q} --output-families {output.families:q} --output-record {output.record:q} \
            2>&1 | tee {log:q}
        """


rule plot_splitting:
    input:
        record=f"{SPLIT}/splitting.json",
    output:
        figure=report("results/figures/splitting.svg", caption="../../report/splitting.rst", category="Splitting"),
        data="results/figures/splitting.tsv",
    log:
        "results/logs/plot_splitting/splitting.log",
    benchmark:
        "results/benchmarks/plot_splitting/splitting.tsv"
    resources:
        mem_mb=memory("plot_splitting"),
        runtime=runtime("plot_splitting"),
        disk_mb=disk("plot_splitting"),
    params:
        code=fingerprint("plot/splitting.py"),
    shell:
        r"""
        python "$SCRIPTS/plot/splitting.py" --record {input.record:q} \
            --output {output.figure:q} --output-data {output.data:q} 2>&1 | tee {log:q}
        """


rule plot_families:
    input:
        record=f"{SPLIT}/splitting.json",
        families=f"{SPLIT}/families.parquet",
    output:
        figure=report("results/figures/families.svg", caption="../../report/families.rst", category="Splitting"),
        data="results/figures/families.tsv",
    log:
        "results/logs/plot_families/families.log",
    benchmark:
        "results/benchmarks/plot_families/families.tsv"
    resources:
        mem_mb=memory("plot_families"),
        runtime=runtime("plot_families"),
        disk_mb=disk("plot_families"),
    params:
        code=fingerprint("plot/families.py"),
    shell:
        r"""
        python "$SCRIPTS/plot/families.py" --record {input.record:q} --families {input.families:q} \
            --output {output.figure:q} --output-data {output.data:q} 2>&1 | tee {log:q}
        """


rule map_features:
    input:
        saes=paths(sweep_runs(), "sae.safetensors"),
        records=paths(sweep_runs(), "sae.json"),
        explanations=paths(sweep_runs(), "autointerp/explanations.parquet"),
        explanations_records=paths(sweep_runs(), "autointerp/scores.json"),
        families=f"{SPLIT}/families.parquet",
        splitting=f"{SPLIT}/splitting.json",
    output:
        map=f"{FEATURE_MAP}/map.parquet",
        page=f"{FEATURE_MAP}/index.html",
        record=f"{FEATURE_MAP}/feature_map.json",
    log:
        "results/logs/map_features/feature_map.log",
    benchmark:
        "results/benchmarks/map_features/feature_map.tsv"
    resources:
        mem_mb=memory("map_features"),
        runtime=runtime("map_features"),
        disk_mb=disk("map_features"),
    params:
        code=fingerprint("map_features.py"),
        seed=["--seed", config["investigations"]["seed"]],
        flags=flags(SPLITTING["map"]),
    shell:
        r"""
        python "$SCRIPTS/map_features.py" --saes {input.saes:q} --records {input.records:q} \
            --explanations {input.explanations:q} --families {input.families:q} --splitting {input.splitting:q} \
            {params.seed:q} {params.flags:q} \
            --output {output.map:q} --output-page {output.page:q} --output-record {output.record:q} 2>&1 | tee {log:q}
        """


rule plot_feature_map:
    input:
        map=f"{FEATURE_MAP}/map.parquet",
        record=f"{FEATURE_MAP}/feature_map.json",
    output:
        figure=report("results/figures/feature_map.svg", caption="../../report/feature_map.rst", category="Splitting"),
        data="results/figures/feature_map.tsv",
    log:
        "results/logs/plot_feature_map/feature_map.log",
    benchmark:
        "results/benchmarks/plot_feature_map/feature_map.tsv"
    resources:
        mem_mb=memory("plot_feature_map"),
        runtime=runtime("plot_feature_map"),
        disk_mb=disk("plot_feature_map"),
    params:
        code=fingerprint("plot/feature_map.py"),
    shell:
        r"""
        python "$SCRIPTS/plot/feature_map.py" --map {input.map:q} --record {input.record:q} \
            --output {output.figure:q} --output-data {output.data:q} 2>&1 | tee {log:q}
        """

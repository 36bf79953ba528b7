"""What features and neurons stand for: how mixed their text is, which tokens they follow, how their directions lie.

in:  results/{model}/{site}/{run}/ of the headline dictionary, the widths beside it, the neurons, random directions
out: results/investigations/{purity,tokens,geometry}/, results/figures/
"""

MONOSEMANTICITY, GEOMETRY = config["investigations"]["monosemanticity"], config["investigations"]["geometry"]
PURITY_RUNS = [HEADLINE_RUN, (*HEADLINE_RUN[:2], "neurons"), *direction_runs()]
GEOMETRY_RUNS = [HEADLINE_RUN, *((*HEADLINE_RUN[:2], name) for name in [GEOMETRY["without_bias"]] if name)]
unknown([run[2] for run in GEOMETRY_RUNS], dictionaries_of(PAIR["model"]), "investigations.geometry.without_bias")


rule measure_purity:
    input:
        codes=paths(PURITY_RUNS, "codes.safetensors"),
        records=paths(PURITY_RUNS, "codes.json"),
        tokens="results/tokens/val.zarr",
        tokens_record="results/tokens/val.json",
    output:
        units="results/investigations/purity/units.parquet",
        record="results/investigations/purity/purity.json",
    log:
        "results/logs/measure_purity/purity.log",
    benchmark:
        "results/benchmarks/measure_purity/purity.tsv"
    resources:
        mem_mb=memory("measure_purity"),
        runtime=runtime("measure_purity"),
        disk_mb=disk("measure_purity"),
    params:
        code=fingerprint("measure_purity.py"),
        flags=flags(AUTOINTERP, "min_active"),
    shell:
        r"""
        python "$SCRIPTS/measure_purity.py" --tokens {input.tokens:q} --codes {input.codes:q} \
            --records {input.records:q} {params.flags:q} \
            --output {output.units:q} --output-record {output.record:q} 2>&1 | tee {log:q}
        """


rule count_token_features:
    input:
        codes=paths(sweep_runs(), "codes.safetensors"),
        records=paths(sweep_runs(), "codes.json"),
        explanations=paths(sweep_runs(), "autointerp/explanations.parquet"),
        explanations_records=paths(sweep_runs(), "autointerp/scores.json"),
        tokens="results/tokens/val.zarr",
        tokens_record="results/tokens/val.json",
        tokenizer="results/tokens/tokenizer.json",
    output:
        features="results/investigations/tokens/features.parquet",
        common="results/investigations/tokens/common.tsv",
        record="results/investigations/tokens/tokens.json",
    log:
        "results/logs/count_token_features/tokens.log",
    benchmark:
        "results/benchmarks/count_token_features/tokens.tsv"
    resources:
        mem_mb=memory("count_token_features"),
        runtime=runtime("count_token_features"),
        disk_mb=disk("count_token_features"),
    params:
        code=fingerprint("count_token_features.py"),
        flags=flags(AUTOINTERP, "min_active") + flags(MONOSEMANTICITY, "min_focus", "min_coverage", "common", "word"),
    shell:
        r"""
        python "$SCRIPTS/count_token_features.py" --tokens {input.tokens:q} --tokenizer {input.tokenizer:q} \
            --codes {input.codes:q} --records {input.records:q} --explanations {input.explanations:q} {params.flags:q} \
            --output {output.features:q} --output-common {output.common:q} --output-record {output.record:q} \
            2>&1 | tee {log:q}
        """


rule measure_geometry:
    input:
        saes=paths(GEOMETRY_RUNS, "sae.safetensors"),
        sae_records=paths(GEOMETRY_RUNS, "sae.json"),
        features=paths(GEOMETRY_RUNS, "features.parquet"),
        evals=paths(GEOMETRY_RUNS, "eval.json"),
        neurons=paths(PURITY_RUNS[1:2], "features.parquet"),
        neurons_records=paths(PURITY_RUNS[1:2], "eval.json"),
    output:
        features="results/investigations/geometry/features.parquet",
        record="results/investigations/geometry/geometry.json",
    log:
        "results/logs/measure_geometry/geometry.log",
    benchmark:
        "results/benchmarks/measure_geometry/geometry.tsv"
    resources:
        mem_mb=memory("measure_geometry"),
        runtime=runtime("measure_geometry"),
        disk_mb=disk("measure_geometry"),
    params:
        code=fingerprint("measure_geometry.py"),
        flags=flags(GEOMETRY, "weak"),
    shell:
        r"""
        python "$SCRIPTS/measure_geometry.py" --neurons {input.neurons:q} --saes {input.saes:q} \
            --sae-records {input.sae_records:q} --features {input.features:q} --evals {input.evals:q} {params.flags:q} \
            --output {output.features:q} --output-record {output.record:q} 2>&1 | tee {log:q}
        """


rule plot_purity:
    input:
        units="results/investigations/purity/units.parquet",
        record="results/investigations/purity/purity.json",
    output:
        figure=report("results/figures/purity.svg", caption="../../report/purity.rst", category="Monosemanticity"),
        data="results/figures/purity.tsv",
    log:
        "results/logs/plot_purity/purity.log",
    benchmark:
        "results/benchmarks/plot_purity/purity.tsv"
    resources:
        mem_mb=memory("plot_purity"),
        runtime=runtime("plot_purity"),
        disk_mb=disk("plot_purity"),
    params:
        code=fingerprint("plot/purity.py"),
    shell:
        r"""
        python "$SCRIPTS/plot/purity.py" --units {input.units:q} --record {input.record:q} \
            --output {output.figure:q} --output-data {output.data:q} 2>&1 | tee {log:q}
        """


rule plot_neuron_basis:
    input:
        features="results/investigations/geometry/features.parquet",
        record="results/investigations/geometry/geometry.json",
    output:
        figure=report(
            "results/figures/neuron_basis.svg", caption="../../report/neuron_basis.rst", category="Monosemanticity"
        ),
        data="results/figures/neuron_basis.tsv",
    log:
        "results/logs/plot_neuron_basis/neuron_basis.log",
    benchmark:
        "results/benchmarks/plot_neuron_basis/neuron_basis.tsv"
    resources:
        mem_mb=memory("plot_neuron_basis"),
        runtime=runtime("plot_neuron_basis"),
        disk_mb=disk("plot_neuron_basis"),
    params:
        code=fingerprint("plot/neuron_basis.py"),
    shell:
        r"""
        python "$SCRIPTS/plot/neuron_basis.py" --features {input.features:q} --record {input.record:q} \
            --output {output.figure:q} --output-data {output.data:q} 2>&1 | tee {log:q}
        """


rule plot_low_features:
    input:
        features="results/investigations/geometry/features.parquet",
        record="results/investigations/geometry/geometry.json",
    output:
        figure=report(
            "results/figures/low_features.svg", caption="../../report/low_features.rst", category="Dictionaries"
        ),
        data="results/figures/low_features.tsv",
    log:
        "results/logs/plot_low_features/low_features.log",
    benchmark:
        "results/benchmarks/plot_low_features/low_features.tsv"
    resources:
        mem_mb=memory("plot_low_features"),
        runtime=runtime("plot_low_features"),
        disk_mb=disk("plot_low_features"),
    params:
        code=fingerprint("plot/low_features.py"),
    shell:
        r"""
        python "$SCRIPTS/plot/low_features.py" --features {input.features:q} --record {input.record:q} \
            --output {output.figure:q} --output-data {output.data:q} 2>&1 | tee {log:q}
        """


rule plot_token_features:
    input:
        common="results/investigations/tokens/common.tsv",
        record="results/investigations/tokens/tokens.json",
    output:
        figure=report(
            "results/figures/token_features.svg", caption="../../report/token_features.rst", category="Monosemanticity"
        ),
        data="results/figures/token_features.tsv",
    log:
        "results/logs/plot_token_features/token_features.log",
    benchmark:
        "results/benchmarks/plot_token_features/token_features.tsv"
    resources:
        mem_mb=memory("plot_token_features"),
        runtime=runtime("plot_token_features"),
        disk_mb=disk("plot_token_features"),
    params:
        code=fingerprint("plot/token_features.py"),
    shell:
        r"""
        python "$SCRIPTS/plot/token_features.py" --common {input.common:q} --record {input.record:q} \
            --output {output.figure:q} --output-data {output.data:q} 2>&1 | tee {log:q}
        """

"""Questions of posts and comments around the paper, each a small computation of its own; `snakemake theory` runs all.

in:  the config alone
out: results/theory/
"""

THEORY = config["theory"]
EXPERIMENTS = [name for name in THEORY if name not in ("report", "dictionaries")]
REPORTED = EXPERIMENTS if THEORY["report"] == "all" else THEORY["report"]
unknown(REPORTED, EXPERIMENTS, "theory.report")


rule measure_log_ratios:
    output:
        table="results/theory/log_ratios/log_ratios.tsv",
        figure=report(
            "results/theory/log_ratios/log_ratios.svg", caption="../../report/log_ratios.rst", category="Discussion"
        ),
        record="results/theory/log_ratios/log_ratios.json",
    log:
        "results/logs/measure_log_ratios/log_ratios.log",
    benchmark:
        "results/benchmarks/measure_log_ratios/log_ratios.tsv"
    resources:
        mem_mb=memory("measure_log_ratios"),
        runtime=runtime("measure_log_ratios"),
        disk_mb=disk("measure_log_ratios"),
    params:
        code=fingerprint("theory/measure_log_ratios.py"),
        flags=flags(THEORY["log_ratios"]),
    shell:
        r"""
        python "$SCRIPTS/theory/measure_log_ratios.py" {params.flags:q} --output {output.table:q} \
            --output-figure {output.figure:q} --output-record {output.record:q} 2>&1 | tee {log:q}
        """


rule fit_fixed_triples:
    output:
        table="results/theory/fixed_triples/fixed_triples.tsv",
        figure=report(
            "results/theory/fixed_triples/fixed_triples.svg",
            caption="../../report/fixed_triples.rst",
            category="Discussion",
        ),
        record="results/theory/fixed_triples/fixed_triples.json",
    log:
        "results/logs/fit_fixed_triples/fixed_triples.log",
    benchmark:
        "results/benchmarks/fit_fixed_triples/fixed_triples.tsv"
    resources:
        mem_mb=memory("fit_fixed_triples"),
        runtime=runtime("fit_fixed_triples"),
        disk_mb=disk("fit_fixed_triples"),
    params:
        code=fingerprint("theory/fit_fixed_triples.py"),
        flags=flags(THEORY["fixed_triples"]),
    shell:
        r"""
        python "$SCRIPTS/theory/fit_fixed_triples.py" {params.flags:q} --output {output.table:q} \
            --output-figure {output.figure:q} --output-record {output.record:q} 2>&1 | tee {log:q}
        """


rule fit_continuous_targets:
    output:
        table="results/theory/continuous_targets/continuous_targets.tsv",
        figure=report(
            "results/theory/continuous_targets/continuous_targets.svg",
            caption="../../report/continuous_targets.rst",
            category="Discussion",
        ),
        record="results/theory/continuous_targets/continuous_targets.json",
    log:
        "results/logs/fit_continuous_targets/continuous_targets.log",
    benchmark:
        "results/benchmarks/fit_continuous_targets/continuous_targets.tsv"
    resources:
        mem_mb=memory("fit_continuous_targets"),
        runtime=runtime("fit_continuous_targets"),
        disk_mb=disk("fit_continuous_targets"),
    params:
        code=fingerprint("theory/fit_continuous_targets.py"),
        flags=flags(THEORY["continuous_targets"]),
    shell:
        r"""
        python "$SCRIPTS/theory/fit_continuous_targets.py" {params.flags:q} --output {output.table:q} \
            --output-figure {output.figure:q} --output-record {output.record:q} 2>&1 | tee {log:q}
        """


rule find_sparse_codes:
    output:
        table="results/theory/sparse_codes/sparse_codes.tsv",
        figure=report(
            "results/theory/sparse_codes/sparse_codes.svg",
            caption="../../report/sparse_codes.rst",
            category="Discussion",
        ),
        record="results/theory/sparse_codes/sparse_codes.json",
    log:
        "results/logs/find_sparse_codes/sparse_codes.log",
    benchmark:
        "results/benchmarks/find_sparse_codes/sparse_codes.tsv"
    resources:
        mem_mb=memory("find_sparse_codes"),
        runtime=runtime("find_sparse_codes"),
        disk_mb=disk("find_sparse_codes"),
    params:
        code=fingerprint("theory/find_sparse_codes.py"),
        flags=flags(THEORY["sparse_codes"]),
    shell:
        r"""
        python "$SCRIPTS/theory/find_sparse_codes.py" {params.flags:q} --output {output.table:q} \
            --output-figure {output.figure:q} --output-record {output.record:q} 2>&1 | tee {log:q}
        """


rule compare_encoders:
    output:
        table="results/theory/encoders/encoders.tsv",
        figure=report(
            "results/theory/encoders/encoders.svg", caption="../../report/encoders.rst", category="Discussion"
        ),
        record="results/theory/encoders/encoders.json",
    log:
        "results/logs/compare_encoders/encoders.log",
    benchmark:
        "results/benchmarks/compare_encoders/encoders.tsv"
    resources:
        mem_mb=memory("compare_encoders"),
        runtime=runtime("compare_encoders"),
        disk_mb=disk("compare_encoders"),
    params:
        code=fingerprint("theory/compare_encoders.py"),
        flags=small_recipe(THEORY["encoders"]["autoencoder"]) + flags({**THEORY["encoders"], "autoencoder": None}),
    shell:
        r"""
        python "$SCRIPTS/theory/compare_encoders.py" {params.flags:q} --output {output.table:q} \
            --output-figure {output.figure:q} --output-record {output.record:q} 2>&1 | tee {log:q}
        """

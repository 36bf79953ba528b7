"""What single neurons and layers of neurons stand for: experiments of `theory` on small computations of their own.

in:  the config alone
out: results/theory/{one_neuron,spread_features,nonhomogeneity}/
"""


rule train_one_neuron:
    output:
        table="results/theory/one_neuron/one_neuron.tsv",
        figure=report(
            "results/theory/one_neuron/one_neuron.svg", caption="../../report/one_neuron.rst", category="Discussion"
        ),
        record="results/theory/one_neuron/one_neuron.json",
    log:
        "results/logs/train_one_neuron/one_neuron.log",
    benchmark:
        "results/benchmarks/train_one_neuron/one_neuron.tsv"
    resources:
        mem_mb=memory("train_one_neuron"),
        runtime=runtime("train_one_neuron"),
        disk_mb=disk("train_one_neuron"),
    params:
        code=fingerprint("theory/train_one_neuron.py"),
        flags=flags(THEORY["one_neuron"]),
    shell:
        r"""
        python "$SCRIPTS/theory/train_one_neuron.py" {params.flags:q} --output {output.table:q} \
            --output-figure {output.figure:q} --output-record {output.record:q} 2>&1 | tee {log:q}
        """


rule spread_features:
    output:
        table="results/theory/spread_features/spread_features.tsv",
        figure=report(
            "results/theory/spread_features/spread_features.svg",
            caption="../../report/spread_features.rst",
            category="Discussion",
        ),
        record="results/theory/spread_features/spread_features.json",
    log:
        "results/logs/spread_features/spread_features.log",
    benchmark:
        "results/benchmarks/spread_features/spread_features.tsv"
    resources:
        mem_mb=memory("spread_features"),
        runtime=runtime("spread_features"),
        disk_mb=disk("spread_features"),
    params:
        code=fingerprint("theory/spread_features.py"),
        flags=flags(THEORY["spread_features"]),
    shell:
        r"""
        python "$SCRIPTS/theory/spread_features.py" {params.flags:q} --output {output.table:q} \
            --output-figure {output.figure:q} --output-record {output.record:q} 2>&1 | tee {log:q}
        """


rule measure_nonhomogeneity:
    output:
        table="results/theory/nonhomogeneity/nonhomogeneity.tsv",
        figure=report(
            "results/theory/nonhomogeneity/nonhomogeneity.svg",
            caption="../../report/nonhomogeneity.rst",
            category="Discussion",
        ),
        record="results/theory/nonhomogeneity/nonhomogeneity.json",
    log:
        "results/logs/measure_nonhomogeneity/nonhomogeneity.log",
    benchmark:
        "results/benchmarks/measure_nonhomogeneity/nonhomogeneity.tsv"
    resources:
        mem_mb=memory("measure_nonhomogeneity"),
        runtime=runtime("measure_nonhomogeneity"),
        disk_mb=disk("measure_nonhomogeneity"),
    params:
        code=fingerprint("theory/measure_nonhomogeneity.py"),
        flags=flags(THEORY["nonhomogeneity"]),
    shell:
        r"""
        python "$SCRIPTS/theory/measure_nonhomogeneity.py" {params.flags:q} --output {output.table:q} \
            --output-figure {output.figure:q} --output-record {output.record:q} 2>&1 | tee {log:q}
        """

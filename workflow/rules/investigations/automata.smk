"""Finite state automata: features whose promoted tokens make other features fire.

in:  results/{model}/{site}/ of the headline dictionary, results/tokens/
out: results/investigations/automata/, results/figures/
"""

AUTOMATA = "results/investigations/automata"


rule find_automata:
    input:
        codes=f"{HEADLINE}/codes.safetensors",
        codes_record=f"{HEADLINE}/codes.json",
        logits=f"{HEADLINE}/logits.safetensors",
        tokens="results/tokens/val.zarr",
        tokens_record="results/tokens/val.json",
        tokenizer="results/tokens/tokenizer.json",
    output:
        edges=f"{AUTOMATA}/edges.parquet",
        automata=f"{AUTOMATA}/automata.parquet",
        states=f"{AUTOMATA}/states.parquet",
        record=f"{AUTOMATA}/automata.json",
    log:
        "results/logs/find_automata/automata.log",
    benchmark:
        "results/benchmarks/find_automata/automata.tsv"
    resources:
        mem_mb=memory("find_automata"),
        runtime=runtime("find_automata"),
        disk_mb=disk("find_automata"),
    params:
        code=fingerprint("find_automata.py"),
        flags=flags(config["investigations"]["automata"]) + flags(config["investigations"], "seed"),
    shell:
        r"""
        python "$SCRIPTS/find_automata.py" --codes {input.codes:q} --codes-record {input.codes_record:q} \
            --logits {input.logits:q} --tokens {input.tokens:q} --tokenizer {input.tokenizer:q} {params.flags:q} \
            --output-edges {output.edges:q} --output-automata {output.automata:q} --output-states {output.states:q} \
            --output-record {output.record:q} 2>&1 | tee {log:q}
        """


rule plot_automata:
    input:
        record=f"{AUTOMATA}/automata.json",
        automata=f"{AUTOMATA}/automata.parquet",
        states=f"{AUTOMATA}/states.parquet",
    output:
        figure=report("results/figures/automata.svg", caption="../../report/automata.rst", category="Automata"),
        data="results/figures/automata.tsv",
    log:
        "results/logs/plot_automata/automata.log",
    benchmark:
        "results/benchmarks/plot_automata/automata.tsv"
    resources:
        mem_mb=memory("plot_automata"),
        runtime=runtime("plot_automata"),
        disk_mb=disk("plot_automata"),
    params:
        code=fingerprint("plot/automata.py"),
    shell:
        r"""
        python "$SCRIPTS/plot/automata.py" --record {input.record:q} --automata {input.automata:q} \
            --states {input.states:q} --output {output.figure:q} --output-data {output.data:q} 2>&1 | tee {log:q}
        """

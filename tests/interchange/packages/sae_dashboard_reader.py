"""What SAEDashboard makes of the codes and directions that an export to Neuronpedia is of, in its fields' names.

For each folder, `given.npz` holds codes [T, F], logit weights [F, V] and the decoder [F, N]; left is `remade.json`.
"""

import gzip
import json

import numpy as np
import torch
from files import folders
from sae_dashboard.components import ActsHistogramData, LogitsHistogramData
from sae_dashboard.data_parsing_fns import add_neuron_alignment_data, get_logits_table_data
from sae_dashboard.neuronpedia.neuronpedia_dashboard import NeuronpediaDashboardActivation, NeuronpediaDashboardFeature

OWN = {"bin_min": "binMin", "bin_max": "binMax", "bin_contains": "binContains", "tokens": "tokens", "values": "values"}
OWN["qualifying_token_index"] = "qualifyingTokenIndex"

for folder in folders():
    given = {name: torch.from_numpy(array) for name, array in np.load(folder / "given.npz").items()}
    aligned = {}
    add_neuron_alignment_data(given["decoder"], aligned, n_rows=3)
    remade = []
    for feature, (codes, logits) in enumerate(zip(given["codes"].T, given["logits"], strict=True)):
        freq = ActsHistogramData.from_data(codes[codes > 0], 50, "5 ticks", None)
        spread = LogitsHistogramData.from_data(logits, 50, "5 ticks", None)
        table = get_logits_table_data(logits, n_rows=10)
        fields = {name: values[feature] for name, values in aligned.items()}
        fields |= {"freq_hist_data_bar_heights": freq.bar_heights, "freq_hist_data_bar_values": freq.bar_values}
        fields |= {"logits_hist_data_bar_heights": spread.bar_heights, "logits_hist_data_bar_values": spread.bar_values}
        fields |= {"pos_values": table.top_logits, "neg_values": table.bottom_logits}
        NeuronpediaDashboardFeature(feature_index=feature, **fields)  # takes them all by these names
        remade.append(fields)
    files = folder.glob("out/*/activations/*.gz")
    for row in (json.loads(line) for path in files for line in gzip.decompress(path.read_bytes()).splitlines()):
        NeuronpediaDashboardActivation(**{theirs: row[ours] for theirs, ours in OWN.items()})
    (folder / "remade.json").write_text(json.dumps(remade))

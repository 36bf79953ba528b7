"""Models of transformers with weights at random, saved by it, with the logits it gives."""

import torch
from files import folders, read, write
from transformers import GPT2Config, GPT2LMHeadModel

SIZE = {"n_layer": 2, "n_embd": 16, "n_head": 4, "n_positions": 24}
KINDS = {
    "gpt2": {},
    "relu-untied": {"activation_function": "relu", "tie_word_embeddings": False, "n_inner": 40},
    "gelu": {"activation_function": "gelu"},
}

for folder in folders():
    torch.manual_seed(0)
    tokens = read(folder, "tokens")
    model = GPT2LMHeadModel(GPT2Config(vocab_size=int(tokens.max()) + 1, **SIZE, **KINDS[folder.name])).eval()
    for parameter in model.parameters():
        parameter.copy_(torch.randn(parameter.shape) * 0.3)
    model.save_pretrained(folder)
    write(folder, logits=model.double()(tokens).logits)

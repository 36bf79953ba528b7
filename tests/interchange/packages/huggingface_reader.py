"""Logits by transformers, of tokens and of what its tokenizer makes of a text."""

from files import folders, read, write
from transformers import AutoModelForCausalLM, AutoTokenizer

for folder in folders():
    model = AutoModelForCausalLM.from_pretrained(folder).double().eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    ids = tokenizer((folder.parent / "text.txt").read_text(), add_special_tokens=False, return_tensors="pt").input_ids
    logits = model(read(folder, "tokens")).logits
    write(folder, logits=logits, ids=ids[0], bos=ids.new_tensor(tokenizer.bos_token_id))

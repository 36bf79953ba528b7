"""What a tokenizer's file holds beside its words: switched off, passed by, or kept, and never silently followed."""

import json

import pytest
from made_tokenizers import ACCEPTED, TEXTS, saved
from small_run import flags, pack_flags, write_lines
from tokenizers import AddedToken, Tokenizer, processors

import pack_tokens
import train_tokenizer
from monosem.interchange.tokenizer_files import check_same_tokenizer
from monosem.text.tokenizer import encode_texts, load_bytes, load_tokenizer
from monosem.text.tokens import read_contexts, read_record

PADDED = {"strategy": {"Fixed": 512}, "direction": "Right", "pad_to_multiple_of": None, "pad_id": 0}
PADDED |= {"pad_type_id": 0, "pad_token": "<|bos|>"}
SHORTENED = {"direction": "Right", "max_length": 4, "strategy": "LongestFirst", "stride": 0}


@pytest.mark.parametrize("state", ["truncation", "padding", "dropout", "both"])
def test_what_was_left_switched_on_changes_no_token(corpus, tmp_path, state):
    clean, whole = Tokenizer.from_file(str(corpus.tokenizer)), json.loads(corpus.tokenizer.read_text())
    changed = {
        "truncation": {"truncation": SHORTENED},
        "padding": {"padding": PADDED},
        "dropout": {"model": {**whole["model"], "dropout": 0.9}},
        "both": {"truncation": SHORTENED, "padding": PADDED},
    }[state]
    path = saved(clean, tmp_path, **changed)
    tokenizer, bos = load_tokenizer(path)
    expected = [encoding.ids for encoding in clean.encode_batch(list(TEXTS), add_special_tokens=False)]
    assert encode_texts(tokenizer, bos, list(TEXTS)) == expected
    made = {"output": tmp_path / "t", "output_record": tmp_path / "t.json"}
    train_tokenizer.main(flags(documents=corpus.path, vocab_size=9, train_mb=1, tokenizer=path, **made))
    kept = json.loads((tmp_path / "t").read_text())
    assert (kept["truncation"], kept["padding"], kept["model"].get("dropout")) == (None, None, None)
    for name, of in (("clean", corpus.tokenizer), ("changed", path)):
        pack_tokens.main(pack_flags(corpus, tmp_path / name, "train", tokenizer=of))
    assert (
        read_record(tmp_path / "clean/train.zarr")["digest"] == read_record(tmp_path / "changed/train.zarr")["digest"]
    )


@pytest.mark.parametrize(
    "processor",
    [
        processors.TemplateProcessing("<|bos|> $A <|bos|>", None, [("<|bos|>", 0)]),
        processors.BertProcessing(("<|bos|>", 0), ("<|bos|>", 0)),
        processors.RobertaProcessing(("<|bos|>", 0), ("<|bos|>", 0)),
        processors.Sequence(
            [processors.ByteLevel(), processors.TemplateProcessing("<|bos|> $A", None, [("<|bos|>", 0)])]
        ),
    ],
    ids=lambda processor: type(processor).__name__,
)
def test_processors_add_no_token(corpus, tmp_path, processor):
    clean = Tokenizer.from_file(str(corpus.tokenizer))
    expected = [encoding.ids for encoding in clean.encode_batch(list(TEXTS), add_special_tokens=False)]
    clean.post_processor = processor
    tokenizer, bos = load_tokenizer(saved(clean, tmp_path))
    assert encode_texts(tokenizer, bos, list(TEXTS)) == expected


@pytest.mark.parametrize("name", ["Metaspace, Unigram", "none, WordLevel", "WordPiece", "ByteLevel"])
def test_text_that_spells_the_mark_of_documents_is_text(name, tmp_path):
    """Also where it was added as an ordinary token, or the model finds it among its words."""
    made = ACCEPTED[name]()
    whole = json.loads(made.to_str())
    added = [{**token, "special": False} for token in whole["added_tokens"]]
    tokenizer, bos = load_tokenizer(saved(made, tmp_path, added_tokens=added))
    for ids in encode_texts(tokenizer, bos, ["a <s> b", "<s>", "x<s><s>", "<s"]):
        assert ids and bos not in ids


def test_ids_that_were_left_out_are_kept_and_need_a_wider_type(corpus, tmp_path):
    """A tokenizer of 281 tokens whose last id is 70,000."""
    whole = json.loads(corpus.tokenizer.read_text())
    last = max(whole["model"]["vocab"], key=whole["model"]["vocab"].get)
    vocab = {**whole["model"]["vocab"], last: 70_000}
    path = saved(Tokenizer.from_file(str(corpus.tokenizer)), tmp_path, model={**whole["model"], "vocab": vocab})
    pieces = load_bytes(path)
    assert len(pieces) == 70_001 and pieces[60_000] == b"" and pieces[-1]
    text = pieces[-1].decode() * 500
    write_lines(tmp_path / "d", [{"text": text, "category": "c", "source": "s", "document": 1, "split": "val"}])
    pack_tokens.main(pack_flags(corpus, tmp_path, "val", tokenizer=path, documents=tmp_path / "d", n_tokens=240))
    assert read_record(tmp_path / "val.zarr")["vocab_size"] == 70_001
    assert (read_contexts(tmp_path / "val.zarr") == 70_000).mean() > 0.5


def test_tokenizers_are_compared_by_ids_on_text(corpus, tmp_path):
    mine = Tokenizer.from_file(str(corpus.tokenizer))
    whole = json.loads(corpus.tokenizer.read_text())
    added = [{**token, "normalized": not token["normalized"]} for token in whole["added_tokens"]]
    saved(mine, tmp_path, added_tokens=added, truncation=SHORTENED)
    check_same_tokenizer(tmp_path, corpus.tokenizer)
    mine.add_tokens([AddedToken("cat")])
    saved(mine, tmp_path)
    with pytest.raises(ValueError, match="another tokenizer than this run's"):
        check_same_tokenizer(tmp_path, corpus.tokenizer)
    vocab = {**whole["model"]["vocab"]}
    vocab["a"], vocab["b"] = vocab["b"], vocab["a"]
    saved(Tokenizer.from_file(str(corpus.tokenizer)), tmp_path, model={**whole["model"], "vocab": vocab})
    with pytest.raises(ValueError, match="another tokenizer than this run's"):
        check_same_tokenizer(tmp_path, corpus.tokenizer)

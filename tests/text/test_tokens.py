"""Text to token ids and contexts: nothing lost, nothing out of order, BOS where it belongs."""

import json
import shutil
from itertools import pairwise

import numpy as np
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from small_run import pack_flags, write_documents, write_lines

import pack_tokens
from monosem.ground.arrays import MappedRows
from monosem.text import packing
from monosem.text.packing import Packer, encode_documents
from monosem.text.tokenizer import BOS, load_tokenizer, load_vocabulary, train_bpe
from monosem.text.tokens import ARRAYS, counted, map_contexts, read_contexts, read_record


@settings(max_examples=100)
@given(st.text())
def test_any_text_comes_back(corpus, text):
    tokenizer, bos = load_tokenizer(corpus.tokenizer)
    ids = tokenizer.encode(text, add_special_tokens=False).ids
    assert tokenizer.decode(ids, skip_special_tokens=False) == text and bos not in ids


@pytest.mark.parametrize("text", [BOS, f"a{BOS}b", f"{BOS}{BOS}"])
def test_text_that_spells_bos_is_text(corpus, text):
    tokenizer, bos = load_tokenizer(corpus.tokenizer)
    (_, _, ids), *_ = encode_documents(tokenizer, bos, [(0, "c", text)])
    assert bos == 0 and bos not in ids and tokenizer.decode(ids) == text


def test_the_vocabulary_is_of_the_size_asked_and_bos_is_0():
    tokenizer = train_bpe(["many different words to merge, again and again and again"] * 9, 270)
    assert tokenizer.get_vocab_size() == 270 and tokenizer.token_to_id(BOS) == 0
    assert train_bpe([""], 300).get_vocab_size() == 257


@settings(max_examples=30)
@given(st.lists(st.text(max_size=30), max_size=12), st.integers(1, 5))
def test_documents_are_encoded_in_order_whatever_the_batch(corpus, texts, batch):
    tokenizer, _ = load_tokenizer(corpus.tokenizer)
    documents = [(i, f"c{i}", text) for i, text in enumerate(texts)]
    found = list(encode_documents(tokenizer, 0, documents, batch))
    assert found == [(i, f"c{i}", tokenizer.encode(text, add_special_tokens=False).ids) for i, text in enumerate(texts)]


@settings(max_examples=60)
@given(st.lists(st.lists(st.integers(1, 9), max_size=12), max_size=12), st.integers(2, 6), st.sets(st.integers(0, 11)))
def test_packing_keeps_the_stream(documents, length, take_after):
    packer, packed, stream = Packer(length, 0), [], []
    for number, ids in enumerate(documents):
        packer.add(ids, category=number % 3, document=number)
        stream += [(token, number % 3, number) for token in [0, *ids]]
        if number in take_after:
            packed.append(packer.take())
    packed.append(packer.take())
    columns = {name: np.concatenate([part[name] for part in packed]) for name in ARRAYS}
    assert (columns["tokens"][:, 0] == 0).all()
    body = list(zip(*(columns[name][:, 1:].ravel().tolist() for name in ARRAYS), strict=True))
    whole = len(stream) // (length - 1) * (length - 1)
    assert body == stream[:whole] and packer.n_pending == len(stream) - whole < length - 1
    for name in ("category", "document"):
        assert (columns[name][:, 0] == columns[name][:, 1]).all()


def test_counted_is_all_but_bos():
    tokens_SL = np.array([[7, 1, 7, 2], [7, 7, 3, 0]])
    assert counted(tokens_SL, 7).tolist() == [[False, True, False, True], [False, False, True, True]]


def documents_of(store, corpus, tokenizer):
    """Documents found whole in contexts in a row: {line: (text, category)} from BOS to BOS."""
    tokens_SL, category_SL, document_SL = (read_contexts(store, array=name) for name in ARRAYS)
    categories = read_record(store)["categories"]
    for token_L, category_L, document_L in zip(tokens_SL, category_SL, document_SL, strict=True):
        starts = [i for i in range(1, len(token_L)) if token_L[i] == 0]
        for first, end in pairwise(starts):
            text = tokenizer.decode(token_L[first + 1 : end].tolist())
            assert len(set(document_L[first:end])) == len(set(category_L[first:end])) == 1
            yield int(document_L[first]), text, categories[category_L[first]]


def test_stored_tokens_are_the_documents_of_their_split(corpus, tmp_path):
    pack_tokens.main(pack_flags(corpus, tmp_path, "val", n_tokens=1200, context_length=400))
    tokenizer, _ = load_tokenizer(corpus.tokenizer)
    found = list(documents_of(tmp_path / "val.zarr", corpus, tokenizer))
    assert len(found) > 3
    for line, text, category in found:
        expected = corpus.lines[line]
        assert (text, category, "val") == (expected["text"], expected["category"], expected["split"])


def test_contexts_are_the_packed_ones_in_another_order(corpus, tmp_path, monkeypatch):
    rows = {}
    for seed, block in ((1, packing.BLOCK), (2, packing.BLOCK), (1, 16)):
        monkeypatch.setattr(pack_tokens, "BLOCK", block)
        pack_tokens.main(pack_flags(corpus, tmp_path, "train", seed=seed))
        columns = [read_contexts(tmp_path / "train.zarr", array=name).astype(int) for name in ARRAYS]
        rows[seed, block] = [tuple(row) for row in np.concatenate(columns, axis=1).tolist()]
    first, *others = rows.values()
    assert all(sorted(other) == sorted(first) and other != first for other in others)


def test_more_categories_than_a_byte_holds_do_not_wrap_around(tmp_path, corpus):
    path = tmp_path / "documents.jsonl.zst"
    write_lines(
        path, [{"text": "x", "category": f"kind{i}", "source": "s", "document": i, "split": "val"} for i in range(300)]
    )
    try:
        pack_tokens.main(pack_flags(corpus, tmp_path, "val", documents=path, n_tokens=600))
    except ValueError as error:
        assert "categories" in str(error)
        return
    category_SL, document_SL = (read_contexts(tmp_path / "val.zarr", array=name) for name in ("category", "document"))
    assert np.array_equal(category_SL.astype(int), document_SL)


def test_the_record_and_a_store_that_differs_from_it(tokens, tmp_path):
    record = read_record(tokens / "train.zarr")
    assert record["n_tokens"] == record["n_contexts"] * record["context_length"] == 1200 and record["bos"] == 0
    shutil.copytree(tokens / "train.zarr", tmp_path / "train.zarr")
    (tmp_path / "train.json").write_text(json.dumps({**record, "n_contexts": 99}))
    with pytest.raises(ValueError, match=r"train\.zarr/tokens: shape \(100, 12\) differs from its record"):
        read_contexts(tmp_path / "train.zarr")
    with pytest.raises(ValueError, match=r"train\.zarr: 100 contexts stored, 101 asked"):
        read_contexts(tokens / "train.zarr", 101)
    assert np.array_equal(read_contexts(tokens / "train.zarr", 7), read_contexts(tokens / "train.zarr")[:7])


def test_a_lost_store_is_named(tokens, tmp_path):
    shutil.copy(tokens / "train.json", tmp_path / "train.json")
    with pytest.raises((ValueError, FileNotFoundError), match=r"train\.zarr"):
        read_contexts(tmp_path / "train.zarr")


def test_one_category_alone_is_a_whole_store(corpus, tmp_path):
    write_documents(tmp_path / "d.zst", n=3)
    pack_tokens.main(pack_flags(corpus, tmp_path, "val", documents=tmp_path / "d.zst", n_tokens=24))
    assert (read_contexts(tmp_path / "val.zarr", array="category") == 0).all()
    assert zarr.open_group(tmp_path / "val.zarr", mode="r")["tokens"].dtype == np.uint16


def test_the_vocabulary_shows_characters_and_lone_bytes(corpus):
    tokenizer, _ = load_tokenizer(corpus.tokenizer)
    shown = load_vocabulary(corpus.tokenizer)
    assert len(shown) == tokenizer.get_vocab_size() and shown[0] == BOS
    assert {"a", " ", "\n", "\\xd8", "\\xe2", "\\xff"} <= set(shown)
    for text in ("the cat", "قطة 猫 café"):
        ids = tokenizer.encode(text, add_special_tokens=False).ids
        pieces = [
            shown[i].encode().decode("unicode_escape").encode("latin-1") if "\\x" in shown[i] else shown[i].encode()
            for i in ids
        ]
        assert b"".join(pieces).decode() == text


def test_the_vocabulary_of_a_tokenizer_with_added_tokens(tmp_path):
    """As GPT-NeoX's, whose runs of spaces are added tokens outside the byte alphabet."""
    tokenizer = train_bpe(["some words"], 260)
    tokenizer.add_tokens(["    ", "▁end▁"])
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    assert load_vocabulary(tmp_path / "tokenizer.json")[-2:] == ["    ", "▁end▁"]


@pytest.mark.parametrize("text", ["", "not json", "{}", '{"version": "1.0"}', "[1]"])
def test_a_bad_tokenizer_file_is_named(tmp_path, text):
    (tmp_path / "t.json").write_text(text)
    with pytest.raises(ValueError, match=r"tokenizer .*t\.json: not a tokenizer\.json"):
        load_tokenizer(tmp_path / "t.json")


def test_a_tokenizer_without_bos_is_named(tmp_path):
    tokenizer = train_bpe(["a"], 257)
    (tmp_path / "t.json").write_text(tokenizer.to_str().replace(BOS, "<|other|>"))
    with pytest.raises(ValueError, match=r"t\.json: has none of"):
        load_tokenizer(tmp_path / "t.json")


def test_mapped_contexts_are_the_stored_ones(corpus, tmp_path, monkeypatch):
    monkeypatch.setattr(packing, "CHUNK", 16)
    pack_tokens.main(pack_flags(corpus, tmp_path, "train"))
    read_SL, mapped_SL = read_contexts(tmp_path / "train.zarr"), map_contexts(tmp_path / "train.zarr")
    assert mapped_SL.shape == read_SL.shape and len(mapped_SL) == 100
    for numbers_S in (np.arange(100), np.array([99, 0, 16, 15, 15]), np.array([], dtype=int)):
        assert np.array_equal(mapped_SL[numbers_S], read_SL[numbers_S])


def test_what_cannot_be_mapped_is_refused(tokens, tmp_path):
    with pytest.raises(ValueError, match=r"category: compressed, .*; delete the store and rerun pack_tokens"):
        MappedRows(tokens / "train.zarr/category", "pack_tokens")

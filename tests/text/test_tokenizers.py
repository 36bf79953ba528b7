"""Every part that the library has for tokenizers: text comes back from the bytes of tokens, or the part is named."""

import pytest
from made_tokenizers import ACCEPTED, REFUSED, TEXTS, saved
from tokenizers import decoders, models, normalizers, pre_tokenizers

from monosem.text.samples import SAMPLES, plain
from monosem.text.tokenizer import encode_texts, load_bytes, load_tokenizer, load_vocabulary


def test_every_part_that_the_library_has_is_tried():
    """A new one must be judged. `Precompiled` takes SentencePiece's own tables; processors add tokens, which no text
    of ours asks for."""
    tried = " ".join([*ACCEPTED, *REFUSED]) + " Sequence BertNormalizer BertPreTokenizer Whitespace"
    for module, other in (
        (decoders, {"Decoder", "DecodeStream"}),
        (normalizers, {"Normalizer", "NORMALIZERS", "Precompiled"}),
        (pre_tokenizers, {"PreTokenizer"}),
        (models, {"Model", "BPE", "Unigram", "WordLevel"}),
    ):
        parts = {name for name in vars(module) if name[0].isupper()} - other
        assert not [name for name in parts if name not in tried], module.__name__


@pytest.mark.parametrize("name", ACCEPTED)
def test_bytes_of_tokens_are_what_the_library_decodes(name, tmp_path):
    path = saved(ACCEPTED[name](), tmp_path)
    (tokenizer, bos), pieces = load_tokenizer(path), load_bytes(path)
    for text, ids in zip([*TEXTS, *SAMPLES], encode_texts(tokenizer, bos, [*TEXTS, *SAMPLES]), strict=True):
        spelt = b"".join(pieces[token] for token in ids).decode()
        assert spelt.strip() == tokenizer.decode(ids, skip_special_tokens=False).strip()
        if tokenizer.token_to_id("<unk>") not in ids:
            assert plain(spelt) == plain(text)


@pytest.mark.parametrize("name", REFUSED)
def test_a_part_that_loses_text_is_named(name, tmp_path):
    with pytest.raises(ValueError, match=rf"tokenizer .*tokenizer\.json: {name}"):
        load_tokenizer(saved(REFUSED[name](), tmp_path))


@pytest.mark.parametrize(
    ("name", "word"), [("Metaspace", " All"), ("WordPiece", " all"), ("ByteFallback Fuse Replace Strip", "e ")]
)
def test_words_are_found_by_their_text(name, word, tmp_path):
    assert word in load_vocabulary(saved(ACCEPTED[name](), tmp_path))


def test_lone_bytes_of_sentencepiece_are_bytes(tmp_path):
    pieces = load_bytes(saved(ACCEPTED["ByteFallback Fuse Replace Strip"](), tmp_path))
    assert pieces[2:258] == [bytes([byte]) for byte in range(256)]

# ruff: noqa: RUF001
"""Tokenizers of every kind that the library has, learnt from a few lines in ten scripts."""

import json

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from monosem.text.samples import SAMPLES

TEXTS = (  # of other words than the samples, in ten scripts
    "All human beings are born free; it's 1948.",
    "Όλοι οι άνθρωποι γεννιούνται ελεύθεροι.",
    "Все люди рождаются свободными.",
    "يولد جميع الناس أحرارا.",
    "כל בני האדם נולדו בני חורין.",
    "सभी मनुष्यों को गौरव और अधिकार।",
    "มนุษย์ทั้งหลายเกิดมามีอิสระ",
    "人人生而自由。",
    "すべての人間は生まれながら。",
    "모든 인간은 태어날 때부터.",
)
TRAINERS = {
    "BPE": trainers.BpeTrainer,
    "Unigram": trainers.UnigramTrainer,
    "WordLevel": trainers.WordLevelTrainer,
    "WordPiece": trainers.WordPieceTrainer,
}
UNKNOWN = {"unk_token": "<unk>"}
LEVEL, SPACES = pre_tokenizers.ByteLevel(add_prefix_space=False), pre_tokenizers.Whitespace()
LLAMA_STEPS = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
UNDERSCORED = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])


def trained(model="BPE", pre=None, normalizer=None, decoder=None, vocab_size=700, more=None, **options):
    tokenizer = Tokenizer(getattr(models, model)(**({} if model == "Unigram" else UNKNOWN), **options))
    for name, part in {"pre_tokenizer": pre, "normalizer": normalizer, "decoder": decoder}.items():
        if part is not None:
            setattr(tokenizer, name, part)
    special = {"special_tokens": ["<s>", "<unk>"], "show_progress": False, "vocab_size": vocab_size, **(more or {})}
    trainer = TRAINERS[model](**special, **(UNKNOWN if model == "Unigram" else {}))
    tokenizer.train_from_iterator([*SAMPLES, *TEXTS] * 4, trainer)
    return tokenizer


def with_bytes(tokenizer):
    """As Llama's: bytes, ASCII and its merges, so that most scripts are spelt in bytes."""
    whole = json.loads(tokenizer.to_str())
    known = sorted(whole["model"]["vocab"], key=whole["model"]["vocab"].get)[2:]
    names = [
        "<s>",
        "<unk>",
        *(f"<0x{byte:02X}>" for byte in range(256)),
        *(n for n in known if n.replace("▁", "").isascii()),
    ]
    whole["model"]["vocab"] = {name: number for number, name in enumerate(names)}
    held = set(names)
    whole["model"]["merges"] = [pair for pair in whole["model"]["merges"] if held >= {*pair, "".join(pair)}]
    return Tokenizer.from_str(json.dumps(whole))


def saved(tokenizer, folder, **changed):
    whole = json.loads(tokenizer.to_str())
    path = folder / "tokenizer.json"
    path.write_text(json.dumps({**whole, **changed}))
    return path


ACCEPTED = {
    "ByteLevel": lambda: trained(pre=LEVEL, decoder=decoders.ByteLevel(), vocab_size=400),
    "ByteLevel, normalizer": lambda: trained(normalizer=normalizers.ByteLevel(), decoder=decoders.ByteLevel()),
    "Metaspace": lambda: trained(pre=pre_tokenizers.Metaspace(), decoder=decoders.Metaspace()),
    "Metaspace, Unigram": lambda: trained("Unigram", pre_tokenizers.Metaspace(), None, decoders.Metaspace()),
    "ByteFallback Fuse Replace Strip": lambda: with_bytes(
        trained(
            "BPE", None, UNDERSCORED, decoders.Sequence(LLAMA_STEPS), byte_fallback=True, fuse_unk=True, vocab_size=500
        )
    ),
    "WordPiece": lambda: trained(
        "WordPiece", pre_tokenizers.BertPreTokenizer(), normalizers.BertNormalizer(), decoders.WordPiece()
    ),
    "WordPiece, cased": lambda: trained("WordPiece", SPACES, None, decoders.WordPiece(cleanup=False)),
    "BPEDecoder": lambda: trained(
        "BPE", SPACES, None, decoders.BPEDecoder("</w>"), more={"end_of_word_suffix": "</w>"}, end_of_word_suffix="</w>"
    ),
    "none, WordLevel": lambda: trained("WordLevel", SPACES, vocab_size=60),
    "Fuse, Digits": lambda: trained(pre=pre_tokenizers.Digits(), decoder=decoders.Fuse()),
    "CharDelimiterSplit": lambda: trained("WordLevel", pre_tokenizers.CharDelimiterSplit(" ")),
}
ACCEPTED |= {
    name: lambda step=step: trained(normalizer=step, decoder=decoders.Fuse())
    for name, step in {
        "Lowercase": normalizers.Lowercase(),
        "NFC": normalizers.NFC(),
        "NFD": normalizers.NFD(),
        "NFKC": normalizers.NFKC(),
        "NFKD": normalizers.NFKD(),
        "Nmt": normalizers.Nmt(),
        "Strip, normalizer": normalizers.Strip(),
        "StripAccents": normalizers.Sequence([normalizers.NFD(), normalizers.StripAccents()]),
    }.items()
}
ACCEPTED |= {
    name: lambda step=step: trained(pre=step, decoder=decoders.Fuse())
    for name, step in {
        "FixedLength": pre_tokenizers.FixedLength(3),
        "Punctuation": pre_tokenizers.Punctuation(),
        "Split": pre_tokenizers.Split(Regex(r"\s"), "isolated"),
        "UnicodeScripts": pre_tokenizers.UnicodeScripts(),
        "WhitespaceSplit, Punctuation": pre_tokenizers.Sequence(
            [pre_tokenizers.Digits(), pre_tokenizers.Punctuation()]
        ),
    }.items()
}
REFUSED = {
    "decoder CTC": lambda: trained(pre=SPACES, decoder=decoders.CTC("<s>", "|")),
    "decoder Strip": lambda: trained(decoder=decoders.Strip(" ", 1, 1)),
    "decoder Replace ": lambda: trained(decoder=decoders.Replace("e", "3")),
    "decoder Replace after Fuse": lambda: trained(
        decoder=decoders.Sequence([decoders.Fuse(), decoders.Replace("th", "")])
    ),
    "decoder none leaves ##": lambda: trained("WordPiece", SPACES),
    "decoder none makes": lambda: trained(pre=LEVEL),
    "decoder Fuse leaves </w>": lambda: trained(
        "BPE", SPACES, None, decoders.Fuse(), more={"end_of_word_suffix": "</w>"}, end_of_word_suffix="</w>"
    ),
    "decoder Fuse makes .The3cats": lambda: trained(pre=pre_tokenizers.WhitespaceSplit(), decoder=decoders.Fuse()),
    "normalizer Prepend": lambda: trained(normalizer=normalizers.Prepend("x"), decoder=decoders.Fuse()),
    "normalizer Replace": lambda: trained(
        normalizer=normalizers.Replace(Regex("[^a-z ]"), ""), decoder=decoders.Fuse()
    ),
    "pre_tokenizer CharDelimiterSplit": lambda: trained(
        pre=pre_tokenizers.CharDelimiterSplit("e"), decoder=decoders.Fuse()
    ),
    "pre_tokenizer Punctuation": lambda: trained(pre=pre_tokenizers.Punctuation("removed"), decoder=decoders.Fuse()),
}

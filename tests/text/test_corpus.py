"""Documents: splitting, deduplication, order and the train/val split, whatever the source."""

import hashlib
import json
import math
import random
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from monosem.ground.checkpoints import Checkpoint
from monosem.text.corpus.buckets import buckets_of, check_splits, fill, merge
from monosem.text.corpus.documents import Document, parts, split_of
from monosem.text.corpus.streams import Repeatable, Stream

WORDS = ["feature", "neuron", "الكتاب", "ספר", "天地", "ACGT", "{x}\n", "\n\n", "naïve"]


def some_documents(n: int, *, seed: int = 0) -> list[Document]:
    rng = random.Random(seed)
    texts = (" ".join(rng.choices(WORDS, k=rng.randrange(5, 60))) + f" {number}" for number in range(n))
    return [Document(text, rng.choice(["a", "b"]), f"doc {number}", "test") for number, text in enumerate(texts)]


def read_rows(path: Path) -> list[dict]:
    with path.open("rb") as file:
        content = zstandard.ZstdDecompressor().stream_reader(file).read()
    return [json.loads(line) for line in content.splitlines()]


MOST = 24_000  # characters of a piece


def write(documents: list[Document], path: Path, val_fraction: float = 0.3) -> tuple[dict, list[dict]]:
    with Checkpoint(path, "key", every_s=math.inf) as checkpoint, buckets_of(path, checkpoint) as buckets:
        state = fill(buckets, Stream([Repeatable(documents)]), checkpoint, val_fraction=val_fraction, piece_chars=MOST)
        summary = merge(buckets, path, checkpoint, state)
        check_splits(summary, val_fraction)
    return summary, read_rows(path)


@given(st.integers(0, 3 * MOST), st.integers(0, 2**32), st.integers(1, 5_000))
def test_parts_fit_and_lose_only_newlines(length, seed, every):
    rng = random.Random(seed)
    separators = [rng.choice(["\n\n", "\n", " "]) for _ in range(length // every + 1)]
    text = "".join("x" * (every - 2) + separator for separator in separators)[:length]
    pieces = list(parts(text, MOST))
    assert all(len(piece) <= MOST for piece in pieces)
    assert "".join(pieces).replace("\n", "") == text.replace("\n", "")


def test_parts_end_at_a_paragraph_when_there_is_one():
    text = ("line one\nline two\n\n") * 5_000
    assert all(piece.endswith("line two") for piece in parts(text, MOST))


def test_order_of_the_sources_does_not_change_one_byte(tmp_path):
    documents = some_documents(200)
    first, _ = write(documents, tmp_path / "first.zst")
    second, _ = write(documents[::-1], tmp_path / "second.zst")
    assert first == second
    assert (tmp_path / "first.zst").read_bytes() == (tmp_path / "second.zst").read_bytes()


def test_summary_agrees_with_the_file(tmp_path):
    summary, rows = write(some_documents(200), tmp_path / "d.zst")
    lines = b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)
    assert summary["digest"] == hashlib.sha256(lines).hexdigest()
    assert summary["n_documents"] == len(rows) == 200
    assert summary["n_bytes"] == sum(len(row["text"].encode()) for row in rows)
    for field, groups in (("category", "categories"), ("split", "splits")):
        for name, count in summary[groups].items():
            texts = [row["text"] for row in rows if row[field] == name]
            assert count == {"documents": len(texts), "bytes": sum(len(text.encode()) for text in texts)}
    assert summary["sources"] == {"test": {"documents": 200, "bytes": summary["n_bytes"]}}


def test_equal_texts_are_kept_once_even_if_their_white_space_differs(tmp_path):
    documents = some_documents(100)
    spaced = [document._replace(text=document.text.replace(" ", " \n"), source="copy") for document in documents]
    summary, rows = write(documents + spaced + documents[:10], tmp_path / "d.zst")
    assert summary["dropped_duplicates"] == 110
    assert len({" ".join(row["text"].split()) for row in rows}) == len(rows) == 100


def test_no_val_text_is_a_train_text_though_long_documents_share_a_part(tmp_path):
    shared = "\n\n".join(f"verse {number} of the same chapter" for number in range(2_000))
    documents = [
        Document(f"{shared}\n\n{tail * 3_000}", "a", tail, "test") for tail in ("one ", "two ", "six ", "ten ")
    ]
    _, rows = write(documents + some_documents(50), tmp_path / "d.zst")
    by_split = {split: {row["text"] for row in rows if row["split"] == split} for split in ("train", "val")}
    assert not by_split["train"] & by_split["val"]
    assert sum(row["text"].startswith("verse 0 of") for row in rows) == 1


def test_all_parts_of_a_document_fall_on_the_same_side(tmp_path):
    long = [Document("".join(f"{seed} {n}\n" for n in range(20_000)), "a", f"{seed}", "test") for seed in range(12)]
    _, rows = write(long, tmp_path / "d.zst", val_fraction=0.5)
    sides = {document.source: {row["split"] for row in rows if row["source"] == document.source} for document in long}
    assert all(len(side) == 1 for side in sides.values())
    assert len(rows) > 2 * len(long)
    numbers = {
        document.source: {row["document"] for row in rows if row["source"] == document.source} for document in long
    }
    assert all(len(own) == 1 for own in numbers.values()) and len(set.union(*numbers.values())) == len(long)


def test_a_document_stays_on_its_side_whatever_else_is_there(tmp_path):
    documents = some_documents(300)
    _, few = write(documents[:100], tmp_path / "few.zst")
    _, many = write(documents, tmp_path / "many.zst")
    splits = {row["text"]: row["split"] for row in many}
    assert all(splits[row["text"]] == row["split"] for row in few)


def test_a_larger_val_fraction_only_adds_to_val():
    texts = [document.text for document in some_documents(2_000)]
    small, large = ({text for text in texts if split_of(text, share) == "val"} for share in (0.1, 0.4))
    assert small < large
    assert abs(len(small) / 2_000 - 0.1) < 0.03  # four standard deviations
    assert abs(len(large) / 2_000 - 0.4) < 0.05


def test_val_is_spread_over_the_file(tmp_path):
    _, rows = write(some_documents(2_000), tmp_path / "d.zst", val_fraction=0.5)
    first_half = sum(row["split"] == "val" for row in rows[:1_000])
    assert abs(first_half - 500) < 80  # five standard deviations


def test_an_empty_split_is_an_error(tmp_path):
    with pytest.raises(ValueError, match=r"val fraction 0.001: of 1 documents none fell into the val split; give more"):
        write([Document("one single document", "a", "s", "test")], tmp_path / "d.zst", val_fraction=0.001)


def test_white_space_and_lone_surrogates_are_no_trouble(tmp_path):
    documents = [Document("  \n ", "a", "blank", "test"), Document("half a pair: \ud83d", "a", "broken", "test")]
    _, rows = write(documents + some_documents(50), tmp_path / "d.zst")
    texts = {row["source"]: row["text"] for row in rows}
    assert texts["broken"] == "half a pair: ?"
    assert "blank" not in texts
    assert not list(tmp_path.glob(".*"))

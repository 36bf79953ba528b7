"""Sources read one after the other, from the middle on too, and what that leaves on disk."""

import json
import math
import sys
import types

import pytest

from monosem.ground.checkpoints import Checkpoint
from monosem.text.corpus.buckets import buckets_of, fill, merge
from monosem.text.corpus.documents import Document
from monosem.text.corpus.sources import Rows, local_documents
from monosem.text.corpus.streams import HuggingFace, Repeatable, Stream


class Library(list):
    """As a streaming dataset of the real library, of which `-m interop` asks the same."""

    first = 0

    def __iter__(self):
        for number in range(self.first, len(self)):
            self.first = number + 1
            yield self[number]

    def state_dict(self):
        return {"first": self.first}

    def load_state_dict(self, state):
        self.first = state["first"]


@pytest.fixture
def library(monkeypatch):
    """A library of datasets in which everything is there, and the list of what it was asked for."""
    calls, library = [], types.ModuleType("datasets")

    def load_dataset(*args, **options):
        calls.append((args, options))
        return Library([{"text": "one"}, {"text": "two", "meta": {"pile_set_name": "ArXiv"}}, {"text": "three"}])

    library.load_dataset = load_dataset
    monkeypatch.setitem(sys.modules, "datasets", library)
    return calls


def some(n, size=8):
    return [Document(f"{number} ".ljust(size, "x"), "a", str(number), "test") for number in range(n)]


def test_of_each_source_as_much_as_is_asked_with_the_document_that_completes_it():
    documents = [Document("\u00e9" * 500_000, "a", str(number), "test") for number in range(5)]
    for max_mb, n in {2: 2, 2.5: 3, None: 5}.items():
        assert list(Stream([Repeatable(documents), Repeatable(documents)], max_mb)) == 2 * documents[:n]


def test_no_more_is_read_than_is_asked():
    source = Repeatable(iter(documents := some(5)))
    assert len(list(Stream([source], max_mb=9e-6))) == 2
    assert next(iter(source)) == documents[2]


def test_hugging_face_streams_are_asked_for_by_name_config_and_split(library):
    documents = list(HuggingFace("hf:org/pile"))
    HuggingFace("hf:org/pile:small:test")
    assert [document.category for document in documents] == ["pile", "ArXiv", "pile"]
    assert documents[1].source == "hf:org/pile row 2"
    assert library == [
        (("org/pile", None), {"split": "train", "streaming": True}),
        (("org/pile", "small"), {"split": "test", "streaming": True}),
    ]


def test_hugging_face_troubles_are_explained(library, monkeypatch):
    def missing(*_, **__):
        raise FileNotFoundError("no dataset org/none")

    monkeypatch.setattr(sys.modules["datasets"], "load_dataset", missing)
    with pytest.raises(ValueError, match=r"hf:org/none: cannot be opened \(no dataset org/none\); check its name and"):
        HuggingFace("hf:org/none")
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(ValueError, match=r"hf:org/pile: needs the package `datasets`; pip install datasets"):
        HuggingFace("hf:org/pile")


@pytest.mark.parametrize("max_mb", [None, 9e-6])
def test_from_every_place_a_stream_goes_on_with_the_next_document(library, max_mb):
    def opened():
        return Stream([Repeatable(some(3)), HuggingFace("hf:org/pile"), Repeatable(some(4))], max_mb)

    whole, stream, places = list(opened()), opened(), []
    places.append(stream.place())
    for _ in stream:
        places.append(stream.place())
    places.append(stream.place())
    rest = []
    for place in places:
        stream = opened()
        stream.go_on(json.loads(json.dumps(place)))
        rest.append(list(stream))
    assert len(whole) == (10 if max_mb is None else 7)
    assert rest == [*(whole[first:] for first in range(len(whole) + 1)), []]


BAD = [{"text": None}, {"body": "x"}, {"text": 1.5}, {"text": float("nan")}]


@pytest.mark.faults
def test_bad_rows_are_left_out_and_counted_wherever_it_goes_on(library, tmp_path, monkeypatch, tried):
    good = [{"text": f"row {number}"} for number in range(4)]
    rows = [BAD[0], good[0], BAD[1], BAD[2], good[1], good[2], BAD[3], good[3], BAD[0]]
    monkeypatch.setattr(sys.modules["datasets"], "load_dataset", lambda *_, **__: Library(rows))
    file = tmp_path / "rows.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    policy = Rows(skip_bad=True)

    def opened():
        local = Repeatable(local_documents([file], "local", policy), "local")
        return Stream([local, HuggingFace("hf:org/pile", policy), Repeatable(some(2))])

    whole, places, texts = opened(), [], []
    for document in whole:
        texts.append(document.text)
        places.append(json.loads(json.dumps(whole.place())))
    assert texts == 2 * [row["text"] for row in good] + [document.text for document in some(2)]
    assert [source.skipped for source in whole.sources] == [5, 5, 0]
    for number, place in enumerate(places, start=1):
        again = opened()
        again.go_on(place)
        assert [document.text for document in again] == texts[number:]
        assert [source.skipped for source in again.sources] == [5, 5, 0]
    with pytest.raises(ValueError, match=r'hf:org/pile row 1: "text" is null, not text; set text_column .* on_bad_row'):
        list(HuggingFace("hf:org/pile"))
    tried(
        "rows without text (null, no such column, NaN, a number, broken JSON)",
        "`on_bad_row` decides: stops with file, row and a fix, or leaves them out and counts them by source",
    )


@pytest.mark.parametrize("column", ["body", "id"])
def test_a_source_of_bad_rows_only_is_an_error_also_where_they_are_skipped(tmp_path, column):
    file = tmp_path / "rows.jsonl"
    file.write_text(3 * '{"text": "a", "id": 3}\n')
    source = Repeatable(local_documents([file], "rows", Rows(column, skip_bad=True)), "rows")
    with pytest.raises(ValueError, match=r"source rows: all of its 3 rows are bad; set text_column to the column with"):
        list(Stream([source]))


class Stopped(Exception):
    pass


class StopsAfter(Repeatable):
    """Documents that fail after some, as a network does."""

    def __init__(self, documents, n):
        super().__init__(documents)
        self.n = n

    def __iter__(self):
        for document in super().__iter__():
            if self.n_read > self.n:
                raise Stopped
            yield document


def build(folder, documents, n_good=math.inf, every_s=0):
    path = folder / "documents.jsonl.zst"
    with Checkpoint(path, "key", every_s=every_s) as checkpoint, buckets_of(path, checkpoint) as buckets:
        state = fill(buckets, Stream([StopsAfter(documents, n_good)]), checkpoint, val_fraction=0.5, piece_chars=9000)
        merge(buckets, path, checkpoint, state)
    return path.read_bytes()


def test_whatever_it_stopped_after_it_goes_on_to_the_same_bytes(tmp_path, capsys):
    documents = some(24, size=300)
    whole = build(tmp_path / "whole", documents)
    for n_good in (1, 2, 23):
        with pytest.raises(Stopped):
            build(tmp_path / "again", documents, n_good)
    with pytest.raises(Stopped):
        build(tmp_path / "again", documents, 23)
    assert build(tmp_path / "again", documents) == whole
    printed = capsys.readouterr().err
    assert [n for n in (1, 2, 23) if f"after step {n}\n" in printed] == [1, 2, 23]
    assert [path.name for path in (tmp_path / "again").iterdir()] == ["documents.jsonl.zst"]


def test_what_was_written_after_the_checkpoint_is_not_there_twice(tmp_path):
    documents = some(24, size=300)
    whole = build(tmp_path / "whole", documents)
    with pytest.raises(Stopped):
        build(tmp_path / "again", documents, 10)
    for bucket in (tmp_path / "again" / ".documents.jsonl.zst.buckets").iterdir():
        with bucket.open("ab") as file:
            file.write(b"half a part")
    assert build(tmp_path / "again", documents) == whole


@pytest.mark.parametrize("damage", ["cut", "gone"])
def test_buckets_that_are_cut_or_gone_are_filled_anew(tmp_path, capsys, damage):
    documents = some(24, size=300)
    whole = build(tmp_path / "whole", documents)
    with pytest.raises(Stopped):
        build(tmp_path / "again", documents, 10)
    full = [path for path in (tmp_path / "again" / ".documents.jsonl.zst.buckets").iterdir() if path.stat().st_size]
    full[0].write_bytes(full[0].read_bytes()[:-1]) if damage == "cut" else full[0].unlink()
    assert build(tmp_path / "again", documents) == whole
    assert "zst.buckets are cut or gone" in capsys.readouterr().err


def test_without_a_checkpoint_nothing_is_left_of_a_failure(tmp_path):
    with pytest.raises(Stopped):
        build(tmp_path / "again", some(24), 10, every_s=math.inf)
    assert [path.name for path in (tmp_path / "again").iterdir()] == [".documents.jsonl.zst.lease"]

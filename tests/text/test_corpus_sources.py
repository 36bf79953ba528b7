"""Local files: what they give, and what is said about bad ones."""

import json
from pathlib import Path

import pytest
import zstandard

from monosem.text.corpus.documents import Document
from monosem.text.corpus.sources import Rows, local_documents

STRICT = Rows()


def read(path, rows=STRICT):
    return list(local_documents([path], "test", rows))


def save(path, rows):
    content = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
    path.write_bytes(zstandard.compress(content) if path.suffix == ".zst" else content)
    return path


def test_a_text_file_is_one_document_of_its_folder(tmp_path):
    (tmp_path / "novels").mkdir()
    path = tmp_path / "novels" / "swann.txt"
    path.write_bytes("\ufeffLongtemps,\r\nje me suis couché".encode())
    assert read(path) == [Document("Longtemps,\nje me suis couché", "novels", str(path), "test")]


def test_a_text_file_without_folder_has_the_category_text(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.txt").write_text("some text")
    (document,) = read(Path("a.txt"))
    assert document.category == "text"


@pytest.mark.parametrize("name", ["pile.jsonl", "pile.jsonl.zst"])
def test_the_category_of_a_line_comes_from_the_most_specific_place(tmp_path, name):
    rows = [
        {"text": "one", "category": "dna", "meta": {"pile_set_name": "PubMed"}},
        {"text": "two\u2028lines", "meta": {"pile_set_name": "Github"}},
        {"text": "три", "meta": None},
    ]
    documents = read(save(tmp_path / name, rows))
    assert [document.text for document in documents] == ["one", "two\u2028lines", "три"]
    assert [document.category for document in documents] == ["dna", "Github", "pile"]
    assert documents[2].source == f"{tmp_path / name} line 3"


def test_zst_frames_and_chunks_do_not_matter(tmp_path):
    rows = [{"text": f"{number} " + "x" * (number % 3_000)} for number in range(2_000)]
    path = save(tmp_path / "many.jsonl.zst", rows[:1_000])
    path.write_bytes(path.read_bytes() + save(tmp_path / "rest.jsonl.zst", rows[1_000:]).read_bytes())
    assert [document.text for document in read(path)] == [row["text"] for row in rows]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.jsonl", b"", r"a\.jsonl: empty; expected one JSON object a line"),
        ("a.txt", b"first\nsecond \xff", r"a\.txt line 2: not UTF-8 \(invalid start byte\)"),
        ("a.txt", b" \n", r"a\.txt: empty; expected text"),
        (
            "a.jsonl.zst",
            b"no zstd at all",
            r"a\.jsonl\.zst after line 0: damaged zstd data \(.*\); fetch the file again",
        ),
        ("a.jsonl.zst", b"", r"a\.jsonl\.zst: empty"),
    ],
)
def test_bad_files_are_named_with_the_line(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=message):
        read(tmp_path / name)


@pytest.mark.parametrize("kept", [0.3, 0.9, 0.999])
def test_a_truncated_zst_file_is_an_error_and_not_a_short_corpus(tmp_path, kept):
    path = save(tmp_path / "a.jsonl.zst", [{"text": f"document {number**5}"} for number in range(50_000)])
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * kept)])
    with pytest.raises(ValueError, match=r"a\.jsonl\.zst after line \d+: damaged zstd data \(the file ends inside"):
        read(path)


ROWS = [  # that have no text, and what is said of them
    (b'{"txt": "y", "id": 1}', r'no "text" among its columns \(txt, id\)'),
    (b"{}", r'no "text" among its columns \(none\)'),
    (b'{"text": null}', r'"text" is null, not text'),
    (b'{"text": 7}', r'"text" is int, not text'),
    (b'{"text": NaN}', r'"text" is float, not text'),
    (b'{"text": ["a", "b"]}', r'"text" is list, not text'),
    (b'"text"', r'str, expected an object like {"text": "..."}'),
    (b"NaN", r"float, expected an object"),
    (b'{"text": ', r"not JSON \(Expecting value\), expected one object a line"),
    (b"", r"not JSON \(Expecting value\), expected one object a line"),
    (b'{"text": "\xff"}', r"not UTF-8 \(invalid start byte\)"),
    (b'{"text": ' + b"[" * 100_000, r"JSON that cannot be read \(maximum recursion depth"),
    (b'{"text": "x", "id": ' + b"1" * 5_000 + b"}", r"JSON that cannot be read \(Exceeds the limit"),
]


@pytest.mark.faults
@pytest.mark.parametrize("ending", [".jsonl", ".jsonl.zst"])
@pytest.mark.parametrize(("row", "message"), ROWS)
def test_a_row_without_text_is_named_or_left_out(tmp_path, ending, row, message):
    path, content = tmp_path / f"a{ending}", b'{"text": "x"}\n' + row + b'\n{"text": "z"}\n'
    path.write_bytes(zstandard.compress(content) if ending.endswith("zst") else content)
    way_on = "set text_column to the column with the text, or on_bad_row to skip"
    with pytest.raises(ValueError, match=rf"a{ending} line 2: {message}.*; {way_on}$"):
        read(path)
    assert [document and document.text for document in read(path, Rows(skip_bad=True))] == ["x", None, "z"]


def test_the_text_may_be_in_another_column(tmp_path):
    path = save(tmp_path / "a.jsonl", [{"content": "one", "text": None}, {"content": "two"}])
    assert [document.text for document in read(path, Rows("content"))] == ["one", "two"]
    with pytest.raises(
        ValueError, match=r'a\.jsonl line 1: no "body" among its columns \(content, text\); set text_col'
    ):
        read(path, Rows("body"))

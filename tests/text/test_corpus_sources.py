"""Local files: what they give, and what is said about bad ones."""

import json

import pytest
import zstandard

from monosem.text.corpus.documents import Document
from monosem.text.corpus.sources import local_documents, local_files


def read(path):
    return list(local_documents([path], "test"))


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
    (document,) = local_documents(local_files("a.txt"), "a.txt")
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


def test_globs_are_sorted_and_may_be_absolute_or_deep(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("b/2.txt", "a/1.txt", "odd[1].txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("text")
    assert [file.as_posix() for file in local_files("*/*.txt")] == ["a/1.txt", "b/2.txt"]
    assert len(local_files(str(tmp_path / "**" / "*.txt"))) == 3
    assert [file.name for file in local_files("odd[1].txt")] == ["odd[1].txt"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.jsonl", b'{"text": "x"}\n{"txt": "y"}\n', r'a\.jsonl line 2: no "text"; expected an object like'),
        ("a.jsonl", b'"text"\n', r'a\.jsonl line 1: no "text"'),
        ("a.jsonl", b'{"text": 7}\n', r'a\.jsonl line 1: "text" is int; expected a string'),
        ("a.jsonl", b'{"text": "x"}\n{"text": \n', r"a\.jsonl line 2: not JSON \(Expecting value\); expected one"),
        ("a.jsonl", b'{"text": "x"}\n{"text": "\xff"}\n', r"a\.jsonl line 2: not UTF-8 .*; convert the file"),
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


def test_unusable_paths_are_named(tmp_path):
    with pytest.raises(
        ValueError, match=r"source .*nowhere.*txt: no such file; give `packages`, hf:DATASET, or a path"
    ):
        local_files(str(tmp_path / "nowhere" / "*.txt"))
    (tmp_path / "a.pdf").write_bytes(b"%PDF")
    with pytest.raises(ValueError, match=r"a\.pdf: expected a \.txt, \.jsonl or \.jsonl\.zst file; convert it or"):
        local_files(str(tmp_path / "*"))

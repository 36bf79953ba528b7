"""scripts/build_corpus.py as a user meets it."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
import zstandard

import build_corpus

SCRIPT = Path(build_corpus.__file__)


@pytest.fixture
def flags(tmp_path):
    """All required flags but --source, for a build into tmp_path/out."""
    return [
        *("--scale", "1", "--cache", str(tmp_path / "cache"), "--val-fraction", "0.3", "--piece-chars", "3000"),
        *("--output", str(tmp_path / "out" / "documents.jsonl.zst")),
        *("--output-record", str(tmp_path / "out" / "corpus.json")),
    ]


@pytest.fixture
def letters(tmp_path):
    folder = tmp_path / "letters"
    folder.mkdir()
    for number in range(40):
        (folder / f"{number}.txt").write_text(f"Dear {number}, " + "how are you? " * number)
    return str(folder / "*.txt")


def outputs(tmp_path):
    folder = tmp_path / "out"
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_help_explains_without_torch():
    code = "import sys, build_corpus; assert 'torch' not in sys.modules; build_corpus.main(['--help'])"
    done = subprocess.run([sys.executable, "-c", code], cwd=SCRIPT.parent, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "python scripts/build_corpus.py --source packages" in done.stdout


@pytest.mark.parametrize("flag", ["--scale", "--cache", "--val-fraction", "--output", "--output-record"])
def test_each_required_flag_is_asked_for(flags, capsys, flag):
    at = flags.index(flag)
    with pytest.raises(SystemExit):
        build_corpus.main(["--source", "packages", *flags[:at], *flags[at + 2 :]])
    assert f"the following arguments are required: {flag}" in capsys.readouterr().err


def test_sources_mix_and_a_second_build_gives_the_same_bytes(tmp_path, flags, letters):
    lines = tmp_path / "pile.jsonl"
    lines.write_text("".join(json.dumps({"text": f"row {n}", "category": "rows"}) + "\n" for n in range(30)))
    build_corpus.main(["--source", letters, str(lines), *flags])
    content = (tmp_path / "out" / "documents.jsonl.zst").read_bytes()
    record = json.loads((tmp_path / "out" / "corpus.json").read_text())
    build_corpus.main(["--source", str(lines), "--source", letters, *flags])
    assert (tmp_path / "out" / "documents.jsonl.zst").read_bytes() == content
    assert json.loads((tmp_path / "out" / "corpus.json").read_text())["digest"] == record["digest"]
    rows = io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(io.BytesIO(content)), encoding="utf-8")
    assert {frozenset(json.loads(row)) for row in rows} == {
        frozenset({"text", "category", "source", "document", "split"})
    }
    assert {name: count["documents"] for name, count in record["categories"].items()} == {"letters": 40, "rows": 30}
    assert set(record["sources"]) == {letters, str(lines)}
    assert str(lines) in record["inputs"]
    assert outputs(tmp_path) == ["corpus.json", "documents.jsonl.zst"]


def test_rows_without_text_are_counted_by_source(tmp_path, flags, letters, capsys):
    lines = tmp_path / "pile.jsonl"
    rows = [{"content": f"row {number}" if number % 3 else None, "category": "\ud83d"} for number in range(30)]
    lines.write_text("".join(json.dumps(row) + "\n" for row in rows) + "{")
    build_corpus.main(["--source", letters, str(lines), "--text-column", "content", "--on-bad-row", "skip", *flags])
    record = json.loads((tmp_path / "out" / "corpus.json").read_text())
    assert record["skipped_rows"] == {str(lines): 11} and record["sources"][str(lines)]["documents"] == 20
    assert record["categories"]["?"]["documents"] == 20  # a lone surrogate is no UTF-8
    assert f"source {lines}: 11 rows without text in column content left out" in capsys.readouterr().out


def test_max_mb_limits_each_source(tmp_path, flags, letters):
    build_corpus.main(["--source", letters, "--max-mb", "0.002", *flags])
    record = json.loads((tmp_path / "out" / "corpus.json").read_text())
    assert 2_000 <= record["n_bytes"] <= 2_000 + 600


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (["--val-fraction", "1"], r"--val-fraction 1.0: expected a number between 0 and 1"),
        (["--piece-chars", "1"], r"--piece-chars 1: expected 2 at least"),
        (["--scale", "0"], r"--scale 0.0: expected a number above 0"),
        (["--max-mb", "-1"], r"--max-mb -1.0: expected a number above 0"),
        (["--packages", "certifi"], r"--packages: chooses among the source `packages`; add it to --source"),
        (["--source", "packages", "--packages", "nonsense"], r"package nonsense: not in the catalogue; choose from"),
        (["--source", "hf:org/pile"], r"source hf:org/pile: a stream may be endless; say how much .* with --max-mb"),
        (["--source", "nowhere/*.txt"], r"source nowhere/\*\.txt: no such file"),
        (["--source=-x.txt"], r"source -x\.txt: begins like a flag; write \./-x\.txt"),
    ],
)
def test_bad_flags_are_explained_before_any_work(tmp_path, flags, letters, changes, message):
    with pytest.raises(ValueError, match=message):
        build_corpus.main(["--source", letters, *flags, *changes])
    assert outputs(tmp_path) == []


def test_a_failed_build_leaves_the_earlier_one_and_nothing_else(tmp_path, flags, letters):
    build_corpus.main(["--source", letters, *flags])
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"text": "fine"}\n{"no": "text"}\n')
    with pytest.raises(ValueError, match=r"bad\.jsonl line 2"):
        build_corpus.main(["--source", letters, str(bad), *flags])
    (tmp_path / "out" / ".documents.jsonl.zst.lease").unlink()
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before

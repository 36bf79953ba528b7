"""Which files a source names: the same for what reads them, what they rerun and what they cost."""

import os
import socket

import pytest

from monosem.costs import Job
from monosem.ground.local_files import files_of, local_files

pytestmark = pytest.mark.faults


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Where relative sources are looked for."""
    monkeypatch.chdir(tmp_path)
    local_files.cache_clear()
    return tmp_path


def write(*names):
    for name in names:
        os.makedirs(os.path.dirname(name) or ".", exist_ok=True)  # noqa: PTH103, PTH120
        with open(name, "w") as file:  # noqa: PTH123
            file.write(f"the text of {name!a}")


def found(*given):
    return {source: [str(file) for file in files] for source, files in local_files(*given).items()}


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("*.txt", ["a.txt", "b.txt"]),
        ("[ab].txt", ["a.txt", "b.txt"]),
        ("?.txt", ["a.txt", "b.txt"]),
        ("*/*.txt", ["part1/c.txt", "part[1]/d.txt"]),
        ("**/*.txt", ["a.txt", "b.txt", "part1/c.txt", "part1/deep/e.txt", "part[1]/d.txt"]),
        ("**", ["a.txt", "b.txt", "part1/c.txt", "part1/deep/e.txt", "part[1]/d.txt"]),
        ("part1/**/*.txt", ["part1/c.txt", "part1/deep/e.txt"]),
        ("part[1]/*.txt", ["part[1]/d.txt"]),  # a folder of that name is there
        ("part[[]1]/*.txt", ["part[1]/d.txt"]),
        ("part[0-9]/*.txt", ["part1/c.txt"]),
        (".hidden/*.txt", [".hidden/f.txt"]),
        (".*.txt", [".g.txt"]),
        ("./a.txt", ["a.txt"]),
        ("part1/../a.txt", ["part1/../a.txt"]),
    ],
)
def test_patterns_are_those_of_a_shell_and_what_exists_is_literal(source, names):
    write("a.txt", "b.txt", "part1/c.txt", "part[1]/d.txt", "part1/deep/e.txt", ".hidden/f.txt", ".g.txt")
    assert found(source) == {source: names}
    assert found(f"{os.getcwd()}/{source}") == {f"{os.getcwd()}/{source}": [f"{os.getcwd()}/{name}" for name in names]}  # noqa: PTH109


@pytest.mark.parametrize(
    "name", ["part[1].txt", "*.txt", "a?.txt", "[!a].txt", "[.txt", "a b.txt", "'\"$&.txt", "é.txt"]
)
def test_a_path_that_exists_is_no_pattern(name):
    write(name, "part1.txt", "ab.txt", "b.txt")
    assert found(name) == {name: [name]}


def test_a_file_is_read_once_by_whatever_paths_it_is_found(folder):
    write("a.txt", "real/b.txt")
    os.symlink("a.txt", "0.txt")  # noqa: PTH211
    os.symlink("real", "linked")  # noqa: PTH211
    assert found("*.txt") == {"*.txt": ["a.txt"]}
    assert found("**/*.txt") == {"**/*.txt": ["a.txt", "real/b.txt"]}
    assert found("linked/*.txt", "real/*.txt", "a.txt", f"{folder}/0.txt") == {
        "linked/*.txt": ["linked/b.txt"],
        "real/*.txt": [],
        "a.txt": ["a.txt"],
        f"{folder}/0.txt": [],
    }


def test_links_to_folders_are_gone_through_and_loops_end():
    write("elsewhere/deep/a.txt", "here/b.txt", "here/.hidden/c.txt")
    for aim, link in (("../elsewhere", "here/books"), ("..", "here/up"), (".", "here/loop"), ("loop2", "here/loop2")):
        os.symlink(aim, link)  # noqa: PTH211
    assert found("here/**/*.txt") == {"here/**/*.txt": ["here/b.txt", "here/books/deep/a.txt"]}


def test_folders_among_what_matches_are_passed_over():
    write("a.txt", "b.txt/c.txt", "empty/x/y.txt")
    assert found("*.txt") == {"*.txt": ["a.txt"]}
    assert found("*") == {"*": ["a.txt"]}


def lonely(source):
    os.mkdir("empty")  # noqa: PTH102
    return source


def linked(aim):
    os.symlink(aim, "c.txt")  # noqa: PTH211
    return "*.txt"


def piped(name):
    os.mkfifo(name)
    return name


def bound(name):
    with socket.socket(socket.AF_UNIX) as bound_to:
        bound_to.bind(name)
    return "*.txt"


def written(name):
    write(name)
    return "**"


@pytest.mark.parametrize(
    ("make", "name", "message", "fault"),
    [
        (
            lonely,
            "nowhere/*.txt",
            r"source nowhere/\*\.txt: no such file; give `packages`, hf:DATASET, or a path",
            None,
        ),
        (lonely, "empty/*", r"source empty/\*: no such file", None),
        (lonely, "empty/**", r"source empty/\*\*: no such file", None),
        (lonely, "empty", r"source empty: a folder; say which of its files, such as empty/\*\*/\*\.txt", "a folder"),
        (lonely, "-a.txt", r"source -a\.txt: begins like a flag; write \./-a\.txt", None),
        (
            lonely,
            "a\0.txt",
            r"source a\\x00\.txt: .* or line ends or other control characters; rename it",
            None,
        ),
        (
            linked,
            "gone.txt",
            r"source \*\.txt: c\.txt is a link to gone\.txt, and nothing is there; mend or remove it",
            "a link to nowhere",
        ),
        (linked, "c.txt", r"source \*\.txt: c\.txt is a link to c\.txt, and nothing is there", "a link to itself"),
        (piped, "p.txt", r"source p\.txt: p\.txt is no regular file; write what it gives to one", "a named pipe"),
        (bound, "s.txt", r"source \*\.txt: s\.txt is no regular file", None),
        (written, b"\xff.txt", r"source \*\*: \\xff\.txt has bytes", "a name that is not UTF-8"),
        (written, b"d\xe9/a.txt", r"source \*\*: d\\xe9/a\.txt has bytes that are not UTF-8", None),
        (
            written,
            "a\nb.txt",
            r"source \*\*: a\\nb\.txt has .* line ends or other",
            "a name with a line end",
        ),
        (written, "a\x1b[31m.txt", r"source \*\*: a\\x1b\[31m\.txt has", None),
        (written, "a\u2028.txt", r"source \*\*: a\\u2028\.txt has", None),
        (
            written,
            "{model}.txt",
            r"source \*\*: {model}\.txt has a word in braces, a wildcard",
            "a name with a word in braces",
        ),
        (
            written,
            "a.pdf",
            r"source a\.pdf: expected a \.txt, \.jsonl or \.jsonl\.zst file; convert it or narrow",
            None,
        ),
        (written, "a.jsonl.gz", r"source a\.jsonl\.gz: expected a", None),
        (written, "a.txt.zst", r"source a\.txt\.zst: expected a", None),
    ],
)
def test_what_cannot_be_read_is_named_at_once(make, name, message, fault, tried):
    with pytest.raises(ValueError, match=message) as raised:
        files_of(make(name))
    assert "\n" not in str(raised.value) and str(raised.value).encode()
    if fault:
        tried(f"among a source's files: {fault}", "refused before any work, in one line with the name and a fix")


@pytest.mark.parametrize("what", ["file", "folder"])
def test_what_this_user_may_not_read_is_named(what, folder):
    """In a process of another user, because root may read anything."""
    if os.getuid():
        pytest.skip("only root can become another user; run the tests as root for this one")
    write("closed/a.txt", "open.txt")
    for path in (folder, *folder.parents[:3]):
        path.chmod(0o755)
    (folder / "closed" if what == "folder" else folder / "open.txt").chmod(0o600)
    reader, writer = os.pipe()
    if child := os.fork():
        os.close(writer)
        os.waitpid(child, 0)
        said = os.read(reader, 10_000).decode()
    else:
        os.setuid(65534)
        try:
            files_of("**/*.txt" if what == "folder" else "*.txt")
        except ValueError as error:
            os.write(writer, str(error).encode())
        os._exit(0)
    assert ("closed cannot be looked into" if what == "folder" else "open.txt may not be read by this user") in said


def test_costs_count_the_files_that_are_read():
    write("part[1].txt", "part1.txt", "z.jsonl.zst")
    os.symlink("part1.txt", "again.txt")  # noqa: PTH211
    given = ["part[1].txt", "*.txt", "z*", "*.txt"]
    corpus = {"source": given, "packages": None, "max_mb": None}
    sizes = [os.stat(name).st_size for name in ("part[1].txt", "part1.txt", "z.jsonl.zst")]  # noqa: PTH116
    assert Job("build_corpus", {}, {"corpus": corpus}).text_mb == pytest.approx(
        (sizes[0] + sizes[1] + 4 * sizes[2]) / 1e6
    )

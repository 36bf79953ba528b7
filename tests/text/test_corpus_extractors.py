"""Extractors: what each kind of file turns into, on a few lines of each format."""

import base64
import csv
import gzip
import io
import json
import random
import sqlite3
import zipfile
from contextlib import closing

import pytest

from monosem.text.corpus import prose, scripture, technical, web
from monosem.text.corpus.cleaning import base64_runs, decode, gather, shorten_base64

NOISE = base64.b64encode(random.Random(0).randbytes(600)).decode()


def only(texts):
    (text,) = texts
    return text


def table(rows, **options):
    out = io.StringIO()
    writer = csv.DictWriter(out, rows[0], **options)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def zipped(rows):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("rows.csv", table(rows))
    return out.getvalue()


def test_decode_never_fails_and_normalises():
    assert decode("\ufeffa\r\nb\rc\0".encode()) == "a\nb\nc"
    assert decode("naïve".encode("latin-1")) == "naïve"


def test_gather_loses_nothing_and_makes_documents_long_enough():
    pieces = [f"piece {number}" for number in range(500)]
    texts = list(gather(pieces, "\n", size=200))
    assert "\n".join(texts).split("\n") == pieces
    assert all(len(text) >= 200 for text in texts[:-1])


def test_base64_is_found_with_its_lead_and_can_be_shortened():
    page = f'<p>text</p><img src="data:{NOISE}"> and ' + "a" * 300
    run = only(base64_runs(page))
    assert run.endswith(NOISE)
    assert '<img src="data:' in run
    short = shorten_base64(page)
    assert NOISE[:240] in short
    assert NOISE not in short
    assert "a" * 300 in short  # long, but not random


def test_news_and_speeches():
    text = only(prose.news(zipped([{"title": "T", "subtitle": "", "text": "One.  Two."}])))
    assert text == "T\n\n\nOne.\n\nTwo."
    assert only(prose.speeches(zipped([{"speaker": "A", "party": "Con", "text": "Yes."}]))) == "A (Con): Yes."


def test_orange_tables_skip_their_two_lines_of_types():
    rows = [{"Title": "string", "Content": "string"}, {"Title": "", "Content": ""}, {"Title": "T", "Content": "Once."}]
    assert list(prose.tales(table(rows, delimiter="\t"))) == ["T\n\nOnce."]


def test_dictionary_numbers_several_definitions():
    definitions = [{"text": "An animal.", "examples": []}, {"text": "A tool.", "examples": ["He used it."]}]
    entries = {
        "ram": {"entry": "ram", "pos": [{"part_of_speech": "n.", "definitions": definitions}]},
        "x": {"entry": "x"},
    }
    text = only(prose.dictionary(json.dumps(entries).encode()))
    assert text == "ram (n.) 1. An animal.\n2. A tool.\n  He used it."


def test_paper_and_its_references_are_apart():
    reference = (
        "<ref id='1'><label>1</label><surname>Ng</surname> <given-names>A. B.</given-names><year>2001</year>"
        "<article-title>On <italic>x</italic></article-title><source>J</source><volume>2</volume>"
        "<fpage>3</fpage><lpage>4</lpage></ref>"
    )
    xml = f"<article-title>Cells</article-title><p>We  show &lt;it&gt;.</p><ref-list>{reference}</ref-list>".encode()
    assert only(prose.paper(xml)) == "Cells\n\nWe show <it>."
    assert only(prose.references(xml)) == "References\n\n1. Ng AB (2001) On x J 2: 3-4."


def test_dialogue_alternates_speakers_and_unfolds_lines():
    yaml = "categories:\n- x\nconversations:\n- - Hi\n  - 'Hello\n    there'\n  - Bye\n- - Again\n  - Yes\n"
    assert only(prose.dialogue(yaml.encode())) == "A: Hi\nB: Hello there\nA: Bye\n\nA: Again\nB: Yes"


def test_messages_are_unescaped_and_the_header_is_left_out():
    po = r"""
msgid ""
msgstr "Language: eo\n"
msgid "x"
msgstr ""
"unua \"vorto\"\n"
"dua \\n"
msgid "y"
msgstr[0] "tria"
msgid "z"
msgstr ""
"""
    assert only(prose.messages(po.encode())) == 'unua "vorto"\ndua \\n\ntria'


def test_bibles_come_by_chapter():
    rows = [
        ["f"] * 5,
        ["1", "1", "1", "1", "In{note} &gt; it"],
        ["2", "1", "2", "1", "Thus"],
        ["3", "66", "1", "1", "The"],
    ]
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    texts = list(scripture.world_english(gzip.compress(out.getvalue().encode())))
    assert texts == ["Genesis 1\n\nIn it", "Genesis 2\n\nThus", "Revelation 1\n\nThe"]
    verses = "=001 x\nGe 1:1 創世記 1:1 元始に\nGe 1:2 創世記 1:2 地は\n"
    assert only(scripture.japanese_bible(gzip.compress(verses.encode()))) == "創世記 1\n\n元始に\n地は"


def test_king_james_is_read_from_its_database():
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("create table books (id, canonical_name, sort_order)")
        database.execute("create table verses (book_id, chapter_number, verse_number, text)")
        database.execute("insert into books values (1, 'Genesis', 1)")
        database.executemany("insert into verses values (1, 1, ?, ?)", [(2, "And"), (1, "In")])
        assert only(scripture.king_james(database.serialize())) == "Genesis 1\n\n1:1 In\n1:2 And"


def test_hebrew_is_nested_to_any_depth():
    assert only(scripture.hebrew(json.dumps([[["<b>א</b>", ["ב"]], "ג"]]).encode())) == "א\nב\nג"


def test_dna_drops_near_copies_of_a_gene():
    rng = random.Random(1)
    gene, other = ("".join(rng.choices("ACGT", k=600)) for _ in range(2))
    allele = gene[:300] + ("A" if gene[300] != "A" else "C") + gene[301:]
    protein = "MKV" * 100
    fasta = "".join(f">{name}\n{bases}\n" for name, bases in zip("abcd", (gene, allele, other, protein), strict=True))
    first, second = technical.dna(fasta.encode())
    assert first.startswith(">a\n")
    assert second.startswith(">c\n")
    assert first.removeprefix(">a\n").replace("\n", "") == gene


def test_python_is_latex_or_plain_code_and_never_both():
    for source in (rb'r"\frac{\alpha}{\beta}"', b"x = 1\n" * 20):
        assert len([*technical.latex_code(source), *technical.plain_code(source)]) == 1


def test_licence_snippet_and_certificates_lose_their_wrapping():
    assert only(technical.licence(b"---\nkey: mit\n---\n\n" + b"Permission " * 20)) == "Permission " * 20
    assert not list(technical.licence(b"---\nkey: mit\n---\nMIT"))
    assert only(technical.snippet(b"---input---\nx = 1\n\n---tokens---\n'x' Name\n")) == "x = 1\n\n"
    pem = "# Issuer: A\n-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----"
    assert list(technical.certificates(f"{pem}\n\n{pem}\n".encode())) == [pem, pem]


def test_service_documentation_names_what_it_documents_and_repeats_nothing():
    long = "<p>Creates a thing that you can use for whatever things are good for.</p>"
    model = {
        "shapes": {"Thing": {"documentation": long, "members": {"Size": {"documentation": "short"}}}, "Thing2": {}}
    }
    model["operations"] = [{"Thing": {"documentation": long}}]
    assert only(technical.service_documentation(json.dumps(model).encode())) == f"Thing: {long}"


@pytest.mark.parametrize("asked", ["{'Accept': 'json'}", "[('Accept', 'json')]"])
def test_http_exchanges_are_rewritten(asked):
    lines = ["https", "GET", "api.github.com", "None", "/user?q=1", asked, "None", "200"]
    lines += ["[('status', '200 OK'), ('Server', 'GitHub')]", '{"id": 1}', "", ""]
    recorded = "\n".join(lines * 2).encode()
    once = 'GET /user?q=1 HTTP/1.1\nHost: api.github.com\nAccept: json\n\nHTTP/1.1 200 OK\nServer: GitHub\n\n{"id": 1}'
    assert only(web.http(recorded)) == f"{once}\n\n{once}"


def test_linked_data_of_a_recipe():
    page = b'<script type="application/ld+json"> {"name": "Salt &amp; oil"} </script><script>x</script>'
    assert only(web.linked_data(page)) == '{"name": "Salt & oil"}'

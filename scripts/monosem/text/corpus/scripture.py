"""Extractors of scripture: Bibles, the Book of Mormon, hadith, the Hebrew library.

Every extractor takes the bytes of one file in a package and yields texts.
"""

import csv
import gzip
import io
import json
import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import groupby

from monosem.text.corpus.cleaning import decode, gather, one_line, strip_tags

KJV_VERSES = """
    select canonical_name, chapter_number, chapter_number || ':' || verse_number || ' ' || text
    from verses join books on books.id = book_id
    order by sort_order, chapter_number, verse_number
"""
BOOKS = (
    "Genesis, Exodus, Leviticus, Numbers, Deuteronomy, Joshua, Judges, Ruth, 1 Samuel, 2 Samuel, 1 Kings, 2 Kings, "
    "1 Chronicles, 2 Chronicles, Ezra, Nehemiah, Esther, Job, Psalms, Proverbs, Ecclesiastes, Song of Solomon, Isaiah, "
    "Jeremiah, Lamentations, Ezekiel, Daniel, Hosea, Joel, Amos, Obadiah, Jonah, Micah, Nahum, Habakkuk, Zephaniah, "
    "Haggai, Zechariah, Malachi, Matthew, Mark, Luke, John, Acts, Romans, 1 Corinthians, 2 Corinthians, Galatians, "
    "Ephesians, Philippians, Colossians, 1 Thessalonians, 2 Thessalonians, 1 Timothy, 2 Timothy, Titus, Philemon, "
    "Hebrews, James, 1 Peter, 2 Peter, 1 John, 2 John, 3 John, Jude, Revelation"
)


def chapters(verses: Iterable[tuple[str, str | int, str]]) -> Iterator[str]:
    """One text a chapter, from verses (book, chapter, text) in order."""
    for (book, chapter), group in groupby(verses, key=lambda verse: verse[:2]):
        yield f"{book} {chapter}\n\n" + "\n".join(text for _, _, text in group)


def king_james(content: bytes) -> Iterator[str]:
    with closing(sqlite3.connect(":memory:")) as database:
        database.deserialize(content)
        yield from chapters(database.execute(KJV_VERSES))


def world_english(content: bytes) -> Iterator[str]:
    """The World English Bible without {footnotes} and quotation marks; rows of verse id, book, chapter, verse, text."""
    names = BOOKS.split(", ")
    rows = csv.reader(io.StringIO(decode(gzip.decompress(content))))
    next(rows)
    yield from chapters(
        (names[int(book) - 1], chapter, re.sub(r"\{[^}]*\}|&gt; ?", "", text)) for _, book, chapter, _, text in rows
    )


def japanese_bible(content: bytes) -> Iterator[str]:
    verses = re.finditer(r"^\S+ \d+:\d+ (\S+) (\d+):\d+ (.+)$", decode(gzip.decompress(content)), re.M)
    yield from chapters(verse.groups() for verse in verses)


def book_of_mormon(content: bytes) -> Iterator[str]:
    for book in json.loads(content)["books"]:
        for chapter in book["chapters"]:
            verses = "\n".join(f"{verse['verse']} {verse['text']}" for verse in chapter["verses"])
            yield f"{chapter['reference']}\n\n{verses}"


def hadith_arabic(content: bytes) -> Iterator[str]:
    hadiths = json.loads(gzip.decompress(content))["hadiths"]
    yield from gather((hadith["arabic"].strip() for hadith in hadiths if hadith["arabic"]), "\n\n")


def hadith_english(content: bytes) -> Iterator[str]:
    hadiths = json.loads(gzip.decompress(content))["hadiths"]
    lines = (one_line(f"{hadith['english']['narrator']} {hadith['english']['text']}") for hadith in hadiths)
    yield from gather(filter(None, lines), "\n\n")


def hebrew(content: bytes) -> Iterator[str]:
    """Passages of each book; a text is nested by chapter and verse, or by folio and line."""
    for book in json.loads(content):
        yield from gather((strip_tags(passage).strip() for passage in leaves(book)), "\n", size=3_500)


def leaves(node: str | list) -> Iterator[str]:
    if isinstance(node, str):
        yield node
        return
    for child in node:
        yield from leaves(child)

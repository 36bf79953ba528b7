"""Extractors of prose: news, speeches, fiction, a dictionary, papers, dialogue, interface messages.

Every extractor takes the bytes of one file in a package and yields texts.
"""

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterator

from monosem.text.corpus.cleaning import decode, gather, one_line, strip_tags

PO_MESSAGE = re.compile(r'^msgstr(?:\[\d\])? ((?:"(?:[^"\\]|\\.)*"\s*)+)', re.M)
PO_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')
PO_ESCAPES = {r"\n": "\n", r"\t": " ", r"\"": '"', r"\\": "\\"}


def zipped_rows(content: bytes) -> Iterator[dict[str, str]]:
    """Rows of the CSV tables in a zip file."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for name in archive.namelist():
            yield from csv.DictReader(io.StringIO(decode(archive.read(name))))


def news(content: bytes) -> Iterator[str]:
    for row in zipped_rows(content):
        body = re.sub(r" {2,}", "\n\n", row["text"])
        yield f"{row['title']}\n{row['subtitle']}\n\n{body}"


def speeches(content: bytes) -> Iterator[str]:
    yield from gather((f"{row['speaker']} ({row['party']}): {row['text']}" for row in zipped_rows(content)), "\n\n")


def tweets(content: bytes) -> Iterator[str]:
    yield from gather((row["text"] for row in zipped_rows(content)), "\n")


def novel(content: bytes) -> Iterator[str]:
    """Gutenberg text, wrapped at 70 columns, with one line a paragraph."""
    yield re.sub(r"(?<!\n)\n(?!\n)", " ", decode(content))


def orange_rows(content: bytes) -> list[dict[str, str]]:
    """Rows of an Orange table: tab-separated, with two lines of types below the header."""
    return list(csv.DictReader(io.StringIO(decode(content)), delimiter="\t"))[2:]


def tales(content: bytes) -> Iterator[str]:
    for row in orange_rows(content):
        yield f"{row['Title']}\n\n{row['Content']}"


def excerpts(content: bytes) -> Iterator[str]:
    for row in orange_rows(content):
        yield row["Text"]


def comments(content: bytes) -> Iterator[str]:
    yield from gather((row["Content"] for row in orange_rows(content)), "\n\n")


def dictionary(content: bytes) -> Iterator[str]:
    entries = json.loads(content).values()
    yield from gather(filter(None, map(dictionary_entry, entries)), "\n\n")


def dictionary_entry(entry: dict) -> str:
    """A word with numbered definitions, one paragraph a part of speech; empty when it has none."""
    paragraphs = []
    for sense in entry.get("pos", []):
        texts = [definition_text(definition) for definition in sense.get("definitions", [])]
        texts = [text for text in texts if text]
        if len(texts) > 1:
            texts = [f"{number}. {text}" for number, text in enumerate(texts, start=1)]
        if texts:
            paragraphs.append(f"{entry['entry']} ({sense.get('part_of_speech', '')}) " + "\n".join(texts))
    return "\n".join(paragraphs)


def definition_text(definition: dict) -> str:
    text = definition["text"].replace("1913 Webster]", "").strip()
    return "\n  ".join([text, *definition["examples"]]) if text else ""


def paper(content: bytes) -> Iterator[str]:
    """Title and paragraphs of a paper in JATS XML, without its references."""
    article = re.sub(r"<ref-list.*?</ref-list>", "", decode(content), flags=re.S)
    paragraphs = re.findall(r"<(?:p|title)[^>]*>(.*?)</(?:p|title)>", article, re.S)
    lines = [one_line(strip_tags(paragraph)) for paragraph in paragraphs]
    yield "\n\n".join([element(article, "article-title"), *filter(None, lines)])


def references(content: bytes) -> Iterator[str]:
    """The reference list of a paper in JATS XML, one reference a line."""
    found = re.findall(r"<ref [^>]*>(.*?)</ref>", decode(content), re.S)
    if found:
        yield "References\n\n" + "\n".join(map(citation, found))


def citation(reference: str) -> str:
    names = re.findall(r"<surname>(.*?)</surname>\s*<given-names>(.*?)</given-names>", reference, re.S)
    authors = ", ".join(f"{surname} {re.sub(r'[. ]', '', strip_tags(given))}" for surname, given in names)
    label, year, title, source, volume, first, last = (
        element(reference, tag) for tag in ("label", "year", "article-title", "source", "volume", "fpage", "lpage")
    )
    return one_line(f"{label}. {authors} ({year}) {title} {source} {volume}: {first}-{last}.")


def element(markup: str, tag: str) -> str:
    """Text of the first element of that name; empty when there is none."""
    match = re.search(rf"<{tag}(?: [^>]*)?>(.*?)</{tag}>", markup, re.S)
    return strip_tags(match[1]).strip() if match else ""


def dialogue(content: bytes) -> Iterator[str]:
    """Conversations of a ChatterBot YAML file, its speakers named A and B in turn."""
    body = decode(content).partition("conversations:")[2]
    unfolded = re.sub(r"\n {4,}", " ", body)
    conversations = re.split(r"^- (?=- )", unfolded, flags=re.M)[1:]
    yield from gather(map(conversation, conversations), "\n\n")


def conversation(block: str) -> str:
    turns = [line.strip("'\"") for line in re.findall(r"^ *- (.*)$", block, re.M)]
    return "\n".join(f"{'AB'[turn % 2]}: {line}" for turn, line in enumerate(turns))


def fortunes(content: bytes) -> Iterator[str]:
    yield from gather((fortune.strip("\n") for fortune in decode(content).split("\n%\n")), "\n\n")


def messages(content: bytes) -> Iterator[str]:
    """Translated messages of a gettext catalogue; the first one is its header."""
    found = map(unescape_po, PO_MESSAGE.findall(decode(content))[1:])
    yield from gather((message for message in found if len(message) > 1), "\n")


def unescape_po(quoted: str) -> str:
    joined = "".join(PO_STRING.findall(quoted))
    return re.sub(r"\\.", lambda match: PO_ESCAPES.get(match.group(), match.group()), joined).strip()

"""Extractors of technical text: code, mathematics, documentation, licences, DNA, base64.

Every extractor takes the bytes of one file in a package and yields texts.
"""

import json
import re
from collections.abc import Iterator

from monosem.text.corpus.cleaning import base64_runs, decode, gather, shorten_base64

PEM = re.compile(r"(?:^#[^\n]*\n)*-----BEGIN[^\n]*\n.*?-----END[^\n]*-----", re.S | re.M)
LATEX_PER_1000 = 1.2  # LaTeX commands in 1000 characters above which a Python file counts as mathematics
KMER = 24  # bases


def whole(content: bytes) -> Iterator[str]:
    yield decode(content)


def head(content: bytes) -> Iterator[str]:
    yield decode(content)[:12_000]


def is_latex(text: str) -> bool:
    return len(re.findall(r"\\[a-zA-Z]{2,}", text)) * 1_000 > LATEX_PER_1000 * len(text)


def latex_code(content: bytes) -> Iterator[str]:
    text = decode(content)
    if is_latex(text):
        yield text


def plain_code(content: bytes) -> Iterator[str]:
    text = decode(content)
    if not is_latex(text):
        yield text


def snippet(content: bytes) -> Iterator[str]:
    """The input of a Pygments test, without the tokens it expects."""
    yield decode(content).partition("---tokens---")[0].replace("---input---\n", "")


def notebook(content: bytes) -> Iterator[str]:
    """A Jupyter notebook as JSON, unless outputs make it huge."""
    text = decode(content)
    if len(text) < 400_000:
        yield shorten_base64(text)


def notebook_base64(content: bytes) -> Iterator[str]:
    yield from base64_runs(decode(content).replace("\\n", "\n"))


def embedded_base64(content: bytes) -> Iterator[str]:
    yield from base64_runs(decode(content))


def certificates(content: bytes) -> Iterator[str]:
    """PEM blocks, each with the comment lines above it."""
    for match in PEM.finditer(decode(content)):
        yield match.group()


def licence(content: bytes) -> Iterator[str]:
    """A licence or notice without its YAML front matter; those under 200 characters are only names."""
    text = re.sub(r"\A---\n.*?\n---\n", "", decode(content), flags=re.S).strip("\n")
    if len(text) >= 200:
        yield text


def service_documentation(content: bytes) -> Iterator[str]:
    """The HTML documentation of an AWS service model, each string once, after the name of what it documents."""
    strings = (f"{name}: {text}" if name else text for name, text in documentation(json.loads(content)))
    yield from gather(dict.fromkeys(strings), "\n")


def documentation(node: object, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(node, list):
        for child in node:
            yield from documentation(child, name)
    elif isinstance(node, dict):
        for key, child in node.items():
            if key != "documentation" or not isinstance(child, str):
                yield from documentation(child, key)
            elif len(child) > 60:
                yield name, child


def dna(content: bytes) -> Iterator[str]:
    """FASTA records that are mostly new: a file holds hundreds of alleles of one gene, which are nearly the same."""
    seen: set[str] = set()
    for record in decode(content).split(">")[1:]:
        title, _, body = record.partition("\n")
        bases = "".join(body.split()).upper()
        if len(bases) < 200 or set(bases[:200]) - set("ACGTN"):
            continue
        known = [bases[start : start + KMER] in seen for start in range(0, len(bases) - KMER, 7)]
        if sum(known) > len(known) / 2:
            continue
        seen.update(bases[start : start + KMER] for start in range(len(bases) - KMER))
        lines = (bases[start : start + 60] for start in range(0, len(bases), 60))
        yield f">{title}\n" + "\n".join(lines)

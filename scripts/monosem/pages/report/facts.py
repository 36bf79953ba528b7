"""Facts of a run: what differs from the default configuration, and with what, on what and how its results were made."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from monosem.pages.report.links import Link, link_to
from monosem.planning.measured import Took

ABSENT = "not there"


class Setting(NamedTuple):
    name: str  # dotted
    here: str
    default: str


class RecordEntry(NamedTuple):
    link: Link
    facts: list[tuple[str, str]]


class Facts(NamedTuple):
    changed: list[Setting]
    config: str
    made: list[tuple[str, str]]  # what all records together say
    costs: Took | None
    records: list[RecordEntry]


def gather(
    config: dict[str, Any], default: dict[str, Any], records: dict[Path, dict[str, Any]], costs: Took | None, page: Path
) -> Facts:
    made = {
        "written": between([record["written"] for record in records.values() if "written" in record]),
        "machines": all_of(machine(record["machine"]) for record in records.values() if "machine" in record),
        "software": all_of(
            f"{package} {version}"
            for record in records.values()
            for package, version in record.get("versions", {}).items()
        ),
        "seeds": all_of(f"{name} {value}" for name, value in leaves(config) if name.endswith("seed")),
        "code": code_of_all(records.values()),
    }
    entries = [record_entry(path, record, page) for path, record in records.items()]
    text = json.dumps(config, indent=1, ensure_ascii=False)
    return Facts(differences(config, default), text, [item for item in made.items() if item[1]], costs, entries)


def differences(config: dict[str, Any], default: dict[str, Any]) -> list[Setting]:
    here, there = dict(leaves(config)), dict(leaves(default))
    names = [*here, *(name for name in there if name not in here)]
    return [
        Setting(name, here.get(name, ABSENT), there.get(name, ABSENT))
        for name in names
        if here.get(name, ABSENT) != there.get(name, ABSENT)
    ]


def leaves(value: object, name: str = "") -> Iterator[tuple[str, str]]:
    """Every setting with its dotted name, as JSON; a list is one setting, and so is an empty map."""
    if isinstance(value, dict) and value:
        for key, member in value.items():
            yield from leaves(member, f"{name}.{key}" if name else str(key))
    else:
        yield name, plain(value)


def between(times: Sequence[str]) -> str:
    """The first and the last of times as records have them."""
    ends = [time.removesuffix("+00:00").replace("T", " ") for time in (min(times), max(times))] if times else []
    return f"{' to '.join(dict.fromkeys(ends))} UTC" if ends else ""


def machine(facts: dict[str, Any]) -> str:
    """One machine in words, of what a record tells."""
    memory = f"{facts['memory_mib'] / 1024:.0f} GiB of memory" if "memory_mib" in facts else ""
    parts = [facts.get("processor"), f"{facts.get('cpus')} cores", memory, *facts.get("gpus", []), facts.get("system")]
    return ", ".join(part for part in parts if part)


def all_of(words: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(words))


def code_of_all(records: Iterable[dict[str, Any]]) -> str:
    """One digest over the code of every script that wrote a record."""
    codes = sorted({(record["script"], record["code"]) for record in records if "code" in record})
    return hashlib.sha256(json.dumps(codes).encode()).hexdigest()[:16] if codes else ""


def record_entry(path: Path, record: dict[str, Any], page: Path) -> RecordEntry:
    """What a record says of how its artefact was made; results themselves are left to the findings and figures."""
    names = ("script", "flags", "inputs", "code", "versions", "written", "machine")
    told = {name: record[name] for name in names if name in record}
    if "machine" in told:
        told["machine"] = machine(told["machine"])
    return RecordEntry(link_to(path, page), [(name, plain(value)) for name, value in told.items()])


def plain(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {plain(member)}" for key, member in value.items())
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

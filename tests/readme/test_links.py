"""The pages that a person reads: none of their links is dead, all are reached from README.md, and it stays short."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from places import ROOT

FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^()\s]+)\)")
HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)
NAMED = re.compile(
    r"(?<![\w/.-])((?:scripts|config|workflow|tests)/[\w./-]*\w\.(?:py|ya?ml|smk|txt|tsv|md))(?![\w*{<-])"
)


def tracked() -> list[str]:
    """Files of the project: those in git, and new ones that it does not ignore."""
    command = ["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


PAGES = sorted(ROOT / name for name in tracked() if name.endswith(".md"))


def page_id(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def links(text: str) -> list[str]:
    return LINK.findall(FENCE.sub("", text))


def anchors(text: str) -> set[str]:
    """As GitHub makes them: headings in small letters, words joined, without marks, counted where they come again."""
    found: dict[str, int] = {}
    for heading in HEADING.findall(FENCE.sub("", text)):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        anchor = re.sub(r"[^\w\- ]", "", words.strip().lower()).replace(" ", "-")
        found[anchor] = found.get(anchor, -1) + 1
        if found[anchor]:
            found[f"{anchor}-{found[anchor]}"] = 0
    return set(found)


def dead(page: Path, text: str) -> list[str]:
    """Links of a page that lead to no file of the project or to no heading of it."""
    files, found = set(tracked()), []
    for link in links(text):
        if re.match(r"https?://|mailto:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        name = target.relative_to(ROOT).as_posix() if target.is_relative_to(ROOT) else ""
        there = name in files or any(file.startswith(f"{name}/") for file in files)
        if not there or (anchor and anchor not in anchors(target.read_text("utf-8") if path else text)):
            found.append(link)
    return found


def test_links_and_anchors_are_read_as_github_reads_them():
    text = "# A `b`, c\n[x](y.md#z) ![p [q]](r.png)\n```\n# no\n[n](o)\n```\n## [L](m)\n## A b c\n"
    assert links(text) == ["y.md#z", "r.png", "m"]
    assert anchors(text) == {"a-b-c", "l", "a-b-c-1"}


def test_a_dead_link_is_found():
    page = ROOT / "workflow/README.md"
    text = "# Here\n[a](gone.md) [b](Snakefile) [c](rules) [d](#here) [e](#there) [f](../../x) [g](../LICENSE#x) [h](http://x)"
    assert dead(page, text) == ["gone.md", "#there", "../../x", "../LICENSE#x"]


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_no_link_is_dead(page):
    assert dead(page, page.read_text("utf-8")) == []


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_files_that_are_named_exist(page):
    named = set(NAMED.findall(page.read_text("utf-8")))
    assert named - set(tracked()) == set(), "named here, but not in the project"


def test_names_of_files_are_found_in_text_and_commands():
    text = "`scripts/a.py` and (config/b.yaml), `scripts/<name>.py`, results/config/c.yaml, `tests/x/*.py`\n"
    text += "    tests/d.py --flag"
    assert set(NAMED.findall(text)) == {"scripts/a.py", "config/b.yaml", "tests/d.py"}


def test_every_page_is_reached_from_the_readme():
    reached, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page not in reached:
            reached.add(page)
            targets = [(page.parent / link.partition("#")[0]).resolve() for link in links(page.read_text("utf-8"))]
            waiting += [target for target in targets if target.suffix == ".md" and target.is_file()]
    assert [page_id(page) for page in PAGES if page not in reached] == []


def test_the_readme_stays_short():
    text = (ROOT / "README.md").read_text("utf-8")
    assert text.count("\n") <= 200 and len(text.encode()) <= 15_000


def test_what_runs_on_every_push_is_documented():
    blocks = "\n".join(
        block for page in ("README.md", "CONTRIBUTING.md") for block in FENCE.findall((ROOT / page).read_text("utf-8"))
    )
    documented = {re.sub(r"\s+#.*", "", line) for line in blocks.splitlines()}
    steps = []
    for path in sorted((ROOT / ".github/workflows").glob("*.yml")):
        workflow = yaml.safe_load(path.read_text("utf-8"))
        assert set(workflow) == {"name", True, "permissions", "env", "jobs"}, "YAML reads the key `on` as True"
        assert f"export PIP_EXTRA_INDEX_URL={workflow['env']['PIP_EXTRA_INDEX_URL']}" in documented
        steps += [step for job in workflow["jobs"].values() for step in job["steps"]]
    commands = {step["run"] for step in steps if "run" in step}
    assert len(commands) >= 5 and commands <= documented


def test_a_public_project_has_what_others_look_for():
    usage = yaml.safe_load((ROOT / ".snakemake-workflow-catalog.yml").read_text("utf-8"))["usage"]
    assert set(usage) == {"mandatory-flags", "software-stack-deployment"}
    assert set(usage["software-stack-deployment"]) == {"conda", "apptainer", "apptainer+conda", "report"}
    assert (ROOT / "workflow/Snakefile").is_file() and (ROOT / "config/README.md").is_file()
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert (citation["version"], citation["license"]) == (project["version"], project["license"])
    assert citation["license"] in (ROOT / "LICENSE").read_text("utf-8")
    assert citation["references"][0]["title"] in (ROOT / "README.md").read_text("utf-8")

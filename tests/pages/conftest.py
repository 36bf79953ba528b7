"""Pages that several files look at: a site of the feature browser, and a live server."""

import functools
from pathlib import Path

import browser_site
import live_server
import pytest


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    return browser_site.build(tmp_path_factory.mktemp("browser"))


@pytest.fixture
def visit(browser, site):
    """Opens pages of the site."""
    import visits  # which skips what asks for it where there is no browser

    with visits.visits(browser, site) as open_page:
        yield functools.partial(open_page, ready="body[data-ready]")


@pytest.fixture(scope="module")
def folder(corpus, tmp_path_factory) -> Path:
    """A dictionary, and what a live server needs beside it."""
    return live_server.build(tmp_path_factory.mktemp("live"), corpus)


@pytest.fixture(scope="module")
def served(folder, tmp_path_factory):
    """A live server of the folder."""
    with live_server.serving(tmp_path_factory.mktemp("served") / "log", "--dictionary", folder) as found:
        yield found

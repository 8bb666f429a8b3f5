"""The built pages: no warning, no dead link inside the book, nothing fetched from another machine."""

import re
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

import pytest

from cnnlib import results

PASSIVE = {"canonical", "next", "prev", "search", "index", "author", "license", "top", "up", "alternate"}
SOURCES = {"src", "poster", "data", "srcset", "background"}
CSS_URL = re.compile(r"""url\(\s*["']?([^"')]+)|@import\s+["']([^"']+)""")


class Page(HTMLParser):
    """What one page loads by itself, where it links to, its ids, and its pictures without alternative text."""

    def __init__(self, text):
        super().__init__()
        self.loads, self.links, self.ids, self.silent, self._style = [], [], set(), [], False
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        given = {name: value or "" for name, value in attributes}
        if "id" in given:
            self.ids.add(given["id"])
        self.loads += [part.split()[0] for name in SOURCES & given.keys() for part in split_sources(name, given[name])]
        self.loads += css_urls(given.get("style", ""))
        if tag == "link" and "href" in given and not PASSIVE & set(given.get("rel", "").lower().split()):
            self.loads.append(given["href"])
        if tag in ("image", "use"):
            self.loads += [given[name] for name in ("href", "xlink:href") if name in given]
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        if tag == "img" and "alt" not in given:
            self.silent.append(given.get("src", "")[:80])
        self._style = tag == "style"

    def handle_endtag(self, tag):
        self._style = False

    def handle_data(self, data):
        if self._style:
            self.loads += css_urls(data)


def split_sources(name, value):
    return [part for part in (value.split(", ") if name == "srcset" else [value]) if part.strip()]


def css_urls(text):
    return [first or second for first, second in CSS_URL.findall(text)]


def is_remote(url):
    """True for an address on another machine; data: and blob: carry their bytes with them."""
    return urlsplit(url.strip()).scheme in ("http", "https", "ws", "wss", "ftp") or url.strip().startswith("//")


@pytest.fixture(scope="session")
def pages(html):
    found = [path for path in sorted(html.rglob("*.html")) if "_static" not in path.parts]  # the theme's templates
    return {path: Page(path.read_text(encoding="utf-8")) for path in found}


@pytest.mark.slow
def test_the_book_builds_without_a_warning(build):
    run, folder = build
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-6000:]
    assert "WARNING" not in run.stdout + run.stderr
    assert (folder / "index.html").is_file()


@pytest.mark.slow
def test_every_chapter_is_in_the_book(html, repository):
    for notebook in (repository / "notebooks").glob("*.ipynb"):
        assert (html / "notebooks" / f"{notebook.stem}.html").is_file()


@pytest.mark.slow
def test_pages_load_nothing_from_another_machine(html, pages):
    loads = {path: page.loads for path, page in pages.items()}
    loads |= {path: css_urls(path.read_text(encoding="utf-8")) for path in html.rglob("*.css")}
    assert not [f"{path.relative_to(html)}: {url}" for path, urls in loads.items() for url in urls if is_remote(url)]


@pytest.mark.slow
def test_everything_a_page_loads_or_links_to_is_there(html, pages):
    missing = []
    for path, page in pages.items():
        for url in page.loads + page.links:
            parts = urlsplit(url)
            if is_remote(url) or parts.scheme:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not target.exists():
                missing.append(f"{path.relative_to(html)}: {url[:100]}")
            elif parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].ids:
                missing.append(f"{path.relative_to(html)}: {url[:100]}")
    assert not missing


@pytest.mark.slow
def test_pictures_have_alternative_text(html, pages):
    assert not [f"{path.relative_to(html)}: {name}" for path, page in pages.items() for name in page.silent]


@pytest.mark.slow
def test_no_recorded_number_is_lost_on_the_way(html, repository):
    """Each record's value stands on the results page, or on the page of run times."""
    text = "".join((html / "book" / name).read_text("utf-8") for name in ("results.html", "run_times.html"))
    for notebook in (repository / "notebooks").glob("*.ipynb"):
        for key, record in results.read_records(notebook).items():
            if not key.endswith(".run_seconds"):
                assert key in text and record["shown"] in text
        assert results.title_of(notebook) in text or "`" in results.title_of(notebook)


@pytest.mark.parametrize("name, page", [("results.md", results.results_page), ("run_times.md", results.run_times_page)])
def test_the_committed_pages_are_the_generated_ones(repository, name, page):
    notebooks = sorted((repository / "notebooks").glob("*.ipynb"))
    committed = (repository / "book" / name).read_text(encoding="utf-8")
    assert committed == page(notebooks), "run: make execute, or .venv/bin/python -m cnnlib.results"


# The scan must be able to fail.


@pytest.mark.parametrize(
    "markup",
    [
        '<script src="https://cdn.example.org/x.js"></script>',
        '<link rel="stylesheet" href="//fonts.example.org/a.css">',
        '<link rel="preconnect" href="https://fonts.example.org">',
        '<img src="http://example.org/a.png" alt="">',
        '<video poster="https://example.org/a.png"></video>',
        '<img srcset="a.png 1x, https://example.org/b.png 2x">',
        '<div style="background: url(https://example.org/a.png)"></div>',
        "<style>@import 'https://example.org/a.css';</style>",
        "<svg><image xlink:href='https://example.org/a.png'></svg>",
    ],
)
def test_the_scan_finds_a_planted_remote_resource(markup):
    assert any(is_remote(url) for url in Page(markup).loads)


def test_the_scan_leaves_links_and_local_files_alone():
    markup = '<a href="https://doi.org/1">x</a><link rel="canonical" href="https://a.org"><img src="data:,x"><p id="q">'
    page = Page(markup)
    assert not any(is_remote(url) for url in page.loads)
    assert page.links == ["https://doi.org/1"] and page.ids == {"q"}

"""Glossary, bibliography and API pages: complete, in order, without doubles."""

import importlib
import re

import pytest


@pytest.fixture(scope="module")
def glossary(repository):
    """List of (term, definition) in the order of the page."""
    page = (repository / "book/glossary.md").read_text(encoding="utf-8")
    body = re.search(r"```\{glossary\}\n(.*?)\n```", page, re.DOTALL)[1]
    return [tuple(part.strip() for part in entry.split("\n", 1)) for entry in body.split("\n\n")]


def test_glossary_is_large_sorted_and_has_no_doubles(glossary):
    terms = [term.lower() for term, _ in glossary]
    assert len(terms) >= 90
    assert terms == sorted(set(terms))


def test_every_definition_is_chinese_then_one_english_sentence(glossary):
    for term, definition in glossary:
        chinese, english = definition.split(" · ")
        assert re.search(r"[\u4e00-\u9fff]", chinese), term
        assert english.endswith(".") and not re.search(r"\. [A-Z]", english), term


def test_terms_used_inside_the_glossary_exist(glossary):
    terms = {term for term, _ in glossary}
    for term, definition in glossary:
        for used in re.findall(r"\{term\}`(?:[^`<]*<)?([^`>]+)>?`", definition):
            assert used in terms or used.lower() in {t.lower() for t in terms}, (term, used)


def test_references_can_be_found(repository):
    entries = re.split(r"^@", (repository / "book/references.bib").read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    keys = [re.match(r"\w+\{([^,]+),", entry)[1] for entry in entries]
    assert len(keys) == len(set(keys))
    assert all(key == key.lower() for key in keys)
    findable = re.compile(r"^  (doi|eprint|url) ", re.MULTILINE)
    without = {key for key, entry in zip(keys, entries, strict=True) if not findable.search(entry)}
    assert without <= {"krogh1992simple", "nair2010rectified"}  # printed proceedings without a DOI


@pytest.mark.parametrize("module", [
    "formulas", "ops", "threads", "layers", "model", "optimizers", "gradcheck", "keras_bridge",
    "data", "video", "plot", "networks", "grid", "results", "scale", "errors", "shapes", "files",
])
def test_every_public_name_stands_on_an_api_page(repository, module):
    pages = "\n".join(file.read_text(encoding="utf-8") for file in sorted((repository / "book/api").glob("*.md")))
    whole = re.search(rf"automodule:: cnnlib\.{module}\n   :members:", pages)
    names = getattr(importlib.import_module(f"cnnlib.{module}"), "__all__", ())
    assert whole or names, module
    assert whole or all(f"cnnlib.{module}.{name}\n" in pages for name in names), module

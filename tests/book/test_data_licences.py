"""The page of data licences says about every bundled file what the manifest says."""

import json
import re

import pytest


@pytest.fixture(scope="module")
def page(repository):
    return (repository / "book/data_licences.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def manifest(repository):
    return json.loads((repository / "cnnlib/data/assets/MANIFEST.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def table(page):
    """folder -> (number of files, kB, licence), from the first table of the page."""
    rows = re.findall(r"^\| `([\w/]+)` \| ([\d,]+) \| ([\d,]+) \| (.+?) \|$", page, re.MULTILINE)
    return {folder: (_whole(files), _whole(kilobytes), licence) for folder, files, kilobytes, licence in rows}


def _whole(text):
    return int(text.replace(",", ""))


def test_every_file_belongs_to_one_line_of_the_table(table, manifest):
    for entry in manifest:
        assert sum(entry["path"].startswith(folder + "/") for folder in table) == 1, entry["path"]


def test_counts_and_sizes(table, manifest):
    for folder, (files, kilobytes, _) in table.items():
        sizes = [entry["bytes"] for entry in manifest if entry["path"].startswith(folder + "/")]
        assert (files, kilobytes) == (len(sizes), round(sum(sizes) / 1000)), folder


def test_licences(table, manifest):
    for folder, (_, _, licence) in table.items():
        stated = {entry["licence"] for entry in manifest if entry["path"].startswith(folder + "/")}
        assert all(text.startswith(licence) for text in stated), (folder, licence, stated)


def test_sources_name_the_package_and_its_version(page, manifest):
    for source in {entry["source"] for entry in manifest}:
        name, version = re.search(r"package (\S+) ([\d.]+\d)", source).groups()
        assert f"the package {name} {version}" in page, source


def test_hashes_of_all_files_but_the_many_sprites(page, manifest):
    stated = dict(re.findall(r"^(\S+)\n  ([0-9a-f]{64})$", page, re.MULTILINE))
    expected = {}
    for entry in manifest:
        if not entry["path"].startswith("kenney/"):
            expected[entry["path"]] = entry["sha256"]
            if "raw_sha256" in entry:
                expected[entry["path"].removesuffix(".xz")] = entry["raw_sha256"]
    assert stated == expected


def test_attribution_asked_for_by_the_film(page):
    assert "© copyright 2008, Blender Foundation" in page and "www.bigbuckbunny.org" in page

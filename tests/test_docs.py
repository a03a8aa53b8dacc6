"""The pages: their links lead somewhere, and the examples of docstrings come true."""

import doctest
import importlib
import json
import pathlib
import pkgutil
import re

import pytest

import keras_genssl
import pipelines

ROOT = pathlib.Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "RESULTS.md", *sorted((ROOT / "docs").glob("*.md"))]
MODULES = sorted(
    module.name
    for package in (keras_genssl, pipelines)
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_within_the_repository_exist(page: pathlib.Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)", page.read_text())
    missing = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert not missing


@pytest.mark.parametrize("name", MODULES)
def test_examples_of_docstrings_come_true(name: str) -> None:
    failures, _ = doctest.testmod(importlib.import_module(name))
    assert failures == 0


def test_there_are_examples_at_all() -> None:
    finder = doctest.DocTestFinder()
    examples = sum(len(test.examples) for name in MODULES for test in finder.find(importlib.import_module(name)))
    assert examples > 40


def number(record: dict) -> str:
    """What docs/METHODS.md says of a recipe's record: its first number, beside the baseline."""
    if record["kind"] == "super_resolution":
        return f"{record['numbers']['gain_db']:+.2f} dB over bicubic"
    numbers = record["numbers"]
    if record["kind"] == "generation":
        return f"Fashion-FID {numbers['fid']:.2f}, PCA's {record['baselines']['pca']['fid']:.2f}"
    if record["kind"] == "reconstruction":
        return f"MSE {numbers['mse_over_pca']:.2f} of PCA's"
    if record["kind"] == "representation":
        seen = "few_label" in numbers
        name, what = ("few_label", "10 labels a class") if seen else ("unseen_recall_at_1", "Recall@1, unseen classes")
        return f"{what} {100 * numbers[name]:.1f}%, random encoder's {100 * record['baselines']['random'][name]:.1f}%"
    return f"error {numbers['error']:.4f}"


def test_the_numbers_of_methods_are_those_of_the_records() -> None:
    rows = [line.split(" | ") for line in (ROOT / "docs" / "METHODS.md").read_text().splitlines()]
    found = 0
    for row in rows:
        record = ROOT / "results" / f"{row[3].strip('`')}.json" if len(row) == 5 else None
        if record is not None and record.is_file():
            found += 1
            expected = f"[{number(json.loads(record.read_text()))}](../RESULTS.md) |"
            assert row[4] == expected, f"docs/METHODS.md, {row[0]}: the number must be {expected}"
    assert found > 10

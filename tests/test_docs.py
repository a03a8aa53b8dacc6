"""The pages: their links lead somewhere, their commands load, and the examples of docstrings come true."""

import doctest
import importlib
import inspect
import pathlib
import pkgutil
import re
import shlex

import pytest

import keras_genssl
import pipelines
from pipelines.run import loading

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


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_to_headings_exist(page: pathlib.Path) -> None:
    links = re.findall(r"\]\(([^)#\s]*)#([^)\s]+)\)", page.read_text())
    targets = [(page.parent / name if name else page, anchor) for name, anchor in links if "://" not in name]
    assert [(target.name, anchor) for target, anchor in targets if anchor not in headings(target)] == []


def headings(page: pathlib.Path) -> set[str]:
    """The anchors that GitHub makes of a page's headings."""
    lines = re.findall(r"^#+ (.*)", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", line.lower()).replace(" ", "-") for line in lines}


def runs() -> list[list[str]]:
    """The arguments of each `genssl run` of the pages and of the comments of recipes."""
    recipes = [path.read_text().replace("\n#", "\n") for path in (ROOT / "pipelines").rglob("recipes/**/*.yaml")]
    texts = [page.read_text() for page in PAGES] + recipes
    shown = r"^ *genssl (run .*)|`genssl (run [^`]*)`"
    found = [line or code for text in texts for line, code in re.findall(shown, text.replace("\\\n", ""), re.MULTILINE)]
    return [arguments[1:] for arguments in (shlex.split(command, comments=True) for command in found) if arguments[1:]]


def test_commands_of_the_pages_load(tmp_path: pathlib.Path) -> None:
    own = {"RECIPE", "mine.yaml", "fashion_mnist/r1_gan"}  # a reader's own recipes
    commands = [arguments for arguments in runs() if arguments[0] not in own and arguments[0][0] != "-"]
    assert len(commands) > 100
    (tmp_path / "pairs.csv").touch()
    for recipe, *options in commands:
        given = [options[place + 1] for place, option in enumerate(options) if option == "--data"]
        named = (path.rpartition("=") for path in given)
        data = {name: tmp_path / "pairs.csv" if path.endswith(".csv") else tmp_path for name, _, path in named}
        changes = [options[place + 1] for place, option in enumerate(options) if option == "--set"]
        loading.load(recipe, changes, "--full-scale" in options, data or None)


@pytest.mark.parametrize("name", MODULES)
def test_examples_of_docstrings_come_true(name: str) -> None:
    failures, _ = doctest.testmod(importlib.import_module(name))
    assert failures == 0


@pytest.mark.parametrize("name", MODULES)
def test_every_public_method_has_a_docstring_unless_it_overrides_one(name: str) -> None:
    module = importlib.import_module(name)
    missing = [
        f"{kind.__name__}.{method}"
        for kind in vars(module).values()
        if isinstance(kind, type) and kind.__module__ == name and not kind.__name__.startswith("_")
        for method, function in list(vars(kind).items())
        if method not in inspect.get_annotations(kind)  # a field whose default is a function
        if inspect.isfunction(function)
        and not method.startswith("_")
        and not inspect.getdoc(function)
        and not any(method in vars(base) for base in kind.__mro__[1:])
    ]
    assert missing == []


def test_there_are_examples_at_all() -> None:
    finder = doctest.DocTestFinder()
    examples = sum(len(test.examples) for name in MODULES for test in finder.find(importlib.import_module(name)))
    assert examples > 40

"""docs/METHODS.md is what docstrings, recipes and records say."""

from pathlib import Path

from pipelines.results import methods_page
from pipelines.run import finding, loading


def test_the_page_on_disk_is_what_is_generated():
    assert methods_page.PAGE.read_text(encoding="utf-8") == methods_page.page(), "`make pages` writes it anew"


def test_every_method_is_a_model_whose_docstring_names_its_paper():
    models = {it.name: it for it in methods_page.public("models")}
    assert {loading.load(name).model.method for name in finding.names()} <= set(models)
    assert [name for name, it in models.items() if not it.papers] == []


def test_a_name_is_followed_to_the_file_that_defines_it():
    found = {it.name: it for it in methods_page.public("callbacks")}
    assert found["ForPlayer"].path == methods_page.ROOT / "keras_genssl" / "engine" / "for_player.py"
    (lars,) = methods_page.public("optimizers")
    assert (lars.name, lars.path.name) == ("LARS", "optimizers.py")
    assert lars.summary.endswith(".")
    assert [paper[-1] for paper in lars.papers] == [")"] * len(lars.papers)


def test_papers_are_the_entries_of_their_section_alone():
    doc = "One.\n\nText - with a dash.\n\nReference:\n    - A 2020, [T](u)\n\nArgs:\n    - x: none"
    assert methods_page.Public("One", Path("one.py"), doc).papers == ["A 2020, [T](u)"]
    assert methods_page.Public("One", Path("one.py"), "One.").papers == []

"""The examples of docs/views.md run."""

from tests import guides


def test_examples_run():
    names = guides.run("views.md")
    assert names["second"].shape == (256, 28, 28, 1)
    assert (names["first"] != names["images"]).numpy().any()

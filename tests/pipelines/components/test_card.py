import pytest

from pipelines.components import card
from pipelines.run import loading as recipe


class Task:
    """Says nothing but the method."""

    def held_out(self, evaluation):
        return None

    def identity(self, recipe):
        return {"method": "DCGAN"}

    def card_text(self, card, path):
        return ""


def made(**manifest):
    examples = {"content": "0", "statistics": {}, **manifest}
    facts = card.card(
        recipe.load("fashion_mnist/dcgan"),
        Task(),
        "1",
        examples,
        {"weights": 1, "steps": 2},
        {},
        {"signatures": {}},
        {},
    )
    return facts["data"], card.markdown(facts, 1, Task())


def test_the_names_of_classes_go_with_the_model():
    data, text = made(labels=["cat", "dog"])
    assert data["class_names"] == ["cat", "dog"]
    assert ".\n- Classes by number: 0 cat, 1 dog.\n- Training: 2 steps" in text


def test_classes_without_names_have_none():
    for manifest in ({}, {"labels": ["0", "1"]}):
        data, text = made(**manifest)
        assert "class_names" not in data
        assert ".\n- Training: 2 steps" in text


@pytest.mark.parametrize(
    ("before", "now", "note"),
    [
        (["ant", "bee", "cat"], ["bee", "cat"], "class 0 is bee, and ant in the last version"),
        (["ant", "bee"], ["ant"], "class 1 is no class, and bee in the last version"),
        (["ant"], ["ant", "bee"], None),
        (None, ["ant"], None),
        (["ant"], None, None),
    ],
)
def test_a_version_that_numbers_classes_anew_says_so(before, now, note):
    cards = [{"data": {} if names is None else {"class_names": names}} for names in (before, now)]
    told = card.renumbered(*cards)
    assert told is None if note is None else told.startswith(note)

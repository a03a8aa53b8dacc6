import html.parser
import math
import re

import numpy as np
import pytest
from PIL import Image

from pipelines import tasks
from pipelines.report import curves, page
from pipelines.report.judgement import Picture
from pipelines.run import loading as recipe
from pipelines.runtime.component import Step
from pipelines.tasks.super_resolution.task import CROPS


class Tables(html.parser.HTMLParser):
    """The text of all cells by the id of their table, and all that the page refers to."""

    def __init__(self, text):
        super().__init__()
        self.rows, self.links, self._table, self._cell, self.text = {}, [], None, False, ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.links += [attributes[key] for key in ("src", "href", "xlink:href") if key in attributes]
        if tag == "table":
            self._table = self.rows.setdefault(attributes.get("id"), [])
        elif tag == "tr":
            self._table.append([])
        elif tag in ("td", "th"):
            self._table[-1].append("")
            self._cell = True

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self._cell = False

    def handle_data(self, data):
        self.text += data
        if self._cell:
            self._table[-1][-1] += data


def _row(name, ours, bicubic):
    numbers = {"psnr_ours": ours, "psnr_bicubic": bicubic, "ssim_ours": 0.91234, "ssim_bicubic": 0.9}
    return {"name": name, "height": 48, "width": 64, **numbers, "gain_db": ours - bicubic}


@pytest.fixture
def contents(tmp_path):
    rows = [_row("<coffee>", 31.256, 30.0), _row("china", 29.0, 29.5)]
    for index in range(len(rows)):
        for kind in CROPS:
            Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(tmp_path / f"{index}-{kind}.png")
    evaluation = {
        "metric": {"channel": "y", "border": 2},
        "images": rows,
        "numbers": {"gain_db": 0.378, "least_gain_db": -0.5, "psnr": 30.128, "ssim": 0.91234},
        "baselines": {"bicubic": {"psnr": 29.75, "ssim": 0.9}},
        "blessed": False,
        "reasons": ["china: gain is below <floor>"],
    }
    loaded = recipe.load("super_resolution")
    return page.Contents(
        recipe=loaded,
        evaluation=evaluation,
        judgement=tasks.of(loaded).judgement(loaded, evaluation, tmp_path),
        history={"warm start": {"loss": [0.1, 0.01]}, "training": {"loss": [0.01, 0.001], "broken": [math.nan]}},
        training={
            "phases": {
                "warm start": {"steps": 7, "epochs": 2, "losses": {"loss": 0.01}},
                "training": {"steps": 5, "epochs": 1, "losses": {"loss": 0.001, "critic_loss": 2.0}},
            },
            "steps": 12,
            "weights": 1259,
            "device": "2 CPU cores",
            "interrupted": False,
            "seconds": 1.5,
        },
        export={"checked": True, "error": None, "bytes": 1_650_000},
        usage="load({path})",
        pushed=None,
        inputs={
            "": page.Input(
                {"training patches": 2512},
                Picture(tmp_path / "0-low.png", "<examples>"),
                [{"path": "<b>.jpg", "stage": "decode", "error": "Unidentified", "message": "no image"}],
            )
        },
        steps=[Step("Prepare", True, 0.1, "2,512 patches"), Step("Trainer", False, 1.5, "5 steps")],
        versions={"keras": "3.15.1"},
        command="genssl run super_resolution",
        started="2026-01-01 00:00:00",
    )


def test_table_holds_the_numbers_of_the_evaluation(contents):
    tables = Tables(page.render(contents)).rows
    rows = tables["images"]
    assert rows[1] == ["<coffee>", "+1.26", "31.26", "30.00", "0.9123", "0.9000", "64 × 48"]
    assert rows[2][:3] == ["china", "\N{MINUS SIGN}0.50", "29.00"]
    means = tables["numbers"]
    assert means[1] == ["this model", "+0.38", "\N{MINUS SIGN}0.50", "30.13", "0.9123"]
    assert means[2] == ["bicubic", "", "", "29.75", "0.9000"]
    assert "<super_resolution: gain over bicubic +0.38 dB" in page.render(contents).replace("<title>", "<")


def test_page_needs_nothing_beside_it_and_escapes_names(contents):
    text = page.render(contents)
    parsed = Tables(text)
    assert len([link for link in parsed.links if link.startswith("data:image/png;base64,")]) == 9
    assert all(link.startswith(("data:", "#")) for link in parsed.links)
    assert not re.search(r"<(script|link|iframe)|@import|url\((?!#)", text)
    assert "<b>.jpg" not in text
    assert "<coffee>" not in text


def test_verdict_components_and_dead_letters_are_told(contents):
    parsed = Tables(page.render(contents))
    assert "Not blessed, not pushed" in parsed.text
    assert "china: gain is below <floor>" in parsed.text
    assert [row[:3] for row in parsed.rows["components"][1:]] == [
        ["Prepare", "reused", "0.1"],
        ["Trainer", "executed", "1.5"],
    ]
    assert parsed.rows["dead-letters"][1] == ["<b>.jpg", "Unidentified: no image (decode)"]
    assert "keras3.15.1" in "".join(map("".join, parsed.rows[None]))


def test_each_phase_has_its_heading_length_losses_and_curves(contents):
    text = page.render(contents)
    warm, training = text.index("<h3>Warm start</h3>"), text.index("<h3>Training</h3>")
    assert warm < text.index("7 steps of 16 in 2 epochs; at the end loss 0.01.") < training
    assert training < text.index("5 steps of 16 in 1 epoch; at the end loss 0.001, critic loss 2.")
    labels = re.findall(r'aria-label="([^"]*) by epoch', text)
    assert labels == ["warm start: loss", "training: loss"]
    ids = re.findall(r' id="([^"]*)"', text)
    charts = [name for name in ids if re.fullmatch("[pm][0-9a-f]{10}", name)]
    assert len(charts) == len(set(charts)) > 4


def test_curves_take_the_colours_of_the_page_and_are_equal_each_time():
    history = {"training": {"loss": [0.1, 0.01, 0.001], "nan": [math.nan], "none": []}}
    (svg,) = curves.svgs(history)["training"]
    assert svg == curves.svgs(history)["training"][0]
    assert svg.startswith('<svg role="img" aria-label="training: loss by epoch, from 0.1 to 0.001"')
    assert "currentColor" in svg
    assert "var(--accent)" in svg
    assert "#010203" not in svg

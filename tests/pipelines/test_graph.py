"""The drawn graph: where its boxes stand."""

import re

from pipelines.report import graph as drawing
from pipelines.runtime.lineage import Artifact, Execution, Graph


def _graph(edges, states=None):
    """Artifacts by number; ``edges`` is what was made -> what it was made from."""
    numbers = sorted({*edges, *(read for reads in edges.values() for read in reads)})
    artifacts = {number: Artifact(number, f"Type{number}", f"/path/{number}", f"{number:064x}") for number in numbers}
    executions = {}
    for number, reads in edges.items():
        state = (states or {}).get(number, "complete")
        named = {f"in{read}": read for read in reads}
        told = ("2026-01-01", 1.0, {}, "c", {}, f"<made {number}>", None)
        executions[number] = Execution(number, 1, f"Make{number}", state, *told, named, number)
    return Graph(None, artifacts, executions)


def _boxes(svg):
    """Head of each box -> its upper left corner."""
    found = re.findall(r'<g transform="translate\(([\d.]+) ([\d.]+)\)">.*?font-size="13">(\w+)</text>', svg, re.DOTALL)
    return {head: (float(x), float(y)) for x, y, head in found}


def test_artifact_stands_below_all_that_it_was_made_from_and_lines_pass_beside_boxes():
    svg = drawing.svg(_graph({2: [1], 3: [2], 4: [1, 3]}))
    box, gap, lane = 264, 22, 20
    width = box + gap + lane  # a box, and beside it the line from 1 to 4 that passes two layers
    middle = width / 2 - box / 2
    assert _boxes(svg) == {"Type1": (middle, 0), "Make2": (0, 106), "Make3": (0, 212), "Make4": (middle, 318)}
    passes = re.findall(r"M([\d.]+) (\d+)v66", svg)
    assert passes == [(f"{box + gap + lane / 2:g}", "106"), (f"{box + gap + lane / 2:g}", "212")]
    assert svg.startswith('<svg class="graph" role="img" aria-label="What was made from what: Make2, Make3, Make4"')
    assert f'width="{width + 2}" height="{4 * 66 + 3 * 40 + 2}"' in svg


def test_states_are_told_and_texts_are_escaped():
    svg = drawing.svg(_graph({2: [1], 3: [1]}, {2: "cached"}))
    assert (svg.count(">reused</text>"), svg.count(">executed</text>")) == (1, 1)
    assert "&lt;made 2&gt;" in svg
    assert "<made" not in svg

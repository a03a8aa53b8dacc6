"""A graph as SVG: what each component read and made, from the images downwards."""

import dataclasses
import html
from collections.abc import Iterable

from pipelines.plain_text import visible
from pipelines.runtime.lineage import Artifact, Execution, Graph

_WIDTH, _HEIGHT, _LANE = 264, 66, 20  # the size of a box, and the width of a line's place between boxes
_ACROSS, _DOWN = 22, 40  # between boxes
_LETTERS = 38  # the length of a line in a box
_STYLE = (  # for a stand-alone file; in a report the page's style applies
    "svg{--card:#fff;--quiet:#5d656d;--rule:#e2e4e6;--accent:#2260c4;color:#1c2024;background:#fbfbfa;"
    "font-family:system-ui,sans-serif}"
)


@dataclasses.dataclass(eq=False)
class _Place:
    """A box, or, without an artifact, the place where a line passes a layer."""

    artifact: Artifact | None
    above: "list[_Place]"
    x: float = 0.0

    @property
    def width(self) -> int:
        return _LANE if self.artifact is None else _WIDTH


def svg(graph: Graph) -> str:
    """Draws a graph layer by layer; each artifact is below everything that it was made from.

    Returns:
        SVG text in the colours of the page.
    """
    layers = _layers(graph)
    width = max(_span(layer) for layer in layers)
    height = len(layers) * (_HEIGHT + _DOWN) - _DOWN
    for layer in layers:
        x = (width - _span(layer)) / 2
        for place in layer:
            place.x = x + place.width / 2
            x += place.width + _ACROSS
    lines, boxes = [], []
    for depth, layer in enumerate(layers):
        top = depth * (_HEIGHT + _DOWN)
        for place in layer:
            lines += [_line(above, place, top) for above in place.above]
            if place.artifact is None:
                lines.append(f"M{place.x:g} {top}v{_HEIGHT}")
            else:
                boxes.append(_box(place.artifact, graph.maker(place.artifact.id), place.x - _WIDTH / 2, top))
    label = _escaped(", ".join(it.component for it in graph.executions.values()))
    return (
        f'<svg class="graph" role="img" aria-label="What was made from what: {label}" '
        f'viewBox="-1 -1 {width + 2:g} {height + 2}" width="{width + 2:g}" height="{height + 2}" font-size="12">'
        f'<path d="{"".join(lines)}" fill="none" stroke="var(--quiet)" stroke-width="1.5"/>{"".join(boxes)}</svg>'
    )


def document(graph: Graph) -> str:
    """Returns the drawing as a stand-alone file."""
    drawn = svg(graph).replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1)
    return drawn.replace(">", f"><style>{_STYLE}</style>", 1)


def _layers(graph: Graph) -> list[list[_Place]]:
    """Returns the boxes by depth, and places for lines that pass other layers, in an order with few crossings."""
    reads = {it.wrote: list(dict.fromkeys(it.reads.values())) for it in graph.executions.values() if it.wrote}
    depth: dict[int, int] = {}
    for number in _in_order(graph):
        depth[number] = 1 + max((depth[read] for read in reads.get(number, ())), default=-1)
    layers: list[list[_Place]] = [[] for _ in range(max(depth.values()) + 1)]
    places: dict[tuple[int, int], _Place] = {}

    def place(number: int, level: int) -> _Place:
        """Returns the box of an artifact, or the place where its line passes a deeper layer."""
        if (number, level) not in places:
            own = level == depth[number]
            made = _Place(graph.artifacts[number], []) if own else _Place(None, [place(number, level - 1)])
            places[number, level] = made
            layers[level].append(made)
        return places[number, level]

    for number in depth:
        box = place(number, depth[number])
        box.above += [place(read, depth[number] - 1) for read in reads.get(number, ())]
    for layer, previous in zip(layers[1:], layers, strict=False):
        rank = {id(above): index for index, above in enumerate(previous)}
        layer.sort(key=lambda it: sum(rank[id(above)] for above in it.above) / max(1, len(it.above)))
    return layers


def _in_order(graph: Graph) -> Iterable[int]:
    """Returns the artifacts, each after what it was made from."""
    found: dict[int, None] = {}
    for it in graph.executions.values():
        found |= dict.fromkeys([*it.reads.values(), *([it.wrote] if it.wrote else [])])
    return found


def _span(layer: list[_Place]) -> float:
    return sum(place.width for place in layer) + _ACROSS * (len(layer) - 1)


def _escaped(text: str) -> str:
    """Escapes text for XML, which cannot contain control characters."""
    return html.escape(visible(text))


def _line(above: _Place, below: _Place, top: float) -> str:
    start, middle = top - _DOWN, top - _DOWN / 2
    return f"M{above.x:g} {start:g}C{above.x:g} {middle:g} {below.x:g} {middle:g} {below.x:g} {top:g}"


def _box(artifact: Artifact, maker: Execution | None, x: float, y: float) -> str:
    """Draws a box: which component made the artifact and whether in this run, its type, and a line about it."""
    head = artifact.type if maker is None else maker.component
    state = "" if maker is None else {"cached": "reused", "complete": "executed"}.get(maker.state, maker.state)
    kind = artifact.content[:12] if maker is None else f"{artifact.type} {artifact.content[:12]}"
    text = artifact.path if maker is None else maker.summary or ""
    colour = "var(--accent)" if state == "executed" else "var(--rule)"
    full = "\n".join(map(_escaped, (f"{artifact.type} {artifact.path}", artifact.content, text)))
    short = _escaped(text if len(text) <= _LETTERS else f"{text[: _LETTERS - 1]}\N{HORIZONTAL ELLIPSIS}")
    return (
        f'<g transform="translate({x:g} {y:g})"><title>{full}</title>'
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" rx="8" fill="var(--card)" stroke="{colour}" stroke-width="1.5"/>'
        f'<text x="12" y="21" fill="currentColor" font-weight="600" font-size="13">{_escaped(head)}</text>'
        f'<text x="{_WIDTH - 12}" y="21" text-anchor="end" fill="var(--quiet)">{state}</text>'
        f'<text x="12" y="39" fill="var(--quiet)">{_escaped(kind)}</text>'
        f'<text x="12" y="56" fill="currentColor">{short}</text></g>'
    )

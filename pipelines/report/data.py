"""What the report shows about the data: tables of the statistics, and small histograms as inline SVG."""

import html
from collections.abc import Mapping, Sequence
from typing import Any

_WIDTH, _HEIGHT = 256, 64
_CHANNELS = {"grey": "currentColor", "red": "#d0342c", "green": "#2f9e44", "blue": "#3b76e1"}
_MANY_LABELS = 40


def view(statistics: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what the template `data.html.j2` needs from the statistics.

    Args:
        statistics: the statistics that `statistics_gen` wrote.

    Returns:
        ``rows`` (one for each feature of a split), ``charts`` (title -> SVG) and ``near`` (one for each pair of
        splits).
    """
    rows, charts = [], {}
    for split, counts in statistics["splits"].items():
        for feature, images in counts["images"].items():
            if images["height"] is not None:
                rows.append([split, feature, counts["examples"], *_image_cells(images)])
                charts[f"{split}, {feature}: images by mean level"] = bars(images["brightness"])
                charts[f"{split}, {feature}: pixels by level"] = lines(images["colour"])
        labels = counts.get("labels")
        if labels and len(labels) <= _MANY_LABELS:
            charts[f"{split}: examples by label"] = bars(list(labels.values()), list(labels))
    near = [
        {
            "splits": " and ".join(dict.fromkeys(one["splits"])),
            "pairs": one["pairs"],
            "names": ", ".join(" = ".join(pair["names"]) for pair in one["nearest"][:3]),
        }
        for one in (statistics["near_duplicates"] or {"between": []})["between"]
    ]
    return {
        "rows": rows,
        "charts": {title: _named(svg, title) for title, svg in charts.items()},
        "near": near,
    }


def _image_cells(images: Mapping[str, Any]) -> list[str]:
    def span(sizes: Mapping[str, int]) -> str:
        low, high = sizes["min"], sizes["max"]
        return str(low) if low == high else f"{low} to {high}, median {sizes['median']}"

    levels = images["extremes"]["brightness"]
    return [
        span(images["height"]),
        span(images["width"]),
        ", ".join(f"{number:,} of {channels}" for channels, number in images["channels"].items()),
        f"{levels['smallest'][0][0]:.0f} to {levels['largest'][0][0]:.0f}",
    ]


def bars(counts: Sequence[int], names: Sequence[str] = ()) -> str:
    """Draws a histogram; pointing at a bar shows its count and its name."""
    step, top = _WIDTH / len(counts), max(counts) or 1
    drawn = []
    for number, count in enumerate(counts):
        height = _HEIGHT * count / top
        title = html.escape(f"{names[number]}: {count:,}" if names else f"{count:,}")
        drawn.append(
            f'<rect x="{number * step:.2f}" y="{_HEIGHT - height:.2f}" width="{step * 0.9:.2f}" '
            f'height="{height:.2f}"><title>{title}</title></rect>'
        )
    return _svg(f'<g fill="var(--accent)">{"".join(drawn)}</g>')


def lines(levels: Mapping[str, Sequence[int]]) -> str:
    """Draws the histograms of an image's channels, one line for each."""
    top = max((max(counts) for counts in levels.values()), default=0) or 1
    drawn = []
    for channel, counts in levels.items():
        step = _WIDTH / len(counts)
        points = " ".join(
            f"{(number + 0.5) * step:.2f},{_HEIGHT * (1 - count / top):.2f}" for number, count in enumerate(counts)
        )
        drawn.append(f'<polyline points="{points}" fill="none" stroke="{_CHANNELS[channel]}"/>')
    return _svg("".join(drawn))


def _named(svg: str, title: str) -> str:
    return svg.replace("<svg", f'<svg aria-label="{html.escape(title)}"', 1)


def _svg(inner: str) -> str:
    base = f'<path d="M0 {_HEIGHT}h{_WIDTH}" stroke="currentColor" stroke-opacity=".3"/>'
    return f'<svg role="img" viewBox="0 -2 {_WIDTH} {_HEIGHT + 4}">{inner}{base}</svg>'

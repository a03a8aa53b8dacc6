"""A page of clusters in one self-contained HTML file, with the images nearest to each centre."""

import base64
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2
from PIL import Image

import keras_genssl.pretext.codec as codec
from pipelines.beam import records
from pipelines.beam.shards import open_file
from pipelines.runtime.artifact import Artifact

_TEMPLATE = Path(__file__).with_suffix(".html.j2")
_SIDE = 96  # the longer side of a picture in pixels
_MOST = 200  # the most clusters that are shown; each adds some tens of kilobytes of pictures


def render(result: Mapping[str, Any], parameters: Mapping[str, Any], examples: Artifact | None, feature: str) -> str:
    """Renders the page as HTML text, the largest cluster first.

    Args:
        result: the result of `ClusterCounts`.
        parameters: the parameters of the clustering.
        examples: the examples with the pictures; None shows only names.
        feature: the feature of the examples with the image.
    """
    numbered = [{"number": number, **cluster} for number, cluster in enumerate(result["clusters"])]
    shown = sorted(numbered, key=lambda cluster: -cluster["size"])[:_MOST]
    wanted = {image["key"] for cluster in shown for image in cluster["nearest"]}
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATE.parent),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    return environment.get_template(_TEMPLATE.name).render(
        result=result,
        parameters=parameters,
        clusters=shown,
        pictures=pictures(examples, wanted, feature) if examples else {},
    )


def template() -> str:
    """Returns the text of the template, which is not Python and so not part of a code digest."""
    return _TEMPLATE.read_text(encoding="utf-8")


def pictures(examples: Artifact, keys: set[str], feature: str) -> dict[str, dict[str, Any]]:
    """Returns small pictures of some examples.

    Returns:
        Key -> `url` (a PNG as a data URL), `width` and `height`.
    """
    found = {}
    for part in examples.manifest["splits"].values():
        for shard in part["shards"]:
            with open_file(str(examples.path / shard["file"])) as file:
                for record in map(records.parse, records.read(file)):
                    key = record["key"].decode()
                    if key in keys and feature in record:
                        found[key] = _picture(record[feature])
    return found


def _picture(encoded: bytes) -> dict[str, Any]:
    image = Image.fromarray(codec.decode_image(encoded, codec.NO_LIMIT)[0])
    image.thumbnail((_SIDE, _SIDE))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    url = f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
    return {"url": url, "width": image.width, "height": image.height}

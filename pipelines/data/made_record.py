"""The record of an example that a preparation made."""

from collections.abc import Mapping
from typing import Any

import keras_genssl.pretext.codec as codec  # only this module: the component depends on no other part of `pretext`
from pipelines.beam.shards import Record
from pipelines.data.written import STACKS


def made_record(
    key: str,
    name: str,
    example: Mapping[str, Any],
    features: Mapping[str, str],
    label: Mapping[str, int],
    jpeg: int | None = None,
) -> Record:
    """Makes the record of an example, with images as PNG or JPEG and each stack of images as one strip of PNG.

    Args:
        key: the key of the record.
        name: the name of what it was made from.
        example: the example from the preparation.
        features: name -> kind, from the preparation.
        label: `label` if the record has one; otherwise empty.
        jpeg: the quality of images as JPEG; `None` for PNG.
    """
    values: dict[str, bytes | int] = {"key": key.encode(), "name": name.encode(), **label}
    facts: dict[str, int | str] = {**label}
    for feature, kind in features.items():
        value = example[feature]
        if kind in STACKS:
            values[feature] = codec.encode_png(value.reshape(-1, *value.shape[2:]))  # one below the other
            facts[f"{feature}_num"], facts[f"{feature}_height"], facts[f"{feature}_width"] = value.shape[:3]
        elif kind in ("image", "grey"):
            values[feature] = codec.encode_png(value) if jpeg is None else codec.encode_jpeg(value, jpeg)
            facts[f"{feature}_height"], facts[f"{feature}_width"] = value.shape[:2]
        elif kind == "int":
            values[feature] = facts[feature] = int(value)
        else:
            values[feature] = value.encode()
    return Record(values, facts)

"""What a preparation makes, as it is written."""

from collections.abc import Mapping
from typing import Any

import keras_genssl.pretext.codec as codec  # the module alone: this component depends on no other of `pretext`
from pipelines.beam.shards import Record
from pipelines.data.written import STACKS


def made_record(
    key: str, name: str, example: Mapping[str, Any], features: Mapping[str, str], label: Mapping[str, int]
) -> Record:
    """The record of an example, images as PNG, stacks of them as one strip.

    Args:
        key: of the record.
        name: of what it was made from.
        example: what a preparation made.
        features: name -> kind, of the preparation.
        label: `label`, where the record has one; else empty.
    """
    values: dict[str, bytes | int] = {"key": key.encode(), "name": name.encode(), **label}
    facts: dict[str, int | str] = {**label}
    for feature, kind in features.items():
        value = example[feature]
        if kind in STACKS:
            values[feature] = codec.encode_png(value.reshape(-1, *value.shape[2:]))  # one below the other
            facts[f"{feature}_num"], facts[f"{feature}_height"], facts[f"{feature}_width"] = value.shape[:3]
        elif kind in ("image", "grey"):
            values[feature] = codec.encode_png(value)
            facts[f"{feature}_height"], facts[f"{feature}_width"] = value.shape[:2]
        elif kind == "int":
            values[feature] = facts[feature] = int(value)
        else:
            values[feature] = value.encode()
    return Record(values, facts)

"""The schema of a data set: what its examples must contain, and the ranges of its images. A user may edit it."""

import os
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, Field, ValidationError, model_validator

from keras_genssl.pretext.names import canonical
from pipelines import located_yaml
from pipelines.data.statistics.counts import BINS
from pipelines.errors import UserError
from pipelines.section import Fraction, Section

_HEAD = """\
# What a data set's examples hold and what its images are like. Inferred from their statistics; edit it and give it
# back as data.schema. Ranges include their ends. Without `shares` nothing is said of drift.
"""


class Range(Section):
    """From ``min`` to ``max``, both included."""

    min: float
    max: float

    @model_validator(mode="after")
    def _it_is_one(self) -> "Range":
        if self.min > self.max:
            raise ValueError(f"`min` must not exceed `max`. Received: min={self.min:g}, max={self.max:g}")
        return self


class ImageRules(Section):
    """The ranges of a feature's images: pixels, channels, and the mean level (0 to 255) of an image."""

    height: Range
    width: Range
    channels: Annotated[list[Literal[1, 3]], Field(min_length=1)]
    brightness: Range


Name = Annotated[str, AfterValidator(canonical)]
Parts = Annotated[list[Fraction], Field(min_length=BINS, max_length=BINS)]


class Shares(Section):
    """How the examples of a split are distributed: by label, images by mean level, pixels by level of each channel.

    Attributes:
        labels: name -> share of the examples.
        brightness: feature -> shares, for bins of equal width.
        colour: feature -> channel -> shares.
    """

    labels: dict[Name, Fraction] = Field(default_factory=dict)
    brightness: dict[str, Parts] = Field(default_factory=dict)
    colour: dict[str, dict[str, Parts]] = Field(default_factory=dict)


class DataSchema(Section):
    """A validated schema.

    Attributes:
        features: name -> kind, for the features that every example must have.
        labels: the names of the classes, in their order; None if examples have no labels.
        images: feature -> its rules.
        shares: split -> its shares, from which drift is measured.
    """

    format: Literal[1]
    features: dict[str, Literal["text", "image", "grey", "label", "int"]] = Field(min_length=1)
    labels: list[Name] | None = None
    images: dict[str, ImageRules] = Field(default_factory=dict)
    shares: dict[str, Shares] = Field(default_factory=dict)


def dump(schema: DataSchema) -> str:
    """Returns the schema as YAML."""
    value = schema.model_dump(mode="json")
    return _HEAD + yaml.safe_dump(value, sort_keys=False, default_flow_style=None, width=120, allow_unicode=True)


def load(path: str | os.PathLike[str]) -> DataSchema:
    """Reads a schema.

    Raises:
        UserError: there is no such file, or something in it breaks a rule; each fault has its line.
    """
    path = Path(path).expanduser()
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise UserError(f"The schema {path} cannot be read: {reason}") from error
    value, places = located_yaml.parse(text, str(path))
    try:
        return DataSchema.model_validate(value)
    except ValidationError as error:
        raise UserError(*(_explain(dict(fault), places) for fault in error.errors())) from None


def _explain(fault: dict[str, Any], places: dict[located_yaml.Path, str]) -> str:
    path = tuple(fault["loc"])
    place = next(places[path[:end]] for end in range(len(path), -1, -1) if path[:end] in places)
    if fault["type"] == "value_error":
        return f"{place}: `{located_yaml.dotted(path)}`: {fault['ctx']['error']}"
    received = "" if fault["type"] == "missing" else f". Received: {fault['input']!r}"
    return f"{place}: `{located_yaml.dotted(path)}`: {fault['msg'][0].lower()}{fault['msg'][1:]}{received}"

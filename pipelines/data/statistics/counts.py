"""The counts of a shard's examples, and how the counts of shards are added."""

import collections
import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from PIL import Image

LEVELS = 256
BINS = 32  # the number of bins of every published histogram of levels
NAMES = 5  # the number of examples that are named for each finding
CHANNELS = {"L": ("grey",), "RGB": ("red", "green", "blue")}


@dataclasses.dataclass
class Names:
    """The first few names of examples with a finding, in the order of the examples."""

    names: list[str] = dataclasses.field(default_factory=list)

    def add(self, *names: str) -> None:
        """Keeps names while there is room."""
        self.names += names[: NAMES - len(self.names)]


@dataclasses.dataclass
class Extremes:
    """The examples with the smallest and the largest values, sorted by value and then by name."""

    smallest: list[tuple[float, str]] = dataclasses.field(default_factory=list)
    largest: list[tuple[float, str]] = dataclasses.field(default_factory=list)

    def add(self, value: float, name: str) -> None:
        """Keeps an example if it is among the first few."""
        self.merge([(value, name)], [(value, name)])

    def merge(self, smallest: Iterable[tuple[float, str]], largest: Iterable[tuple[float, str]]) -> None:
        """Keeps those of another shard's examples that are among the first few."""
        for value, name in smallest:
            if len(self.smallest) < NAMES or value <= self.smallest[-1][0]:
                self.smallest = sorted([*self.smallest, (value, name)])[:NAMES]
        for value, name in largest:
            if len(self.largest) < NAMES or value >= self.largest[-1][0]:
                self.largest = sorted([*self.largest, (value, name)], key=lambda one: (-one[0], one[1]))[:NAMES]


class ImageCounts:
    """Counts of one feature with images."""

    def __init__(self) -> None:
        self.height: collections.Counter[int] = collections.Counter()
        self.width: collections.Counter[int] = collections.Counter()
        self.channels: collections.Counter[int] = collections.Counter()
        self.brightness = np.zeros(LEVELS, np.int64)  # images by mean level
        self.colour: dict[str, np.ndarray] = {}  # channel -> pixels by level
        self.extremes = {name: Extremes() for name in ("height", "width", "brightness")}
        self.of_channels: dict[int, Names] = collections.defaultdict(Names)
        self.undecodable = Names()
        self.num_undecodable = 0

    def add(self, image: Image.Image, name: str) -> None:
        """Counts a decoded image of mode L or RGB."""
        width, height = image.size
        channels = CHANNELS[image.mode]
        histograms = np.array(image.histogram(), np.int64).reshape(len(channels), LEVELS)
        for channel, histogram in zip(channels, histograms, strict=True):
            self.colour[channel] = self.colour.get(channel, 0) + histogram
        luma = histograms[0] if len(channels) == 1 else np.array(image.convert("L").histogram(), np.int64)
        brightness = int(luma @ np.arange(LEVELS)) / (width * height)
        self.height[height] += 1
        self.width[width] += 1
        self.channels[len(channels)] += 1
        self.of_channels[len(channels)].add(name)
        self.brightness[int(brightness)] += 1
        for key, value in (("height", height), ("width", width), ("brightness", round(brightness, 3))):
            self.extremes[key].add(value, name)

    def state(self) -> dict[str, Any]:
        """Returns the counts as a JSON value for `merge`."""
        return {
            "height": sorted(self.height.items()),
            "width": sorted(self.width.items()),
            "channels": sorted(self.channels.items()),
            "brightness": self.brightness.tolist(),
            "colour": {channel: levels.tolist() for channel, levels in sorted(self.colour.items())},
            "extremes": {key: [extremes.smallest, extremes.largest] for key, extremes in self.extremes.items()},
            "of_channels": [[channels, names.names] for channels, names in sorted(self.of_channels.items())],
            "undecodable": self.undecodable.names,
            "num_undecodable": self.num_undecodable,
        }

    def merge(self, state: Mapping[str, Any]) -> None:
        """Adds the `state` of a later shard."""
        for key in ("height", "width", "channels"):
            getattr(self, key).update(dict(map(tuple, state[key])))
        self.brightness += state["brightness"]
        for channel, levels in state["colour"].items():
            self.colour[channel] = self.colour.get(channel, 0) + np.array(levels, np.int64)
        for key, (smallest, largest) in state["extremes"].items():
            self.extremes[key].merge(map(tuple, smallest), map(tuple, largest))
        for channels, names in state["of_channels"]:
            self.of_channels[channels].add(*names)
        self.undecodable.add(*state["undecodable"])
        self.num_undecodable += state["num_undecodable"]


class SplitCounts:
    """Counts of the examples of a split, or of a shard of it.

    Args:
        features: name -> kind, as in `written.Dataset`.
    """

    def __init__(self, features: Mapping[str, str]) -> None:
        self.examples = 0
        self.images = {name: ImageCounts() for name, kind in features.items() if kind in ("image", "grey")}
        self.present: collections.Counter[str] = collections.Counter()
        self.missing = {name: Names() for name in features}
        self.labels: collections.Counter[int] = collections.Counter()
        self.of_label: dict[int, Names] = collections.defaultdict(Names)

    def add(self, present: Iterable[str], label: int | None, name: str) -> None:
        """Counts an example: which features it has, and its label."""
        self.examples += 1
        held = set(present)
        for feature, without in self.missing.items():
            if feature in held:
                self.present[feature] += 1
            else:
                without.add(name)
        if label is not None:
            self.labels[label] += 1
            self.of_label[label].add(name)

    def state(self) -> dict[str, Any]:
        """Returns the counts as a JSON value for `merge`."""
        return {
            "examples": self.examples,
            "images": {name: counts.state() for name, counts in self.images.items()},
            "present": dict(self.present),
            "missing": {name: without.names for name, without in self.missing.items()},
            "labels": sorted(self.labels.items()),
            "of_label": [[label, names.names] for label, names in sorted(self.of_label.items())],
        }

    def merge(self, state: Mapping[str, Any]) -> None:
        """Adds the `state` of a later shard."""
        self.examples += state["examples"]
        for name, counts in state["images"].items():
            self.images[name].merge(counts)
        self.present.update(state["present"])
        for name, without in state["missing"].items():
            self.missing[name].add(*without)
        self.labels.update(dict(map(tuple, state["labels"])))
        for label, names in state["of_label"]:
            self.of_label[label].add(*names)

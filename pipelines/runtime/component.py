"""What a component is, told apart from how it works: its name, what it reads and what it makes."""

import dataclasses
import enum
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol


class Kind(enum.StrEnum):
    """The types of artifacts."""

    IMAGES = "Images"
    EXAMPLES = "Examples"
    STATISTICS = "Statistics"
    SCHEMA = "Schema"
    ANOMALIES = "Anomalies"
    PREPARED = "PreparedData"
    EMBEDDINGS = "Embeddings"
    CLUSTERS = "Clusters"
    WEIGHTS = "ModelWeights"
    EVALUATION = "Evaluation"
    SAVED_MODEL = "SavedModel"
    CHECK = "InfraCheck"
    PUSHED = "PushedModel"


@dataclasses.dataclass(frozen=True)
class Component:
    """The spec of a component; the module that declares it also holds the function that executes it.

    Attributes:
        name: in the console, the report and the metadata.
        reads: name -> type of artifact.
        makes: the type of the one artifact that it makes.
    """

    name: str
    reads: Mapping[str, Kind]
    makes: Kind


@dataclasses.dataclass(frozen=True)
class Source:
    """What comes from outside; no component of this run made it.

    Attributes:
        kind: its type.
        path: where it lies, or what it is called.
        content: the digest of its content, by which lineage finds the run that made it; without it what the reader
            says of all its inputs.
    """

    kind: Kind
    path: str
    content: str | None = None


class Made(Protocol):
    """What executing a component gives: an artifact, and what it was made from.

    Attributes:
        path: the directory.
        reused: it was there already, and nothing was executed.
        content: the digest of the content.
        inputs: what was read, as a JSON value of digests.
        parameters: what it was made with, as a JSON value.
        code: the digest of the code.
    """

    @property
    def path(self) -> Path: ...
    @property
    def reused(self) -> bool: ...
    @property
    def content(self) -> str: ...
    @property
    def inputs(self) -> dict[str, Any]: ...
    @property
    def parameters(self) -> dict[str, Any]: ...
    @property
    def code(self) -> str: ...


@dataclasses.dataclass(frozen=True)
class Step:
    """What a run says of one component.

    Attributes:
        name: the component.
        reused: it was found, not executed.
        seconds: that it took in this run.
        summary: one line on what it made.
    """

    name: str
    reused: bool
    seconds: float
    summary: str

"""The declaration of a component, apart from its implementation: its name, what it reads and what it makes."""

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
    """The declaration of a component. The module with the declaration also contains the function that executes it.

    Attributes:
        name: its name in the console, the report and the metadata.
        reads: name -> type of artifact.
        makes: the type of the one artifact that it makes.
    """

    name: str
    reads: Mapping[str, Kind]
    makes: Kind


@dataclasses.dataclass(frozen=True)
class Source:
    """Something from outside, which no component of this run made.

    Attributes:
        kind: its type.
        path: its path or name.
        content: the digest of its content, by which lineage finds the run that made it; None uses the digest
            of all inputs of the component that reads it.
    """

    kind: Kind
    path: str
    content: str | None = None


class Made(Protocol):
    """The result of a component: an artifact, and what it was made from.

    Attributes:
        path: the directory.
        reused: whether it was there already, so that nothing was executed.
        content: the digest of the content.
        inputs: what was read, as a JSON value of digests.
        parameters: the parameters that it was made with, as a JSON value.
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
    """What a run reports about one component.

    Attributes:
        name: the component.
        reused: whether the result was found and not computed.
        seconds: the time that it took in this run.
        summary: one line about the result.
    """

    name: str
    reused: bool
    seconds: float
    summary: str

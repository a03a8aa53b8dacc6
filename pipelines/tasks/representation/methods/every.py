"""The methods of representation."""

from typing import Annotated

from pydantic import Field

from pipelines.tasks.representation.methods.colour import AnyColour
from pipelines.tasks.representation.methods.contrastive import (
    BYOL,
    BarlowTwins,
    InstanceDiscrimination,
    MoCo,
    SimCLR,
    SimSiam,
    VICReg,
)
from pipelines.tasks.representation.methods.metric_learning import (
    EmbeddingModel,
    PairEmbeddingModel,
    TripletEmbeddingModel,
)
from pipelines.tasks.representation.methods.patches import CPC, Jigsaw, RelativePosition
from pipelines.tasks.representation.methods.pretext import AdversarialContextEncoder, ContextEncoder, Rotation

_Contrastive = SimCLR | MoCo | InstanceDiscrimination | BYOL | SimSiam | BarlowTwins | VICReg
_Pretext = Rotation | ContextEncoder | AdversarialContextEncoder | RelativePosition | Jigsaw | CPC
_MetricLearning = EmbeddingModel | PairEmbeddingModel | TripletEmbeddingModel

AnyMethod = Annotated[_Contrastive | _Pretext | AnyColour | _MetricLearning, Field(discriminator="method")]

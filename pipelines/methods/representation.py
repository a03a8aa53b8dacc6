"""The methods of representation."""

from typing import Annotated

from pydantic import Field

from pipelines.methods.contrastive import BYOL, BarlowTwins, InstanceDiscrimination, MoCo, SimCLR, SimSiam, VICReg
from pipelines.methods.metric_learning import EmbeddingModel
from pipelines.methods.patches import CPC, Jigsaw, RelativePosition
from pipelines.methods.pretext import AdversarialContextEncoder, ContextEncoder, Rotation

AnyMethod = Annotated[
    SimCLR
    | MoCo
    | InstanceDiscrimination
    | BYOL
    | SimSiam
    | BarlowTwins
    | VICReg
    | Rotation
    | ContextEncoder
    | AdversarialContextEncoder
    | RelativePosition
    | Jigsaw
    | CPC
    | EmbeddingModel,
    Field(discriminator="method"),
]

"""The methods of representation."""

from typing import Annotated

from pydantic import Field

from pipelines.methods.contrastive import BYOL, BarlowTwins, InstanceDiscrimination, MoCo, SimCLR, SimSiam, VICReg
from pipelines.methods.metric_learning import EmbeddingModel
from pipelines.methods.pretext import AnyPretext

AnyMethod = Annotated[
    SimCLR | MoCo | InstanceDiscrimination | BYOL | SimSiam | BarlowTwins | VICReg | AnyPretext | EmbeddingModel,
    Field(discriminator="method"),
]

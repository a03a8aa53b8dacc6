"""The methods of representation."""

from typing import Annotated

from pydantic import Field

from pipelines.methods.colour import AnyColour
from pipelines.methods.contrastive import BYOL, BarlowTwins, InstanceDiscrimination, MoCo, SimCLR, SimSiam, VICReg
from pipelines.methods.metric_learning import EmbeddingModel
from pipelines.methods.pretext import AnyPretext

_Contrastive = SimCLR | MoCo | InstanceDiscrimination | BYOL | SimSiam | BarlowTwins | VICReg

AnyMethod = Annotated[_Contrastive | AnyPretext | AnyColour | EmbeddingModel, Field(discriminator="method")]

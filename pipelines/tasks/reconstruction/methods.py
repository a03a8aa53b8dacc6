"""The methods of reconstruction."""

from typing import Annotated

from pydantic import Field

from pipelines.tasks.reconstruction.autoencoders import (
    Autoencoder,
    ContractiveAutoencoder,
    DenoisingAutoencoder,
    RedundantAutoencoder,
    SparseAutoencoder,
)

AnyMethod = Annotated[
    Autoencoder | SparseAutoencoder | RedundantAutoencoder | ContractiveAutoencoder | DenoisingAutoencoder,
    Field(discriminator="method"),
]

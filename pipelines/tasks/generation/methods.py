"""The methods of generation."""

from typing import Annotated

from pydantic import Field

from pipelines.tasks.generation.gans import ACGAN, DCGAN, GAN, SNGAN, WGANGP, ConditionalGAN
from pipelines.tasks.reconstruction.autoencoders import VAE

AnyMethod = Annotated[GAN | DCGAN | WGANGP | SNGAN | ConditionalGAN | ACGAN | VAE, Field(discriminator="method")]

"""The methods of generation."""

from typing import Annotated

from pydantic import Field

from pipelines.methods.autoencoders import VAE
from pipelines.methods.gans import ACGAN, DCGAN, GAN, SNGAN, WGANGP, ConditionalGAN

AnyMethod = Annotated[GAN | DCGAN | WGANGP | SNGAN | ConditionalGAN | ACGAN | VAE, Field(discriminator="method")]

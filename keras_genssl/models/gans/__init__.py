"""Generative adversarial networks: latents in, images out.

Guide: docs/generative.md. `GAN` takes any adversarial loss, penalty and network.
"""

from keras_genssl.models.gans.acgan import ACGAN
from keras_genssl.models.gans.conditional_gan import ConditionalGAN
from keras_genssl.models.gans.dcgan import DCGAN
from keras_genssl.models.gans.gan import GAN
from keras_genssl.models.gans.sngan import SNGAN
from keras_genssl.models.gans.wgan_gp import WGANGP

__all__ = ["ACGAN", "DCGAN", "GAN", "SNGAN", "WGANGP", "ConditionalGAN"]

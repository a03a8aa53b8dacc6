"""Generative adversarial networks: latents in, images out.

Guide: docs/generative.md; discriminators that are autoencoders: docs/energy_gans.md. `GAN` takes any adversarial loss,
penalty and network.
"""

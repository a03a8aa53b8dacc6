"""Generative adversarial networks: latents in, images out.

Guide: docs/generative.md; of `ProgressiveGAN` docs/progressive_growing.md. `GAN` takes any adversarial loss, penalty
and network.
"""

"""Generative adversarial networks: latents in, images out.

Guide: docs/generative.md; of styles docs/style.md. `GAN` takes any adversarial loss, penalty and network.
"""

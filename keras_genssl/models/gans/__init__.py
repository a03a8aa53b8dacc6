"""Generative adversarial networks: latents in, images out.

Guide: docs/generative.md; images of a given class: docs/class_conditional.md. `GAN` takes any adversarial loss, penalty
and network.
"""

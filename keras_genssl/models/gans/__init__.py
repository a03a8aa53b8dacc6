"""Generative adversarial networks: latents in, images out.

Guide: docs/generative.md; from few labels docs/semi_supervised_gan.md; in pairs docs/coupled_gans.md.
`GAN` takes any adversarial loss, penalty and network.
"""

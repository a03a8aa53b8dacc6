"""Generative adversarial networks: latents in, images out.

Guide: docs/generative.md. `GAN` takes any adversarial loss, penalty and network. Images of a given class:
docs/class_conditional.md; growing from small images to large ones: docs/progressive_growing.md; styles: docs/style.md;
discriminators that are autoencoders: docs/energy_gans.md; from few labels: docs/semi_supervised_gan.md; in pairs:
docs/coupled_gans.md; `AnoGAN` and `FAnoGAN`, which detect anomalies: docs/anomaly.md; `AdversarialTerm`, a GAN as an
additional loss: docs/adversarial_term.md.
"""

"""Autoencoders: images to codes and back.

Guide: docs/generative.md; of codes that follow a prior docs/adversarial_autoencoders.md. Each is compared with PCA of
the same code size, the VAE with probabilistic PCA.
`benchmarks/anomaly.py` measures anomaly detection, `benchmarks/autoencoder_gallery.py` retrieval.
"""

"""Autoencoders: images to codes and back.

Guide: docs/generative.md. Each is measured beside PCA of the same size of code, the VAE beside probabilistic PCA.
`benchmarks/anomaly.py` measures anomaly detection, `benchmarks/autoencoder_gallery.py` retrieval.
"""

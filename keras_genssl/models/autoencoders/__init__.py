"""Autoencoders: images to codes and back.

Guide: docs/generative.md. Each is measured beside PCA of the same size of code, the VAE beside probabilistic PCA.
`benchmarks/anomaly.py` measures anomaly detection, `benchmarks/autoencoder_gallery.py` retrieval.
"""

from keras_genssl.models.autoencoders.autoencoder import Autoencoder
from keras_genssl.models.autoencoders.contractive_autoencoder import ContractiveAutoencoder
from keras_genssl.models.autoencoders.denoising_autoencoder import DenoisingAutoencoder
from keras_genssl.models.autoencoders.redundant_autoencoder import RedundantAutoencoder
from keras_genssl.models.autoencoders.sparse_autoencoder import SparseAutoencoder
from keras_genssl.models.autoencoders.vae import VAE

__all__ = [
    "VAE",
    "Autoencoder",
    "ContractiveAutoencoder",
    "DenoisingAutoencoder",
    "RedundantAutoencoder",
    "SparseAutoencoder",
]

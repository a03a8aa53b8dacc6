"""The sparse autoencoder: only a few units of a code are active at a time."""

from typing import Any

import keras

from keras_genssl.engine import replicas
from keras_genssl.losses import Sparsity
from keras_genssl.models.autoencoders.base import PixelAutoencoder, last_activation

PROBABILITIES = ("sigmoid", "hard_sigmoid", "softmax")


@keras.saving.register_keras_serializable(package="keras_genssl")
class SparseAutoencoder(PixelAutoencoder):
    """An autoencoder with a penalty on the activations of its code, which may be wider than the image.

    Minimises `loss(x, decoder(code)) + sparsity(code)`. The penalty is the absolute activations (the lectures' first
    idea to keep an autoencoder from learning the identity) or the divergence of their means from rho (A. Ng, CS294A
    lecture notes). Means are over the global batch, with exact gradients, so N replicas train like one device.

    Reference:
        - Ng, CS294A lecture notes, Sparse autoencoder

    Args:
        encoder: A built network of images `(batch, h, w, c)` in [-1, 1] to codes `(batch, code_dim)`.
        decoder: A built network of codes to images.
        sparsity: `losses.L1Sparsity` or `losses.KLSparsity`; the latter needs `code_activation="sigmoid"`.
        loss: A `keras.losses.Loss` on images in [-1, 1]; by default the mean squared error.
        name: The model's name.

    Raises:
        ValueError: If a network is not built, the two do not fit together, or the penalty needs codes in [0, 1]
            and the encoder's last activation does not give them.

    Example:

        encoder = kg.backbones.dense_encoder(256, code_activation="sigmoid")
        sparsity = kg.losses.KLSparsity(rho=0.05, weight=1e-2)
        model = kg.models.SparseAutoencoder(encoder, kg.backbones.dense_decoder(256), sparsity)
        model.compile("adam")
        model.fit(images, epochs=10)
    """

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        sparsity: Sparsity,
        *,
        loss: keras.losses.Loss | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(encoder, decoder, loss=loss, name=name)
        activation = last_activation(encoder)
        if sparsity.needs_probabilities and activation not in (*PROBABILITIES, None):
            raise ValueError(
                '`sparsity` needs codes in [0, 1]: give the encoder `code_activation="sigmoid"`. '
                f"Received: an encoder whose last activation is {activation!r}"
            )
        self.sparsity = sparsity

    def example_losses(self, x: Any, y: Any, y_pred: Any) -> Any:
        """The image loss and the penalty of each example, `(batch,)`."""
        codes = keras.ops.cast(y_pred["code"], keras.config.floatx())
        return super().example_losses(x, y, y_pred) + self.sparsity(codes, replicas.all_gather)

"""The contractive autoencoder: a code that changes little when the image changes."""

from typing import Any

import keras
from keras import ops

from keras_genssl.checks.numbers import finite
from keras_genssl.engine import batches, input_gradient, replicas
from keras_genssl.models.autoencoders.base import PixelAutoencoder


@keras.saving.register_keras_serializable(package="keras_genssl")
class ContractiveAutoencoder(PixelAutoencoder):
    """The contractive autoencoder (Rifai et al., 2011).

    Minimises `loss(x, decoder(code)) + weight * |J|^2` with the Frobenius norm of the Jacobian J = d code / d x.
    The paper computes |J|^2 in closed form for one sigmoid layer. This class takes any encoder and uses the unbiased
    estimate `|v^T J|^2`, where v holds one random sign for each unit of the code (Hutchinson, 1990,
    doi:10.1080/03610919008812866). It costs one more backward pass, not one for each unit.

    Reference:
        - Rifai et al. 2011, [Contractive Auto-Encoders](https://icml.cc/2011/papers/455_icmlpaper.pdf)

    Args:
        encoder: A built network of images `(batch, h, w, c)` in [-1, 1] to codes `(batch, code_dim)`.
        decoder: A built network of codes to images.
        weight: The weight of the norm, at least 0.
        loss: A `keras.losses.Loss` on images in [-1, 1]; by default the mean squared error.
        name: The model's name.

    Raises:
        ValueError: If a network is not built, the two do not fit together, or the weight is negative.

    Example:

        encoder = kg.backbones.dense_encoder(64, units=(), code_activation="sigmoid")
        model = kg.models.ContractiveAutoencoder(encoder, kg.backbones.dense_decoder(64), weight=1e-2)
        model.compile("adam")
        model.fit(images, epochs=10)
    """

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        *,
        weight: float = 1e-2,
        loss: keras.losses.Loss | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(encoder, decoder, loss=loss, name=name)
        self.weight = finite("weight", weight, 0)
        self.seed = keras.random.SeedGenerator()

    def example_losses(self, x: Any, y: Any, y_pred: Any) -> Any:
        """The image loss and the weighted norm of each example, `(batch,)`."""
        return super().example_losses(x, y, y_pred) + self.weight * self.jacobian_norm(x)

    def jacobian_norm(self, images: Any) -> Any:
        """An unbiased estimate of `|d code / d x|^2` for images, uint8 or in [-1, 1], in inference mode: `(batch,)`."""
        images = batches.scaled(images)
        size = ops.shape(images)[0]
        signs = ops.sign(replicas.uniform((size, self.encoder.output_shape[1]), self.seed, -1.0, 1.0) + 1e-12)
        slope = input_gradient(
            lambda x: ops.cast(self.encoder(x, training=False), keras.config.floatx()) * signs, images
        )
        return ops.sum(ops.square(slope), axis=tuple(range(1, len(images.shape))))

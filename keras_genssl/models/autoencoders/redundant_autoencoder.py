"""The redundant autoencoder: dropout on the code."""

from typing import Any

import keras
from keras import ops

from keras_genssl.engine import replicas
from keras_genssl.models.autoencoders.base import PixelAutoencoder


@keras.saving.register_keras_serializable(package="keras_genssl")
class RedundantAutoencoder(PixelAutoencoder):
    """An autoencoder with dropout on its code, which must therefore hold all information more than once.

    Minimises `loss(x, decoder(dropout(encoder(x))))`: the lectures' second idea to keep an autoencoder with a wide code
    from learning the identity. Dropout is that of Srivastava et al., 2014: in training, each unit is dropped with
    probability `rate`, and the others are divided by `1 - rate`.

    Reference:
        - dropout on the code: Srivastava et al. 2014, [Dropout](https://jmlr.org/papers/v15/srivastava14a.html)

    Args:
        encoder: A built network of images `(batch, h, w, c)` in [-1, 1] to codes `(batch, code_dim)`.
        decoder: A built network of codes to images.
        rate: The share of units dropped, in [0, 1).
        loss: A `keras.losses.Loss` on images in [-1, 1]; by default the mean squared error.
        name: The model's name.

    Raises:
        ValueError: If a network is not built, the two do not fit together, or the rate is outside its range.

    Example:

        model = kg.models.RedundantAutoencoder(kg.backbones.dense_encoder(512), kg.backbones.dense_decoder(512))
        model.compile("adam")
        model.fit(images, epochs=10)
    """

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        *,
        rate: float = 0.5,
        loss: keras.losses.Loss | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(encoder, decoder, loss=loss, name=name)
        if not 0 <= rate < 1:
            raise ValueError(f"`rate` must lie in [0, 1). Received: rate={rate}")
        self.rate = float(rate)
        self.seed = keras.random.SeedGenerator()

    def call(self, images: Any, training: bool = False) -> dict[str, Any]:
        """Returns `image`, the decoder's output before clipping, and `code`, before dropout."""
        codes = self.encoder(images, training=training)
        kept = self._dropped(codes) if training else codes
        return {"image": self.decoder(kept, training=training), "code": codes}

    def _dropped(self, codes: Any) -> Any:
        # Not keras.layers.Dropout: its masks would depend on the number of replicas.
        draw = replicas.uniform(ops.shape(codes), self.seed)
        return ops.where(draw < self.rate, ops.zeros_like(codes), codes / (1.0 - self.rate))

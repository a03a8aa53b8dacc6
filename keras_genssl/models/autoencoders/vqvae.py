"""The VQ-VAE: an autoencoder with a map of integers as its code."""

from collections.abc import Sequence
from typing import Any

import keras

from keras_genssl.engine.networks import require_built, require_match
from keras_genssl.layers import Quantizer
from keras_genssl.models.autoencoders.quantized_base import Level, QuantizedAutoencoder, require_quantizer_takes


@keras.saving.register_keras_serializable(package="keras_genssl")
class VQVAE(QuantizedAutoencoder):
    """The vector-quantized autoencoder (van den Oord et al., 2017).

    The encoder makes a map of vectors, the quantizer replaces each by one of K codes, the decoder makes an image of the
    map of codes. Minimises `mean |x - decoded|^2 / variance` plus the quantizer's penalty; gradients of the decoder
    pass straight through the quantizer to the encoder. With `layers.VectorQuantizer` the codes are learnt
    (`engine.Codebook`); with `layers.FiniteScalarQuantizer` there is nothing to learn. `models.CodeGenerator` adds a
    prior over the codes, from which images are sampled. The error is divided by the variance as in the authors' code.

    Reference:
        - van den Oord et al. 2017, [Neural Discrete Representation Learning](https://arxiv.org/abs/1711.00937)
        - finite scalar quantization: Mentzer et al. 2023, [Finite Scalar Quantization: VQ-VAE Made
          Simple](https://arxiv.org/abs/2309.15505)

    Args:
        encoder: A built network of images `(batch, H, W, c)` in [-1, 1] to vectors `(batch, h, w, dim)`.
        decoder: A built network of codes `(batch, h, w, dim)` to images.
        quantizer: A `layers.Quantizer` of vectors of length `dim`.
        variance: The variance of the pixels in [-1, 1], positive; 1 leaves the squared error as it is.
        name: The model's name.

    Raises:
        ValueError: If a network is not built, the three do not fit together, or the variance is not positive.

    Example:

        encoder, decoder = kg.backbones.vqvae_encoder(16), kg.backbones.vqvae_decoder(16)
        model = kg.models.VQVAE(encoder, decoder, kg.layers.VectorQuantizer(num_codes=64, dim=16))
        model.compile("adam")
        model.fit(images, epochs=10)
        codes = model.encode(images)  # integers (num, 7, 7)
    """

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        quantizer: Quantizer,
        *,
        variance: float = 1.0,
        name: str | None = None,
    ) -> None:
        require_built(encoder=encoder, decoder=decoder)
        shape = require_quantizer_takes("quantizer", quantizer, "encoder", encoder)
        require_match("encoder", encoder.output_shape, "decoder", decoder.input_shape)
        require_match("decoder", decoder.output_shape, "encoder", encoder.input_shape)
        super().__init__(encoder, {"quantizer": quantizer}, [shape], variance, name=name)
        self.encoder = encoder
        self.decoder = decoder
        self.quantizer = quantizer

    def levels(self, images: Any, training: bool = False) -> tuple[Level, ...]:
        return (self.quantized(0, self.encoder(images, training=training), training),)

    def decoded(self, codes: Sequence[Any], training: bool = False) -> Any:
        return self.decoder(codes[0], training=training)

    def encode(self, images: Any) -> Any:
        """The indices of codes: `(batch, H, W, c)`, uint8 or float32 in [-1, 1], to int32 `(batch, h, w)`."""
        return self.code_maps(images)[0]

    def decode(self, codes: Any) -> Any:
        """Images: integers `(batch, h, w)` to `(batch, H, W, c)` in [-1, 1].

        Raises:
            ValueError: If there are no codes, they are no integers, or they have another size.
            RuleError: When run, if one is not in [0, num_codes).
        """
        return self.from_code_maps([codes])

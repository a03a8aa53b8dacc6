"""VQ-VAE-2: a coarse map of codes for what an image shows, and a finer one for how it looks."""

from collections.abc import Sequence
from typing import Any

import keras

from keras_genssl.engine.networks import require_built, require_inputs
from keras_genssl.layers import Quantizer
from keras_genssl.models.autoencoders.quantized_base import Level, QuantizedAutoencoder, require_quantizer_takes


@keras.saving.register_keras_serializable(package="keras_genssl")
class VQVAE2(QuantizedAutoencoder):
    """VQ-VAE-2 (Razavi et al., 2019): two levels of codes, `top` over `bottom`.

    The encoder makes features of the image, of which the top's encoder makes a map of half their size, which is
    quantized. The merger joins the features to the top's codes and makes the bottom's vectors of both, so the bottom
    tells only what the top has left out. The decoder makes the image of both maps of codes. The loss is that of
    `VQVAE`, with a penalty for each level. `models.CodeGenerator` adds priors: over the top, and over the bottom given
    the top.

    Reference:
        - Razavi et al. 2019, [Generating Diverse High-Fidelity Images with
          VQ-VAE-2](https://arxiv.org/abs/1906.00446)

    Args:
        encoder: A built network of images `(batch, H, W, c)` in [-1, 1] to features `(batch, h, w, d)`.
        top_encoder: A built network of features to vectors of the top, `(batch, h / 2, w / 2, top dim)`.
        merger: A built network of `[features, codes of the top]` to vectors of the bottom, `(batch, h, w, bottom dim)`
            (`backbones.vqvae2_merger`).
        decoder: A built network of `[codes of the top, codes of the bottom]` to images (`backbones.vqvae2_decoder`).
        top_quantizer: A `layers.Quantizer` of the top.
        bottom_quantizer: A `layers.Quantizer` of the bottom.
        variance: The variance of the pixels in [-1, 1], positive; 1 leaves the squared error as it is.
        name: The model's name.

    Raises:
        ValueError: If a network is not built, the parts do not fit together, or the variance is not positive.

    Example:

        model = kg.models.VQVAE2(
            kg.backbones.vqvae_encoder(64, 64, halvings=1),
            kg.backbones.vqvae_encoder(16, 64, halvings=1, input_shape=(14, 14, 64)),
            kg.backbones.vqvae2_merger(16, 64, top_shape=(7, 7, 16), features=64),
            kg.backbones.vqvae2_decoder(16, 16, 64, halvings=1),
            top_quantizer=kg.layers.VectorQuantizer(64, 16),
            bottom_quantizer=kg.layers.VectorQuantizer(64, 16),
        )
        model.compile("adam")
        model.fit(images, epochs=10)
        top, bottom = model.encode(images)  # integers (num, 7, 7) and (num, 14, 14)
    """

    level_names = ("top", "bottom")

    def __init__(
        self,
        encoder: keras.Model,
        top_encoder: keras.Model,
        merger: keras.Model,
        decoder: keras.Model,
        top_quantizer: Quantizer,
        bottom_quantizer: Quantizer,
        *,
        variance: float = 1.0,
        name: str | None = None,
    ) -> None:
        require_built(encoder=encoder, top_encoder=top_encoder, merger=merger, decoder=decoder)
        top = require_quantizer_takes("top_quantizer", top_quantizer, "top_encoder", top_encoder)
        bottom = require_quantizer_takes("bottom_quantizer", bottom_quantizer, "merger", merger)
        features = tuple(encoder.output_shape[1:])
        require_inputs("top_encoder", top_encoder, features)
        require_inputs("merger", merger, features, (*top, top_quantizer.dim))
        require_inputs("decoder", decoder, (*top, top_quantizer.dim), (*bottom, bottom_quantizer.dim))
        if tuple(decoder.output_shape) != tuple(encoder.input_shape):
            raise ValueError(
                "`decoder` must give images of the shape that `encoder` takes. Received: a decoder with output shape "
                f"{decoder.output_shape} and an encoder with input shape {encoder.input_shape}"
            )
        quantizers = {"top_quantizer": top_quantizer, "bottom_quantizer": bottom_quantizer}
        super().__init__(encoder, quantizers, [top, bottom], variance, name=name)
        self.encoder = encoder
        self.top_encoder = top_encoder
        self.merger = merger
        self.decoder = decoder
        self.top_quantizer = top_quantizer
        self.bottom_quantizer = bottom_quantizer

    def levels(self, images: Any, training: bool = False) -> tuple[Level, ...]:
        features = self.encoder(images, training=training)
        top = self.quantized(0, self.top_encoder(features, training=training), training)
        bottom = self.quantized(1, self.merger([features, top.codes], training=training), training)
        return top, bottom

    def decoded(self, codes: Sequence[Any], training: bool = False) -> Any:
        return self.decoder(list(codes), training=training)

    def encode(self, images: Any) -> tuple[Any, ...]:
        """The indices of codes: `(batch, H, W, c)`, uint8 or float32 in [-1, 1], to `top` and `bottom`, int32."""
        return self.code_maps(images)

    def decode(self, top: Any, bottom: Any) -> Any:
        """Images: integers `(batch, h / 2, w / 2)` and `(batch, h, w)` to `(batch, H, W, c)` in [-1, 1].

        Raises:
            ValueError: If there are no codes, they are no integers, or they have another size.
            RuleError: When run, if one is not in [0, num_codes).
        """
        return self.from_code_maps([top, bottom])

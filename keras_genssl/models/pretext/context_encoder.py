"""The context encoder: fill in the hidden region of an image."""

from typing import Any

import keras

from keras_genssl.engine import Kind, Serving
from keras_genssl.engine.shapes import same_shape
from keras_genssl.models.pretext import inpainting_base as inpainting
from keras_genssl.models.representation import RepresentationMethod


@keras.saving.register_keras_serializable(package="keras_genssl")
class ContextEncoder(RepresentationMethod):
    """Predicts the hidden pixels of an image from those around them (Pathak et al., 2016).

    `loss = mean_p w_p (x_p - decoder(encoder(masked))_p)²` over the predicted pixels p. These are the hidden pixels,
    with w = 1, and the visible pixels within `overlap` of them, with w = `overlap_weight`, so that the painted region
    fits its surroundings. The paper learns features with this loss; `AdversarialContextEncoder` adds an adversarial
    loss for sharp paintings. The paper's overlap is 4 of 128 pixels.

    Deviations: the decoder makes whole images for every kind of mask, and pixels beyond the overlap do not count in the
    loss. Features are the encoder's vectors, and dense layers of the decoder replace the paper's channel-wise ones.

    Batches hold `masked` and `image` (`(batch, h, w, c)`, uint8 or float in [-1, 1]), and `mask` (`(batch, h, w, 1)`,
    of any dtype, positive where pixels are hidden), as `pretext.center_masked` and `pretext.block_masked` make them.
    Metrics of `compile` compare whole images with the decoder's images.

    Reference:
        - Pathak et al. 2016, [Context Encoders: Feature Learning by Inpainting](https://arxiv.org/abs/1604.07379)

    Args:
        encoder: A built network of images `(batch, h, w, c)` in [-1, 1] to features `(batch, dim)`.
        decoder: A built network of these features to images `(batch, h, w, c)`, such as
            `backbones.convolutional_decoder`.
        overlap: The width, in pixels, of the border around the hidden region that is predicted too; at least 0.
        overlap_weight: The weight of this border in the loss, at least 0.
        name: The model's name.

    Raises:
        ValueError: If a network is not built, the two do not fit together, or a number is out of its range.

    Example:

        model = kg.models.ContextEncoder(
            kg.backbones.small_encoder((28, 28, 1)), kg.backbones.convolutional_decoder(128), overlap=1
        )
        model.compile("adam")
        model.fit(kg.data.load("fashion_mnist", batch_size=256, transform=kg.pretext.block_masked), epochs=3)
    """

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        *,
        overlap: int = 4,
        overlap_weight: float = 10.0,
        name: str | None = None,
    ) -> None:
        inpainting.require_painter(encoder, decoder)
        inpainting.require_overlap(overlap, overlap_weight)
        super().__init__(encoder, name=name)
        self.decoder = decoder
        self.overlap = overlap
        self.overlap_weight = overlap_weight

    def inputs(self) -> dict[str, Kind]:
        """The masked image, the whole image, and the mask."""
        return inpainting.inputs(self.encoder)

    def split_inputs(self, batch: dict[str, Any]) -> tuple[Any, Any]:
        """The masked images; and the whole images and masks, if they are given."""
        return batch["masked"], {name: batch[name] for name in ("image", "mask") if name in batch}

    def call(self, masked: Any, training: bool = False) -> Any:
        """The decoder's output before clipping."""
        return self.decoder(self.encoder(masked, training=training), training=training)

    def matched(self, y: Any, y_pred: Any) -> Any:
        """Returns `y` if its images have the shape of the decoder's."""
        return {**y, "image": same_shape("`image`", y["image"], "what `decoder` paints", y_pred)}

    def example_losses(self, x: Any, y: Any, y_pred: Any) -> Any:
        """The weighted squared error of each image, `(batch,)`."""
        return inpainting.painting_error(y_pred, y["image"], y["mask"], self.overlap, self.overlap_weight)

    def predict_step(self, data: Any) -> Any:
        """The painted images that `predict` returns."""
        return self.inpaint(self.batch(data, training=False)["masked"])

    def compared_images(self, x: Any, y: Any, y_pred: Any) -> tuple[Any, Any]:
        """Whole images, and the decoder's images: the discriminator sees the painting with what lies around it."""
        return y["image"], y_pred

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, Any]:
        """Updates the metrics, which compare whole images with the decoder's images, clipped to [-1, 1]."""
        images, made = self.compared_images(x, y, y_pred)
        return super().compute_metrics(x, images, keras.ops.clip(made, -1.0, 1.0), sample_weight)

    def inpaint(self, masked: Any) -> Any:
        """Fills in hidden pixels: `(batch, h, w, c)`, uint8 or float32 in [-1, 1], to the same in [-1, 1].

        Only hidden pixels and those near them are meaningful: the decoder is not trained on any others.
        """
        return inpainting.inpaint(self, masked)

    def serving(self) -> dict[str, Serving]:
        """Image to features, and masked image to painted image."""
        return inpainting.serving(self)

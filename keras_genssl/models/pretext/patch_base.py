"""The base class of the methods that classify the patches of an image."""

import keras

from keras_genssl import backbones
from keras_genssl.layers import ImageStandardization
from keras_genssl.models.pretext.stack_base import StackClassification
from keras_genssl.models.representation import width


class PatchClassification(StackClassification):
    """Base class of methods that classify the patches of an image jointly.

    The encoder sees standardised images (`layers.ImageStandardization`), both patches and whole images: the method's
    `encoder` is a model that standardises, then applies the given encoder.

    Args:
        encoder: A built `keras.Model`, `(batch, h, w, c)` to `(batch, dim)`; with free height and width if it is to
            encode whole images.
        answer: The name of the input that holds the answer.
        num_patches: The number of patches per image.
        num_classes: The number of answers.
        head: A built `keras.Model` on the features of all patches side by side, `(batch, num_patches * dim)`, to
            logits `(batch, num_classes)`; None: a hidden layer of four times the encoder's width, batch-normalised.
        name: The model's name.

    Raises:
        ValueError: If a network is not built, or the two do not fit together.
    """

    def __init__(
        self,
        encoder: keras.Model,
        answer: str,
        num_patches: int,
        num_classes: int,
        head: keras.Model | None,
        *,
        name: str | None,
    ) -> None:
        dim = width(encoder)
        images = keras.Input(encoder.input_shape[1:], name="images")
        standardised = ImageStandardization(name="standardization")(images)
        standardising = keras.Model(images, encoder(standardised), name=f"standardized_{encoder.name}")
        head = head or backbones.projection_head(
            num_patches * dim, num_classes, hidden_dim=4 * dim, output_bias=True, name="head"
        )
        super().__init__(standardising, head, "patches", answer, num_patches, num_classes, name=name)
        self.num_patches = num_patches

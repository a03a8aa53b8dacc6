"""Relative position: predict where a patch lies relative to another."""

import keras

from keras_genssl.models.pretext.patch_base import PatchClassification
from keras_genssl.pretext.patches import POSITIONS


@keras.saving.register_keras_serializable(package="keras_genssl")
class RelativePosition(PatchClassification):
    """Predicts on which of its eight sides a patch's neighbour lies.

    Doersch et al., 2015: one encoder sees each of the two patches, a head sees the features of both, and the loss is
    the cross-entropy of the side. Patches are standardised first, and whole images too when they are encoded; the
    method's `encoder` contains this step, followed by the given encoder.

    Batches hold `patches` (`(batch, 2, h, w, c)`, uint8 or float in [-1, 1]) and `position` (`(batch,)` integers
    from 0 to 7), as `pretext.relative_position` makes them. Logs `accuracy`.

    Reference:
        - Doersch et al. 2015, [Unsupervised Visual Representation Learning by Context
          Prediction](https://arxiv.org/abs/1505.05192)

    Args:
        encoder: A built `keras.Model`, `(batch, h, w, c)` to `(batch, dim)`; with free height and width if it is to
            encode whole images.
        head: A built `keras.Model` on the features of both patches side by side, `(batch, 2 * dim)`, to logits
            `(batch, 8)`; None: a hidden layer of four times the encoder's width, batch-normalised.
        name: The model's name.

    Raises:
        ValueError: If a network is not built, or the two do not fit together.

    Example:

        pairs = functools.partial(kg.pretext.relative_position, patch_size=8, gap=1, jitter=1)
        model = kg.models.RelativePosition(kg.backbones.small_encoder((None, None, 1)))
        model.compile()
        model.fit(kg.data.load("fashion_mnist", batch_size=256, transform=pairs), epochs=20)
        features = model.encode(images)
    """

    def __init__(self, encoder: keras.Model, *, head: keras.Model | None = None, name: str | None = None) -> None:
        super().__init__(encoder, "position", 2, len(POSITIONS), head, name=name)

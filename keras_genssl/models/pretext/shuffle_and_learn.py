"""Shuffle and learn: predict whether the frames of a film are in order."""

import keras

from keras_genssl import backbones
from keras_genssl.models.pretext.stack_base import StackClassification
from keras_genssl.models.representation import width

FRAMES = 3


@keras.saving.register_keras_serializable(package="keras_genssl")
class ShuffleAndLearn(StackClassification):
    """Predicts whether three frames of a film are in order, or the middle one is from another place in the film.

    Misra et al., 2016: one encoder sees each frame separately, a head sees the features of all three side by side, and
    the loss is the cross-entropy of the two answers. Deviation: the paper's head is one linear layer, which can weight
    frames but not compare them; the default head here has a hidden layer too.

    Batches hold `frames` (`(batch, 3, h, w, c)`, uint8 or float in [-1, 1]) and `ordered` (`(batch,)` integers, 1 or
    0), as `pretext.frame_order` makes them. Logs `accuracy`; guessing reaches the larger share of the two answers.

    Reference:
        - Misra et al. 2016, [Shuffle and Learn](https://arxiv.org/abs/1603.08561)

    Args:
        encoder: A built `keras.Model`, `(batch, h, w, c)` in [-1, 1] to `(batch, dim)`; with free height and width if
            it is to encode images of another size.
        head: A built `keras.Model` on the features of the frames side by side, `(batch, 3 * dim)`, to logits
            `(batch, 2)`; None: `backbones.projection_head` with a hidden layer of `3 * dim`.
        name: The model's name.

    Raises:
        ValueError: If a network is not built, or the two do not fit together.

    Example:

        films = kg.data.FrameFolders("films/")
        model = kg.models.ShuffleAndLearn(kg.backbones.small_encoder((64, 64, 3)))
        model.compile(keras.optimizers.Adam(1e-3))
        model.fit(kg.data.load(films, batch_size=64, transform=kg.pretext.frame_order), epochs=50)
        features = model.encode(images)
    """

    def __init__(self, encoder: keras.Model, *, head: keras.Model | None = None, name: str | None = None) -> None:
        dim = FRAMES * width(encoder)
        head = head or backbones.projection_head(dim, 2, output_bias=True, name="head")
        super().__init__(encoder, head, "frames", "ordered", FRAMES, 2, name=name)

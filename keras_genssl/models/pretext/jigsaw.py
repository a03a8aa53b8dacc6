"""Jigsaw: predict in which order an image's patches are shuffled."""

import keras

from keras_genssl.models.pretext.patch_base import PatchClassification


@keras.saving.register_keras_serializable(package="keras_genssl")
class Jigsaw(PatchClassification):
    """Predicts in which of a set of orders the patches of an image were put.

    Noroozi and Favaro, 2016: one encoder sees each patch separately, a head sees the features of all patches, and the
    loss is the cross-entropy of the order. Patches are standardised first, so that brightness, contrast and mean
    colour, which neighbours share, do not reveal the answer. Whole images are standardised too when they are encoded.
    The method's `encoder` contains this step, followed by the given encoder.

    Batches hold `patches` (`(batch, grid ** 2, h, w, c)`, uint8 or float in [-1, 1]) and `permutation`
    (`(batch,)` integers), as `pretext.jigsaw` makes them. Logs `accuracy`.

    Reference:
        - Noroozi and Favaro 2016, [Unsupervised Learning of Visual Representations by Solving Jigsaw
          Puzzles](https://arxiv.org/abs/1603.09246)

    Args:
        encoder: A built `keras.Model`, `(batch, h, w, c)` to `(batch, dim)`; with free height and width if it is to
            encode whole images.
        num_permutations: The number of orders, at least 2.
        grid: The number of patches per side of the square, at least 2.
        head: A built `keras.Model` on the features of all patches side by side, `(batch, grid ** 2 * dim)`, to logits
            `(batch, num_permutations)`; None: a hidden layer of four times the encoder's width, batch-normalised.
        name: The model's name.

    Raises:
        ValueError: If an argument is invalid.

    Example:

        puzzles = functools.partial(kg.pretext.jigsaw, cell_size=9, patch_size=7)
        model = kg.models.Jigsaw(kg.backbones.small_encoder((None, None, 1)))
        model.compile()
        model.fit(kg.data.load("fashion_mnist", batch_size=256, transform=puzzles), epochs=20)
        features = model.encode(images)
    """

    def __init__(
        self,
        encoder: keras.Model,
        *,
        num_permutations: int = 64,
        grid: int = 3,
        head: keras.Model | None = None,
        name: str | None = None,
    ) -> None:
        for argument, value in (("num_permutations", num_permutations), ("grid", grid)):
            if isinstance(value, bool) or not isinstance(value, int) or value < 2:
                raise ValueError(f"`{argument}` must be an integer of at least 2. Received: {argument}={value!r}")
        super().__init__(encoder, "permutation", grid**2, num_permutations, head, name=name)

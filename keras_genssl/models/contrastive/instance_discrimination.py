"""Instance discrimination: every image is a class of its own."""

from typing import Any

import keras
from keras import ops

from keras_genssl import backbones
from keras_genssl.engine import Kind, Label, MemoryBank, finite
from keras_genssl.losses.arguments import check_positive
from keras_genssl.losses.contrastive.embeddings import directions
from keras_genssl.models.contrastive.base import EncoderAndHead
from keras_genssl.models.representation import require_one_layer, width


@keras.saving.register_keras_serializable(package="keras_genssl")
class InstanceDiscrimination(EncoderAndHead):
    """Non-parametric instance discrimination: each view finds its own image in a memory of all images.

    Wu et al., 2018. Minimises ``-log P(i | v)`` with ``P(i | v) = exp(v_i . v / t) / sum_j exp(v_j . v / t)`` (Eq. 2),
    where the sum is over the vectors of all training images. Deviation: the sum is exact; the authors approximate it
    by NCE to save memory, and add a proximal term. The `batch * num_examples` logits of 256 images out of 60,000 take
    61 MB. After each update, the memory's vectors of the batch's images (`engine.MemoryBank`) move towards the
    embeddings that the loss was computed from. No gradient reaches the memory. Paper: one dense layer to 128,
    temperature 0.07, SGD 0.03 at batch 256.

    Batches are dicts of `image` and `index`, the image's number in the training set: `data.load(..., index=True)`.
    `evaluate` takes training images, draws no views, and does not change the memory.

    Reference:
        - Wu et al. 2018, [Unsupervised Feature Learning via Non-Parametric Instance
          Discrimination](https://arxiv.org/abs/1805.01978)

    Args:
        encoder: A built network of images `(batch, h, w, c)` in [-1, 1] to features `(batch, features)`.
        num_examples: The number of training images.
        head: A built network of features to embeddings `(batch, dim)`; None: one dense layer to 128.
        views: A layer of images to random views of them; None: the images are the views.
        momentum: The momentum of the memory, in [0, 1).
        temperature: t, positive and finite.
        name: The model's name.

    Raises:
        ValueError: If an argument is out of range, or a network is not built or does not fit.
        TypeError: If `views` is neither one layer nor None.

    Example:

        images = kg.data.load("fashion_mnist", batch_size=256, index=True)
        model = kg.models.InstanceDiscrimination(
            kg.backbones.small_encoder((28, 28, 1)), images.order.num_examples, views=kg.views.moco_v1(28)
        )
        model.compile(keras.optimizers.SGD(0.03, momentum=0.9))
        model.fit(images, epochs=200)
        features = model.encode(next(iter(images))["image"])
    """

    def __init__(
        self,
        encoder: keras.Model,
        num_examples: int,
        *,
        head: keras.Model | None = None,
        views: keras.layers.Layer | None = None,
        momentum: float = 0.5,
        temperature: float = 0.07,
        name: str | None = None,
    ) -> None:
        if isinstance(num_examples, bool) or not isinstance(num_examples, int) or num_examples < 1:
            rule = "must be an integer of at least 1"
            raise ValueError(f"`num_examples` {rule}. Received: num_examples={num_examples!r}")
        check_positive(temperature=temperature)
        require_one_layer(views)
        head = head or backbones.projection_head(width(encoder), num_layers=1, output_bias=True)
        super().__init__(encoder, head, views, name=name)
        self.temperature = temperature
        self.bank = MemoryBank(num_examples, self.head.output_shape[-1], momentum, name="bank")

    def inputs(self) -> dict[str, Kind]:
        """An image, of any size if `views` draws views of it, and its number in the training set."""
        return {**super().inputs(), "index": Label(self.bank.size, required=False)}

    def call(self, images: Any, training: bool = False) -> Any:
        """The embeddings of images, unit vectors `(batch, dim)`."""
        features = finite(self.encoder(images, training=training), "features")
        return directions(self.head(features, training=training))

    def split_inputs(self, batch: dict[str, Any]) -> tuple[Any, Any]:
        """The images and their numbers.

        Raises:
            ValueError: If the batch has no `index`; the second part of a tuple holds labels, not numbers.
        """
        if "index" not in batch:
            raise ValueError(
                "A batch for InstanceDiscrimination must hold `index` by name, as of `data.load(..., index=True)`. "
                f"Received: {list(batch)}"
            )
        return batch["image"], batch["index"]

    def example_losses(self, x: Any, y: Any, y_pred: Any) -> Any:
        """`-log P(i | v)` of each embedding, `(batch,)`."""
        logits = y_pred @ ops.transpose(self.bank.vectors) / self.temperature  # (batch, num_examples)
        return ops.logsumexp(logits, axis=1) - ops.take_along_axis(logits, y[:, None], axis=1)[:, 0]

    def train_step(self, data: Any) -> dict[str, Any]:
        """One step on a view of each image; returns the logs."""
        images, index = self.split_inputs(self.batch(data))
        return self.learn(images if self.views is None else self.views(images), index)[1]

    def remember(self, x: Any, y: Any, y_pred: Any) -> None:
        """Updates the memory's vectors of the batch's images."""
        self.bank.update(y, y_pred)

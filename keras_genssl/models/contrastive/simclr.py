"""SimCLR: find an image's other view among the views of the batch."""

from typing import Any

import keras
from keras import ops

from keras_genssl.backbones import projection_head
from keras_genssl.engine import replicas
from keras_genssl.engine.shapes import same_shape
from keras_genssl.losses import NTXentLoss
from keras_genssl.models.contrastive.base import TwoViews, Views
from keras_genssl.models.representation import width


@keras.saving.register_keras_serializable(package="keras_genssl")
class SimCLR(TwoViews):
    """A simple framework for contrastive learning (Chen et al., 2020).

    Minimises `losses.NTXentLoss` between the projections of two views, with 2N - 2 negatives from the *global* batch of
    N images. Both views go through the network as one batch of 2N, as in the authors' code. Paper: batch 4096, LARS,
    temperature 0.1 (ImageNet) or 0.5 (CIFAR-10). Small batches need a small temperature, hence the default.

    Reference:
        - Chen et al. 2020, [A Simple Framework for Contrastive Learning of Visual
          Representations](https://arxiv.org/abs/2002.05709)

    Args:
        encoder: A built network of images `(batch, h, w, c)` in [-1, 1] to features `(batch, dim)`.
        head: A built network of the features to projections; None: `backbones.projection_head` of two layers, the
            first as wide as the features, the second to 128, both batch-normalised.
        views: A layer (or a pair) that draws views of images, see `kg.views`; None: batches hold pairs.
        temperature: Positive and finite.
        name: The model's name.

    Raises:
        ValueError: If a network is not built, the two do not fit together, or the temperature is not positive.
        TypeError: If `views` has another type.

    Example:

        model = kg.models.SimCLR(encoder, views=kg.views.simclr(size=28))
        model.compile("adam")
        model.fit(images, epochs=50)
        features = model.encode(images)
    """

    def __init__(
        self,
        encoder: keras.Model,
        *,
        head: keras.Model | None = None,
        views: Views = None,
        temperature: float = 0.2,
        name: str | None = None,
    ) -> None:
        contrast = NTXentLoss(temperature)
        super().__init__(encoder, head or projection_head(width(encoder), output_norm=True), views=views, name=name)
        self.contrast = contrast

    def call(self, pair: tuple[Any, Any], training: bool = False) -> dict[str, Any]:
        """The projections of both views, each `(batch, head_dim)`."""
        first = same_shape("the first view", pair[0], "the second", pair[1])
        both = self.project(ops.concatenate([first, pair[1]], axis=0), training)  # (2 batch, head_dim)
        first, second = ops.split(both, 2, axis=0)
        return {"first": first, "second": second}

    def example_losses(self, x: Any, y: Any, y_pred: Any) -> Any:
        """NT-Xent over the global batch, `(batch,)`."""
        return replicas.on_global_batch(self.contrast.call, y_pred["first"], y_pred["second"])

"""Barlow Twins: two views agree, and no two dimensions are correlated."""

from typing import Any

import keras

from keras_genssl.backbones import projection_head
from keras_genssl.engine import replicas
from keras_genssl.losses import BarlowTwinsLoss
from keras_genssl.models.contrastive.base import TwoViews, Views
from keras_genssl.models.representation import width


@keras.saving.register_keras_serializable(package="keras_genssl")
class BarlowTwins(TwoViews):
    """Self-supervised learning via redundancy reduction (Zbontar et al., 2021).

    Minimises `losses.BarlowTwinsLoss` between the projections of two views; no negatives, no momentum. The
    correlation is over the *global* batch. Paper: batch 2048, LARS, projections of 8192, four times the features;
    the two views are drawn from two distributions (`kg.views.byol`). The wider the head, the better.

    Reference:
        - Zbontar et al. 2021, [Barlow Twins: Self-Supervised Learning via Redundancy
          Reduction](https://arxiv.org/abs/2103.03230)

    Args:
        encoder: A built network of images `(batch, h, w, c)` in [-1, 1] to features `(batch, dim)`.
        head: A built network of the features to the projections that are correlated; None:
            `backbones.projection_head` of three layers, each four times as wide as the features.
        views: A layer (or a pair) that draws views of images, see `kg.views`; None: batches hold pairs.
        redundancy_weight: The paper's lambda, at least 0.
        name: The model's name.

    Raises:
        ValueError: If a network is not built, the two do not fit together, or the weight is negative.
        TypeError: If `views` has another type.

    Example:

        model = kg.models.BarlowTwins(encoder, views=kg.views.byol(size=28))
        model.compile("adam")
        model.fit(images, epochs=50)
    """

    def __init__(
        self,
        encoder: keras.Model,
        *,
        head: keras.Model | None = None,
        views: Views = None,
        redundancy_weight: float = 0.005,
        name: str | None = None,
    ) -> None:
        correlation = BarlowTwinsLoss(redundancy_weight)
        wide = 4 * width(encoder)
        super().__init__(encoder, head or projection_head(wide // 4, wide, wide, num_layers=3), views=views, name=name)
        self.correlation = correlation

    def example_losses(self, x: Any, y: Any, y_pred: Any) -> Any:
        """The loss of the global batch, repeated for each example, `(batch,)`."""
        return replicas.on_global_batch(self.correlation.call, y_pred["first"], y_pred["second"])

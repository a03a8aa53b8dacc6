"""VICReg: two views agree, every dimension varies, and no two dimensions are correlated."""

from typing import Any

import keras

from keras_genssl.backbones import projection_head
from keras_genssl.engine import replicas
from keras_genssl.losses import VICRegLoss
from keras_genssl.models.contrastive.base import TwoViews, Views
from keras_genssl.models.representation import width


@keras.saving.register_keras_serializable(package="keras_genssl")
class VICReg(TwoViews):
    """Variance-invariance-covariance regularization (Bardes et al., 2022).

    Minimises `losses.VICRegLoss` between the projections of two views; no negatives, no momentum, no normalised
    output. Variances and covariances are over the *global* batch. Paper: batch 2048, LARS, projections of 8192, four
    times the features; both views are drawn from one distribution, a symmetrised version of BYOL's two.

    Reference:
        - Bardes et al. 2022, [VICReg: Variance-Invariance-Covariance Regularization](https://arxiv.org/abs/2105.04906)

    Args:
        encoder: A built network of images `(batch, h, w, c)` in [-1, 1] to features `(batch, dim)`.
        head: A built network of the features, the paper's expander; None: `backbones.projection_head` of three
            layers, each four times as wide as the features.
        views: A layer (or a pair) that draws views of images, see `kg.views`; None: batches hold pairs.
        invariance_weight: The weight of the squared distance of the views, at least 0.
        variance_weight: The weight of the variance term, at least 0.
        covariance_weight: The weight of the covariance term, at least 0.
        name: The model's name.

    Raises:
        ValueError: If a network is not built, the two do not fit together, or a weight is negative.
        TypeError: If `views` has another type.

    Example:

        model = kg.models.VICReg(encoder, views=kg.views.simclr(size=28))
        model.compile("adam")
        model.fit(images, epochs=50)
    """

    def __init__(
        self,
        encoder: keras.Model,
        *,
        head: keras.Model | None = None,
        views: Views = None,
        invariance_weight: float = 25.0,
        variance_weight: float = 25.0,
        covariance_weight: float = 1.0,
        name: str | None = None,
    ) -> None:
        regularization = VICRegLoss(invariance_weight, variance_weight, covariance_weight)
        wide = 4 * width(encoder)
        super().__init__(encoder, head or projection_head(wide // 4, wide, wide, num_layers=3), views=views, name=name)
        self.regularization = regularization

    def example_losses(self, x: Any, y: Any, y_pred: Any) -> Any:
        """The invariance term of each image plus the other two terms of the global batch, `(batch,)`."""
        return replicas.on_global_batch(self.regularization.call, y_pred["first"], y_pred["second"])

"""SimSiam: predict one view's projection from the other's, with a stopped gradient."""

from typing import Any

import keras

from keras_genssl.backbones import projection_head
from keras_genssl.losses import NegativeCosineSimilarity
from keras_genssl.models.contrastive.base import TwoViews, Views
from keras_genssl.models.representation import require_input, require_vectors, width


@keras.saving.register_keras_serializable(package="keras_genssl")
class SimSiam(TwoViews):
    """Simple siamese networks (Chen & He, 2021).

    Minimises `D(p_1, z_2) / 2 + D(p_2, z_1) / 2` (Eq. 4), in [-1, 1], with projections z, predictions p = h(z) and
    `losses.NegativeCosineSimilarity` D, which stops the gradient to z. There are no negatives and no momentum: only the
    predictor and the stopped gradient keep the projections from collapsing, so watch `spread`. Paper: batch 512, SGD
    with learning rate 0.05 x batch/256 and a cosine, the predictor's learning rate constant.

    Reference:
        - Chen and He 2021, [Exploring Simple Siamese Representation Learning](https://arxiv.org/abs/2011.10566)

    Args:
        encoder: A built network of images `(batch, h, w, c)` in [-1, 1] to features `(batch, dim)`.
        head: A built network of the features to projections; None: `backbones.projection_head` of three layers as wide
            as the features (the paper's are 2048), all batch-normalised, including the last.
        predictor: A built network of projections to projections; None: `backbones.projection_head` with a hidden layer
            a quarter as wide.
        views: A layer (or a pair) that draws views of images, see `kg.views`; None: batches hold pairs.
        name: The model's name.

    Raises:
        ValueError: If a network is not built, or they do not fit together.
        TypeError: If `views` has another type.

    Example:

        model = kg.models.SimSiam(encoder, views=kg.views.simclr(size=28))
        model.compile(keras.optimizers.SGD(0.05, momentum=0.9))
        model.fit(images, epochs=50)
    """

    def __init__(
        self,
        encoder: keras.Model,
        *,
        head: keras.Model | None = None,
        predictor: keras.Model | None = None,
        views: Views = None,
        name: str | None = None,
    ) -> None:
        dim = width(encoder)
        head = head or projection_head(dim, dim, num_layers=3, output_norm=True)
        super().__init__(encoder, head, views=views, name=name)
        dim = width(head)
        predictor = predictor or projection_head(dim, dim, max(dim // 4, 1), output_bias=True, name="predictor")
        require_vectors(predictor=predictor)
        require_input("predictor", predictor, "head", head)
        require_input("head", predictor, "predictor", predictor)
        self.predictor = predictor
        self.distance = NegativeCosineSimilarity()

    def call(self, pair: tuple[Any, Any], training: bool = False) -> dict[str, Any]:
        """Projections and predictions of both views, each `(batch, head_dim)`."""
        views = super().call(pair, training)
        return {
            **views,
            "first_prediction": self.predictor(views["first"], training=training),
            "second_prediction": self.predictor(views["second"], training=training),
        }

    def example_losses(self, x: Any, y: Any, y_pred: Any) -> Any:
        """`D(p_1, z_2) / 2 + D(p_2, z_1) / 2`, `(batch,)`."""
        of_first = self.distance.call(y_pred["second"], y_pred["first_prediction"])
        of_second = self.distance.call(y_pred["first"], y_pred["second_prediction"])
        return (of_first + of_second) / 2.0

"""BYOL: predict the output of a slow copy of the network for the other view."""

from collections.abc import Callable
from typing import Any

import keras

from keras_genssl.backbones import projection_head
from keras_genssl.engine import TargetNetwork, finite
from keras_genssl.losses import NegativeCosineSimilarity
from keras_genssl.models.contrastive.base import TwoViews, Views
from keras_genssl.models.representation import require_input, require_vectors, width

Schedule = Callable[[Any], Any]


@keras.saving.register_keras_serializable(package="keras_genssl")
class BYOL(TwoViews):
    """Bootstrap your own latent (Grill et al., 2020).

    Minimises `|q_1 - t_2|^2 + |q_2 - t_1|^2` (Eqs. 2 and 3) = `4 - 2 cos(q_1, t_2) - 2 cos(q_2, t_1)`, in [0, 8]. The
    online encoder and head are trained; q are predictions from their projections, scaled to length 1. The target
    encoder and head are moving averages of these, `target = momentum target + (1 - momentum) online` after each update;
    t are their projections, scaled to length 1. The target uses the statistics of its own batches in batch
    normalisation, as in the authors' code. There are no negatives. Features are those of the online encoder. Paper:
    batch 4096, LARS, momentum from 0.996 to 1 along a cosine, two distributions of views (`kg.views.byol`).

    Reference:
        - Grill et al. 2020, [Bootstrap Your Own Latent](https://arxiv.org/abs/2006.07733)

    Args:
        encoder: A built network of images `(batch, h, w, c)` in [-1, 1] to features `(batch, dim)`.
        head: A built network of the features to projections; None: `backbones.projection_head`, twice as wide as the
            features (the paper's is 4096), to 256.
        predictor: A built network of projections to projections; None: one like the default head.
        views: A layer (or a pair) that draws views of images, see `kg.views`; None: batches hold pairs.
        momentum: A number in [0, 1], or a serializable function of the number of updates before this one (a tensor).
            The paper's is `schedules.CosineMomentum(0.996, steps)`, where `steps` is the number of updates of the whole
            training: its number of batches, unless the optimizer accumulates the gradients of several.
        name: The model's name.

    Raises:
        ValueError: If a network is not built, they do not fit together, or the momentum is outside [0, 1].
        TypeError: If `views` has another type.

    Example:

        momentum = kg.schedules.CosineMomentum(0.99, steps=50 * 234)
        model = kg.models.BYOL(encoder, views=kg.views.byol(size=28), momentum=momentum)
        model.compile("adam")
        model.fit(images, epochs=50)
    """

    def __init__(
        self,
        encoder: keras.Model,
        *,
        head: keras.Model | None = None,
        predictor: keras.Model | None = None,
        views: Views = None,
        momentum: float | Schedule = 0.996,
        name: str | None = None,
    ) -> None:
        dim = width(encoder)
        head = head or projection_head(dim, 256, 2 * dim)
        super().__init__(encoder, head, views=views, name=name)
        predictor = predictor or projection_head(width(head), width(head), 2 * dim, name="predictor")
        require_vectors(predictor=predictor)
        require_input("predictor", predictor, "head", head)
        require_input("head", predictor, "predictor", predictor)
        self.predictor = predictor
        self.momentum = momentum
        constant = 1.0 if callable(momentum) else momentum  # a schedule replaces it at each update
        self.target_encoder = TargetNetwork(encoder, constant, name="target_encoder")
        self.target_head = TargetNetwork(head, constant, name="target_head")
        self.distance = NegativeCosineSimilarity()

    def call(self, pair: tuple[Any, Any], training: bool = False) -> dict[str, Any]:
        """Projections, predictions and targets of both views, each `(batch, head_dim)`."""
        views = super().call(pair, training)
        return {
            **views,
            "first_prediction": self.predictor(views["first"], training=training),
            "second_prediction": self.predictor(views["second"], training=training),
            "first_target": self.target(pair[0], training),
            "second_target": self.target(pair[1], training),
        }

    def target(self, images: Any, training: bool = False) -> Any:
        """The projections of the target, `(batch, head_dim)`."""
        features = finite(self.target_encoder(images, training=training), "features")
        return self.target_head(features, training=training)

    def example_losses(self, x: Any, y: Any, y_pred: Any) -> Any:
        """`|q_1 - t_2|^2 + |q_2 - t_1|^2`, `(batch,)`."""
        of_first = self.distance.call(y_pred["second_target"], y_pred["first_prediction"])
        of_second = self.distance.call(y_pred["first_target"], y_pred["second_prediction"])
        return 4.0 + 2.0 * of_first + 2.0 * of_second

    def after_update(self) -> None:
        """Moves the target towards the online networks."""
        momentum = self.momentum(self.optimizer.iterations - 1) if callable(self.momentum) else self.momentum
        self.target_encoder.update(momentum)
        self.target_head.update(momentum)

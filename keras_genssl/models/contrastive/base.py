"""What the methods that compare views of images share."""

from typing import Any, TypeAlias

import keras
from keras import ops

from keras_genssl.engine import Image, Kind, finite, replicas
from keras_genssl.losses.contrastive.directions import directions
from keras_genssl.models.representation import RepresentationMethod, require_input, require_vectors

Views: TypeAlias = "keras.layers.Layer | tuple[keras.layers.Layer, keras.layers.Layer] | None"


class EncoderAndHead(RepresentationMethod):
    """An encoder, whose features are what is wanted, and a head that is for training alone; not a method itself.

    Args:
        encoder: A built `keras.Model`, `(batch, h, w, c)` in [-1, 1] to `(batch, dim)`.
        head: A built `keras.Model` on the encoder's features.
        views: What draws views of images, as the method has it.
        name: The model's name.

    Raises:
        ValueError: If the head does not take what the encoder gives.
    """

    def __init__(self, encoder: keras.Model, head: keras.Model, views: Any, *, name: str | None = None) -> None:
        super().__init__(encoder, name=name)
        require_input("head", head, "encoder", encoder)
        self.head = head
        self.views = views

    def inputs(self) -> dict[str, Kind]:
        """An image, of any size where views are drawn of it; labels beside it are not looked at."""
        if self.views is None:
            return super().inputs()
        return {**super().inputs(), "image": Image((None, None, self.encoder.input_shape[-1]))}

    def predict_step(self, data: Any) -> Any:
        """`predict` gives features, of images or of the first of pairs."""
        return self.encode(self.batch(data, training=False)[next(iter(self.inputs()))])


class TwoViews(EncoderAndHead):
    """An encoder, a head on its features, and two views of each image; not a method itself.

    With `views`, batches hold `image` (a tensor, a dict, or the first of a tuple), uint8 or float in [-1, 1], and two
    views of each are drawn, in training only: `evaluate` compares images with themselves. Without, batches hold
    prepared pairs, `first` and `second` (a dict, or a tuple in this order). Labels are not looked at.

    `call` makes of a pair a dict with the projections of both views as `first` and `second`; a subclass adds what else
    its `example_losses` needs. Logs `spread`, which tells of collapse: the mean standard deviation of the first views'
    projections, once they have length 1, times the root of their dimension; about 1 where they point everywhere, 0
    where all are the same (Chen & He, 2021, arXiv:2011.10566, Figure 2). The metrics of `compile` compare the
    projections of both views.

    Args:
        encoder: A built `keras.Model`, `(batch, h, w, c)` in [-1, 1] to `(batch, dim)`.
        head: A built `keras.Model` on the encoder's features, to `(batch, head_dim)`.
        views: A layer from images in [-1, 1] to images in [-1, 1] that the encoder takes, random at every call; or a
            pair of such layers, for the first and for the second view; or None.
        name: The model's name.

    Raises:
        ValueError: If a network is not built, or the two do not fit together.
        TypeError: If `views` is anything else.
    """

    def __init__(
        self, encoder: keras.Model, head: keras.Model, *, views: Views = None, name: str | None = None
    ) -> None:
        require_vectors(head=head)
        pair = views if isinstance(views, (tuple, list)) else (views, views)
        if views is not None and not (len(pair) == 2 and all(isinstance(view, keras.layers.Layer) for view in pair)):
            raise TypeError(f"`views` must be a layer, a pair of layers or None. Received: views={views!r}")
        super().__init__(encoder, head, list(pair) if isinstance(views, (tuple, list)) else views, name=name)
        self.spread_tracker = keras.metrics.Mean("spread")

    def inputs(self) -> dict[str, Kind]:
        """Prepared pairs, or images, and beside them the views that are drawn of them."""
        if self.views is None:
            return pairs(self.encoder)
        return {**super().inputs(), **pairs(self.encoder, required=False)}

    def split_inputs(self, batch: dict[str, Any]) -> tuple[Any, Any]:
        """The two views; there is nothing to compare them with."""
        return (batch["first"], batch["second"]), None

    def train_step(self, data: Any) -> dict[str, Any]:
        """One update on two views of each image; returns the logs."""
        batch = self.batch(data)
        if self.views is not None:
            first, second = self.views if isinstance(self.views, list) else (self.views, self.views)
            batch = {**batch, "first": first(batch["image"]), "second": second(batch["image"])}
        return super().train_step(batch)

    def test_step(self, data: Any) -> dict[str, Any]:
        """One evaluation, on prepared pairs or on images beside themselves; returns the logs."""
        batch = self.batch(data)
        if self.views is not None:
            batch = {**batch, "first": batch["image"], "second": batch["image"]}
        return super().test_step(batch)

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, Any]:
        """The engine's, of the two projections, and `spread`."""
        self.spread_tracker.update_state(replicas.on_global_batch(_spread, y_pred["first"]))
        return super().compute_metrics(x, y_pred["first"], y_pred["second"], sample_weight)

    def call(self, pair: tuple[Any, Any], training: bool = False) -> dict[str, Any]:
        """The projections of both views, each `(batch, head_dim)`."""
        return {"first": self.project(pair[0], training), "second": self.project(pair[1], training)}

    def project(self, images: Any, training: bool) -> Any:
        """The head's output, `(batch, head_dim)`."""
        # Not left to the loss: a ReLU of the head that TensorFlow fuses with the layer before makes 0 of NaN.
        features = finite(self.encoder(images, training=training), "features")
        return self.head(features, training=training)


def pairs(encoder: keras.Model, required: bool = True) -> dict[str, Kind]:
    """Two views of each image, such as an encoder takes."""
    view = Image(encoder.input_shape[1:], required=required)
    return {"first": view, "second": view}


def _spread(projections: Any) -> Any:
    """One number for the batch, in every row, `(batch,)`."""
    unit = directions(projections)
    deviation = ops.mean(ops.std(unit, axis=0)) * ops.sqrt(ops.cast(unit.shape[1], unit.dtype))
    return ops.broadcast_to(deviation, (ops.shape(unit)[0],))

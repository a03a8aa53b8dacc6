"""Base classes of the methods that compare views of images."""

from typing import Any, TypeAlias

import keras
from keras import ops

from keras_genssl.engine import Image, Kind, finite, replicas
from keras_genssl.losses.contrastive.embeddings import directions
from keras_genssl.models.representation import RepresentationMethod, require_input, require_vectors

Views: TypeAlias = "keras.layers.Layer | tuple[keras.layers.Layer, keras.layers.Layer] | None"


class EncoderAndHead(RepresentationMethod):
    """Base class of methods with an encoder, which is kept, and a head, which is used in training only.

    Args:
        encoder: A built `keras.Model`, `(batch, h, w, c)` in [-1, 1] to `(batch, dim)`.
        head: A built `keras.Model` on the encoder's features.
        views: Draws views of images; each method says what it takes.
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
        """An image, of any size if `views` draws views of it; labels are ignored."""
        if self.views is None:
            return super().inputs()
        return {**super().inputs(), "image": Image((None, None, self.encoder.input_shape[-1]))}

    def predict_step(self, data: Any) -> Any:
        """The features that `predict` returns: of images, or of the first images of pairs."""
        return self.encode(self.batch(data, training=False)[next(iter(self.inputs()))])


class TwoViews(EncoderAndHead):
    """Base class of methods that compare two views of each image by an encoder and a head on its features.

    With `views`, batches hold `image` (a tensor, a dict, or the first of a tuple), uint8 or float in [-1, 1]. Two views
    of each image are drawn in training only: `evaluate` compares images with themselves. Without `views`, batches hold
    prepared pairs, `first` and `second` (a dict, or a tuple in this order). Labels are ignored.

    `call` takes a pair and returns a dict with the projections of both views, `first` and `second`; a subclass adds
    what else its `example_losses` needs. The log `spread` shows collapse. It is the mean standard deviation of the
    first views' projections, scaled to length 1, times the square root of their dimension: about 1 if they point in all
    directions, 0 if all are equal (Chen & He, 2021, arXiv:2011.10566, Figure 2). The metrics of `compile` compare the
    projections of both views.

    Args:
        encoder: A built `keras.Model`, `(batch, h, w, c)` in [-1, 1] to `(batch, dim)`.
        head: A built `keras.Model` on the encoder's features, to `(batch, head_dim)`.
        views: A layer from images in [-1, 1] to images in [-1, 1] that the encoder takes, random at every call; or a
            pair of such layers, for the first and for the second view; or None.
        name: The model's name.

    Raises:
        ValueError: If a network is not built, or the two do not fit together.
        TypeError: If `views` has another type.
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
        """Prepared pairs; or images, and optionally the views that are drawn of them."""
        if self.views is None:
            return pairs(self.encoder)
        return {**super().inputs(), **pairs(self.encoder, required=False)}

    def split_inputs(self, batch: dict[str, Any]) -> tuple[Any, Any]:
        """The two views; there is no target."""
        return (batch["first"], batch["second"]), None

    def train_step(self, data: Any) -> dict[str, Any]:
        """One update on two views of each image; returns the logs."""
        batch = self.batch(data)
        if self.views is not None:
            first, second = self.views if isinstance(self.views, list) else (self.views, self.views)
            batch = {**batch, "first": first(batch["image"]), "second": second(batch["image"])}
        return super().train_step(batch)

    def test_step(self, data: Any) -> dict[str, Any]:
        """Evaluates prepared pairs, or each image with itself; returns the logs."""
        batch = self.batch(data)
        if self.views is not None:
            batch = {**batch, "first": batch["image"], "second": batch["image"]}
        return super().test_step(batch)

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, Any]:
        """Updates the metrics, which compare the two projections, and `spread`."""
        self.spread_tracker.update_state(replicas.on_global_batch(_spread, y_pred["first"]))
        return super().compute_metrics(x, y_pred["first"], y_pred["second"], sample_weight)

    def call(self, pair: tuple[Any, Any], training: bool = False) -> dict[str, Any]:
        """The projections of both views, each `(batch, head_dim)`."""
        return {"first": self.project(pair[0], training), "second": self.project(pair[1], training)}

    def project(self, images: Any, training: bool) -> Any:
        """The head's output, `(batch, head_dim)`."""
        # Checked here and not in the loss: TensorFlow may fuse a ReLU of the head with the layer before it, and such a
        # ReLU turns NaN into 0.
        features = finite(self.encoder(images, training=training), "features")
        return self.head(features, training=training)


def pairs(encoder: keras.Model, required: bool = True) -> dict[str, Kind]:
    """The inputs `first` and `second`: two views of each image, of the shape that the encoder takes."""
    view = Image(encoder.input_shape[1:], required=required)
    return {"first": view, "second": view}


def _spread(projections: Any) -> Any:
    """The spread of the batch, repeated for each example, `(batch,)`."""
    unit = directions(projections)
    deviation = ops.mean(ops.std(unit, axis=0)) * ops.sqrt(ops.cast(unit.shape[1], unit.dtype))
    return ops.broadcast_to(deviation, (ops.shape(unit)[0],))

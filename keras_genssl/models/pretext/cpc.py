"""CPC: predict the features of patches from those of other patches."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_genssl import backbones
from keras_genssl.engine import Image, Kind, Stack, replicas
from keras_genssl.engine.networks import require_built
from keras_genssl.losses.arguments import check_count, check_positive
from keras_genssl.models.pretext.stack_base import StackMethod
from keras_genssl.pretext.overlapping_patches import check_prediction


@keras.saving.register_keras_serializable(package="keras_genssl")
class CPC(StackMethod):
    """Predicts the features of patches from the context before them, and picks them out among all other patches.

    Van den Oord et al., 2018, Eq. 4, on a grid of overlapping patches with features z. Masked convolutions compute a
    context c_ij from all rows up to i, and for each step k

    `loss_k = -mean_ij log(exp(s z_{i+k,j}' W_k c_ij) / sum_z exp(s z' W_k c_ij))`

    where the sum is over all z of the global batch: the right one, and the patches at all other places of all images
    as negatives. An image's loss is the sum over steps and directions of the mean over places.

    The second version (Hénaff et al., 2019) uses other arguments: an encoder with layer normalisation, because batch
    statistics reveal the patches to predict; all four directions, each with its own context; targets and predictions in
    64 dimensions (`target_dim=64, scale=0.1`); steps beyond the overlap.

    Batches hold `patches` (`(batch, rows * columns, h, w, c)`, uint8 or float in [-1, 1]), as
    `pretext.overlapping_patches` makes them. Logs `accuracy`, how often the right patch has the highest score.
    `predict` gives the mean of the features of an image's patches. A step computes the scores of all places against all
    places, so memory grows with the square of `batch * rows * columns`.

    Reference:
        - van den Oord et al. 2018, [Representation Learning with Contrastive Predictive
          Coding](https://arxiv.org/abs/1807.03748)
        - v2: Hénaff et al. 2019, [Data-Efficient Image Recognition with Contrastive Predictive
          Coding](https://arxiv.org/abs/1905.09272)

    Args:
        encoder: A built `keras.Model`, `(batch, h, w, c)` in [-1, 1] to `(batch, dim)`, of free height and width
            where whole images are to be encoded.
        rows, columns: The size of the grid, at least 1.
        steps: The distances, in patches, to the predicted patches: distinct integers of at least 1, less than `rows`
            (less than `columns` for right and left).
        directions: The directions of prediction: "down", "up", "right" and "left", each at most once.
        contexts: For each direction a built `keras.Model`, `(batch, rows, columns, dim)` to `(batch, rows, columns,
            any)`, whose output at a row depends on no row below it (the method turns the grid for the other
            directions); None: `backbones.context_network`.
        target_dim: The length of the targets, a linear map of the features; None: the targets are the features.
        scale: s, positive.
        name: The model's name.

    Raises:
        ValueError: If an argument is invalid.

    Example:

        patches = functools.partial(kg.pretext.overlapping_patches, patch_size=8, rows=6, columns=6)
        encoder = kg.backbones.small_encoder((None, None, 1), normalization=keras.layers.LayerNormalization)
        model = kg.models.CPC(encoder, rows=6, columns=6, steps=(2, 3), directions=("down", "up", "right", "left"))
        model.compile()
        model.fit(kg.data.load("fashion_mnist", batch_size=64, transform=patches), epochs=20)
        features = model.encode(images)
    """

    def __init__(
        self,
        encoder: keras.Model,
        *,
        rows: int = 7,
        columns: int = 7,
        steps: Sequence[int] = (1, 2, 3, 4, 5),
        directions: Sequence[str] = ("down",),
        contexts: Sequence[keras.Model] | None = None,
        target_dim: int | None = None,
        scale: float = 1.0,
        name: str | None = None,
    ) -> None:
        check_prediction(rows, columns, steps, directions)
        steps, directions = tuple(int(step) for step in steps), tuple(directions)
        if target_dim is not None:
            check_count(target_dim=target_dim)
        check_positive(scale=scale)
        super().__init__(encoder, name=name)
        dim = encoder.output_shape[-1]
        if contexts is None:
            contexts = [backbones.context_network(dim, name=f"context_{direction}") for direction in directions]
        _check_contexts(contexts, directions, dim)
        self.grid = (int(rows), int(columns))
        self.num_patches = rows * columns
        self.steps = steps
        self.directions = directions
        self.contexts = list(contexts)
        self.scale = float(scale)
        self.target = None if target_dim is None else _linear(dim, target_dim, "target")
        self.predictors = [
            _linear(context.output_shape[-1], target_dim or dim, f"{direction}_{step}")
            for direction, context in zip(directions, contexts, strict=True)
            for step in steps
        ]
        self.accuracy = keras.metrics.Mean("accuracy")

    def inputs(self) -> dict[str, Kind]:
        """The patches that the encoder takes."""
        return {"patches": Stack(Image(self.encoder.input_shape[1:]), self.num_patches)}

    def split_inputs(self, batch: dict[str, Any]) -> tuple[Any, Any]:
        """The patches; there are no labels."""
        return batch["patches"], None

    def call(self, patches: Any, training: bool = False) -> Any:
        """Returns `loss` and `accuracy` of each image, each `(batch,)`."""
        features = self.embed(patches, training)  # (batch, rows * columns, dim)
        own = features if self.target is None else self.target(features)
        own = ops.cast(own, keras.config.floatx())
        every = ops.reshape(replicas.all_gather(own), (-1, own.shape[-1]))  # (global batch * rows * columns, target)
        images = ops.shape(features)[0]
        first = self.num_patches * (ops.arange(images, dtype="int32") + replicas.offset(images))
        losses, hits = [], []
        for predictions, places in self._predictions(features, training):
            answers = first[:, None] + ops.convert_to_tensor(places, "int32")  # (batch, places)
            logits = self.scale * predictions @ ops.transpose(every)  # (batch, places, all)
            right = ops.take_along_axis(logits, answers[..., None], axis=-1)[..., 0]
            losses.append(ops.mean(ops.logsumexp(logits, axis=-1) - right, axis=1))
            as_good = ops.sum(ops.cast(logits >= right[..., None], logits.dtype), axis=-1)  # 1: itself, and no tie
            hits.append(ops.mean(ops.cast(as_good == 1, logits.dtype), axis=1))
        return {"loss": sum(losses), "accuracy": sum(hits) / len(hits)}

    def _predictions(self, features: Any, training: bool) -> list[tuple[Any, np.ndarray]]:
        """The predictions `(batch, places, target)` for each direction and step, with their places on the grid."""
        grid = ops.reshape(features, (-1, *self.grid, features.shape[-1]))
        places = np.arange(self.num_patches).reshape(1, *self.grid, 1)
        predictors = iter(self.predictors)
        predictions = []
        for direction, network in zip(self.directions, self.contexts, strict=True):
            context = network(_turned(grid, direction), training=training)
            turned = np.asarray(_turned(places, direction))[0, ..., 0]
            for step in self.steps:
                predicted = ops.cast(next(predictors)(context[:, :-step]), keras.config.floatx())
                predicted = ops.reshape(predicted, (-1, turned[step:].size, predicted.shape[-1]))
                predictions.append((predicted, turned[step:].ravel()))
        return predictions

    def example_losses(self, x: Any, y: Any, y_pred: Any) -> Any:
        """The loss of each image, `(batch,)`."""
        return y_pred["loss"]

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, Any]:
        """Updates the metrics, with `accuracy`."""
        self.accuracy.update_state(y_pred["accuracy"])
        return super().compute_metrics(x, y, y_pred, sample_weight)

    def predict_step(self, data: Any) -> Any:
        """The mean of the features of each image's patches, `(batch, dim)`."""
        return ops.mean(self.embed(self.batch(data, training=False)["patches"], False), axis=1)


def _turned(grid: Any, direction: str) -> Any:
    """Turns a grid `(batch, rows, columns, dim)` so that `direction` points down its rows."""
    if direction in ("right", "left"):
        grid = grid.swapaxes(1, 2) if isinstance(grid, np.ndarray) else ops.swapaxes(grid, 1, 2)
    return grid[:, ::-1] if direction in ("up", "left") else grid


def _linear(dim: int, units: int, name: str) -> keras.layers.Dense:
    """A linear layer without bias, as in the paper; a bias of the targets would cancel in the softmax."""
    layer = keras.layers.Dense(units, use_bias=False, name=name)
    layer.build((None, dim))
    return layer


def _check_contexts(contexts: Sequence[keras.Model], directions: Sequence[str], dim: int) -> None:
    require_built(**{f"contexts[{number}]": context for number, context in enumerate(contexts)})
    shapes = [(context.input_shape, context.output_shape) for context in contexts]
    fit = all(len(given) == len(made) == 4 and given[-1] == dim and made[-1] for given, made in shapes)
    if len(shapes) != len(directions) or not fit:
        raise ValueError(
            f"`contexts` must be {len(directions)} networks, one a direction, from (batch, rows, columns, {dim}) "
            f"to (batch, rows, columns, any). Received: networks of {shapes}"
        )

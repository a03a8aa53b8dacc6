"""MoCo: find the key of an image's other view in a queue of keys."""

from typing import Any

import keras
from keras import ops

from keras_genssl import backbones
from keras_genssl.engine import FeatureQueue, Kind, TargetNetwork, finite, in_groups, shuffled
from keras_genssl.losses.contrastive import InfoNCELoss
from keras_genssl.losses.contrastive.embeddings import directions
from keras_genssl.models.contrastive.base import EncoderAndHead, pairs
from keras_genssl.models.representation import require_one_layer, width


@keras.saving.register_keras_serializable(package="keras_genssl")
class MoCo(EncoderAndHead):
    """Momentum contrast: each view finds the key of its other view among the keys of a queue.

    He et al., 2020; v2: Chen et al., 2020. A step computes the keys of the second views and the loss of the first
    views' queries against their keys and the queue. It then updates the weights, adds the keys to the queue, and moves
    the key networks, `m k + (1 - m) q`. Only parameters are moved; the key networks keep their own batch statistics.
    The authors move the key networks first, which is equivalent, as they start equal to the query networks. If several
    batches make one update (`gradient_accumulation_steps`), the key networks move once, and all keys enter the queue
    then. v1 and v2 differ in arguments:

    |                | v1                                               | v2 (the default)                 |
    |----------------|--------------------------------------------------|----------------------------------|
    | `head`         | one dense layer to 128                           | two, ReLU between, no batch norm |
    | `temperature`  | 0.07                                             | 0.2                              |
    | `views`        | `views.moco_v1`                                  | `views.moco_v2`                  |
    | learning rate  | x 0.1 at 60% and 80% of 200 epochs               | cosine                           |
    | both           | queue 65,536, momentum 0.999, batch 256, 8 groups, SGD 0.03, momentum 0.9, decay 1e-4 |

    With batch normalisation over a whole batch, synchronised or not, the networks can tell from the statistics which
    key is of their own batch. The authors normalise on each of 8 devices and shuffle the keys' rows among them. Here
    the *global* batch is split into `groups` parts in place of devices. Each is normalised separately, and the keys'
    rows are shuffled before. The result is the same on one device and on any number of replicas that divides `groups`.
    The moving statistics, which `encode` uses, are updated by the mean of the groups' statistics.

    Batches hold `image`, or `first` and `second` if `views` is None. `evaluate` compares images, not views, with
    the queue, and does not change it.

    Reference:
        - He et al. 2020, [Momentum Contrast](https://arxiv.org/abs/1911.05722)
        - v2: Chen et al. 2020, [Improved Baselines with Momentum Contrastive
          Learning](https://arxiv.org/abs/2003.04297)

    Args:
        encoder: A built network of images `(batch, h, w, c)` in [-1, 1] to features `(batch, features)`.
        head: A built network of features to embeddings `(batch, dim)`; None: v2's. v1's is
            `backbones.projection_head(features, num_layers=1, output_bias=True)`.
        views: A layer of images to random views of them, called twice; None: batches hold the pairs.
        queue_size: The number of negatives; it need not be a multiple of the batch.
        momentum: m, in [0, 1].
        temperature: That of `losses.InfoNCELoss`, positive; the default is v2's, v1's is 0.07.
        groups: The number of parts of the global batch that are normalised separately; it must divide the batch. 1
            means no splitting and no shuffling, for networks without batch normalisation.
        name: The model's name.

    Raises:
        ValueError: If an argument is out of range, or a network is not built or does not fit.
        TypeError: If `views` is neither one layer nor None.

    Example:

        model = kg.models.MoCo(kg.backbones.resnet18(stem="small"), views=kg.views.moco_v2(28))
        model.compile(keras.optimizers.SGD(keras.optimizers.schedules.CosineDecay(0.06, steps), momentum=0.9))
        model.fit(kg.data.load("fashion_mnist", batch_size=256), epochs=200)
        features = model.encode(images)
    """

    def __init__(
        self,
        encoder: keras.Model,
        *,
        head: keras.Model | None = None,
        views: keras.layers.Layer | None = None,
        queue_size: int = 65536,
        momentum: float = 0.999,
        temperature: float = 0.2,
        groups: int = 8,
        name: str | None = None,
    ) -> None:
        if isinstance(groups, bool) or not isinstance(groups, int) or groups < 1:
            raise ValueError(f"`groups` must be an integer of at least 1. Received: groups={groups!r}")
        require_one_layer(views)
        head = head or backbones.projection_head(width(encoder), batch_norm=False, output_bias=True)
        super().__init__(encoder, head, views, name=name)
        self.groups = groups
        self.key_encoder = TargetNetwork(encoder, momentum)
        self.key_head = TargetNetwork(self.head, momentum)
        self.queue = FeatureQueue(queue_size, self.head.output_shape[-1], name="queue")
        self.loss_of_queries = InfoNCELoss(temperature)
        self.seed = keras.random.SeedGenerator()

    def inputs(self) -> dict[str, Kind]:
        """Prepared pairs, or images."""
        return pairs(self.encoder) if self.views is None else super().inputs()

    def call(self, images: Any, training: bool = False) -> Any:
        """The queries of images, unit vectors `(batch, dim)`."""
        networks = self.encoder, self.head
        return self._embed(networks, images, training)

    def keys(self, images: Any, training: bool = False) -> Any:
        """The keys of images, unit vectors `(batch, dim)`; in training, the global batch is shuffled for them."""
        networks = self.key_encoder, self.key_head
        if not training or self.groups == 1:
            return self._embed(networks, images, training)
        return shuffled(lambda rows: self._embed(networks, rows, training), images, self.seed)

    def _embed(self, networks: tuple[Any, Any], images: Any, training: bool) -> Any:
        def function(rows: Any) -> Any:
            encoder, head = networks
            # Checked here and not in the loss: TensorFlow may fuse a ReLU with the layer before it, and such a ReLU
            # turns NaN into 0.
            features = finite(encoder(rows, training=training), "features")
            return directions(head(features, training=training))

        return in_groups(function, networks, images, self.groups) if training else function(images)

    def split_inputs(self, batch: dict[str, Any]) -> tuple[Any, Any]:
        """An image and its key, or the first image of a pair and the key of the second; for evaluation."""
        first, second = (batch[field] for field in (("first", "second") if self.views is None else ("image", "image")))
        return first, self.keys(second)

    def example_losses(self, x: Any, y: Any, y_pred: Any) -> Any:
        """The loss of each query `y_pred` against its key `y` and the queue, `(batch,)`."""
        return self.loss_of_queries.call(y, y_pred, self.queue.vectors)

    def train_step(self, data: Any) -> dict[str, Any]:
        """One step on two views of each image; returns the logs."""
        batch = self.batch(data)
        if self.views is None:
            first, second = batch["first"], batch["second"]
        else:
            first, second = self.views(batch["image"]), self.views(batch["image"])
        return self.learn(first, ops.stop_gradient(self.keys(second, training=True)))[1]

    def remember(self, x: Any, y: Any, y_pred: Any) -> None:
        """Adds the keys to the queue."""
        self.queue.enqueue(y)

    def after_update(self) -> None:
        """Moves the key networks towards the query networks."""
        self.key_encoder.update()
        self.key_head.update()

"""Representations from labels: method name -> its parameters in a recipe, the losses, and how it is built."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field, PositiveInt

from pipelines.errors import UserError
from pipelines.methods.encoders import Representation, Weight
from pipelines.section import PositiveFloat, Section

if TYPE_CHECKING:
    import keras

    from pipelines.schema import RepresentationRecipe as Recipe

Distance = Literal["L2", "squared-L2", "angular"]


class Objective(Section):
    """The section ``objective``: its fields are the parameters of the loss that ``kind`` names."""

    kind: str

    def build(self, num_classes: int, dim: int) -> Any:
        """The loss, or the layer that is one, for so many classes and embeddings so wide."""
        raise NotImplementedError(f"{type(self).__name__} does not build a loss")


class TripletSemiHard(Objective):
    """Schroff et al. 2015: the nearest negative beyond each positive."""

    kind: Literal["triplet_semi_hard"]
    margin: Weight = 0.2
    distance: Distance = "L2"

    def build(self, num_classes: int, dim: int) -> Any:
        """The loss."""
        from keras_genssl import losses

        return losses.TripletSemiHardLoss(self.margin, self.distance)


class TripletHard(Objective):
    """Hermans et al. 2017: the farthest positive and the nearest negative; ``soft`` in the place of the margin."""

    kind: Literal["triplet_hard"]
    margin: Weight = 0.2
    soft: bool = False
    distance: Distance = "L2"

    def build(self, num_classes: int, dim: int) -> Any:
        """The loss."""
        from keras_genssl import losses

        return losses.TripletHardLoss(self.margin, self.soft, self.distance)


class TripletBatchAll(Objective):
    """Hermans et al. 2017: all triplets that are active."""

    kind: Literal["triplet_batch_all"]
    margin: Weight = 0.2
    distance: Distance = "L2"

    def build(self, num_classes: int, dim: int) -> Any:
        """The loss."""
        from keras_genssl import losses

        return losses.TripletBatchAllLoss(self.margin, self.distance)


class NPairs(Objective):
    """Sohn 2016: cross-entropy over inner products; embeddings are not to be normalised."""

    kind: Literal["npairs"]

    def build(self, num_classes: int, dim: int) -> Any:
        """The loss."""
        from keras_genssl import losses

        return losses.NPairsLoss(from_embeddings=True)


class MultiSimilarity(Objective):
    """Wang et al. 2019: soft weights on hard pairs."""

    kind: Literal["multi_similarity"]
    alpha: PositiveFloat = 2.0
    beta: PositiveFloat = 50.0
    base: float = 0.5
    epsilon: Weight | None = 0.1

    def build(self, num_classes: int, dim: int) -> Any:
        """The loss."""
        from keras_genssl import losses

        return losses.MultiSimilarityLoss(self.alpha, self.beta, self.base, self.epsilon)


class SupCon(Objective):
    """Khosla et al. 2020: all images of the class are positives."""

    kind: Literal["sup_con"]
    temperature: PositiveFloat = 0.1

    def build(self, num_classes: int, dim: int) -> Any:
        """The loss."""
        from keras_genssl import losses

        return losses.SupConLoss(self.temperature)


class ProxyAnchor(Objective):
    """Kim et al. 2020: a learnt proxy for each class."""

    kind: Literal["proxy_anchor"]
    margin: Weight = 0.1
    alpha: PositiveFloat = 32.0

    def build(self, num_classes: int, dim: int) -> Any:
        """The layer."""
        from keras_genssl import losses

        return losses.ProxyAnchorLoss(num_classes, dim, self.margin, self.alpha)


class ArcFace(Objective):
    """Deng et al. 2019: a margin on the angle to the centre of the class."""

    kind: Literal["arcface"]
    margin: Annotated[float, Field(ge=0, lt=3.14)] = 0.5
    scale: PositiveFloat = 64.0

    def build(self, num_classes: int, dim: int) -> Any:
        """The layer."""
        from keras_genssl import losses

        return losses.ArcFaceLoss(num_classes, dim, self.margin, self.scale)


class Softmax(Objective):
    """A linear classifier on embeddings as they are: the supervised baseline, with ``normalize: false``."""

    kind: Literal["softmax"]

    def build(self, num_classes: int, dim: int) -> Any:
        """The layer."""
        from keras_genssl import losses

        return losses.SoftmaxLoss(num_classes, dim)


AnyObjective = Annotated[
    TripletSemiHard
    | TripletHard
    | TripletBatchAll
    | NPairs
    | MultiSimilarity
    | SupCon
    | ProxyAnchor
    | ArcFace
    | Softmax,
    Field(discriminator="kind"),
]


class EmbeddingModel(Representation):
    """An encoder trained with a loss of labels and embeddings; ``num_classes`` is that of the data.

    ``embedding_dim`` is the width of a dense layer on the features; without it they are the embeddings. ``normalize``
    gives embeddings length 1.
    """

    reads: ClassVar[Mapping[str, tuple[str, ...]]] = {"images": ("image", "label")}

    method: Literal["EmbeddingModel"]
    embedding_dim: PositiveInt | None = None
    normalize: bool = True
    objective: AnyObjective
    num_classes: Annotated[int, Field(ge=2)] | None = None

    def settled(self, num_classes: int | None, num_examples: int | None = None) -> EmbeddingModel:
        """With the number of classes of the data.

        Raises:
            UserError: they have no labels, or another number of classes than the recipe says.
        """
        if num_classes is None:
            raise UserError(
                f"model.method={self.method}: the images have no labels; a folder of images has them when each image "
                "lies in the folder of its class, and there are two or more"
            )
        if self.num_classes not in (None, num_classes):
            raise UserError(f"model.num_classes={self.num_classes}: the images have {num_classes} classes")
        return self.model_copy(update={"num_classes": num_classes})

    def build(self, recipe: Recipe) -> keras.Model:
        """The model, not compiled."""
        import keras

        from keras_genssl import models

        assert self.num_classes is not None  # the recipe is settled
        encoder = self.encoder.build(recipe.prepare.shape)
        dim = self.embedding_dim or encoder.output_shape[-1]
        if self.embedding_dim is not None:
            embedding = keras.layers.Dense(dim, dtype=keras.config.floatx(), name="embedding")
            encoder = keras.Model(encoder.input, embedding(encoder.output), name="embedding_encoder")
        return models.EmbeddingModel(encoder, self.objective.build(self.num_classes, dim), self.normalize)

    def below(self, model: keras.Model) -> Callable[[Any], Any] | None:
        """The features under the dense layer, where there is one."""
        if self.embedding_dim is None:
            return None
        from keras_genssl import backbones

        features = backbones.penultimate(model.encoder)
        return lambda images: features(images, training=False)

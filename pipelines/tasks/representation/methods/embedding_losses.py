"""Losses on labels and embeddings: the section ``loss`` of `EmbeddingModel`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from pipelines.section import PositiveFloat, Section, Weight

Distance = Literal["L2", "squared-L2", "angular"]


class EmbeddingLoss(Section):
    """The section ``loss``. Its fields are the arguments of the loss that ``kind`` names."""

    kind: str

    def build(self, num_classes: int, dim: int) -> Any:
        """Makes the loss, or the layer that acts as one, for a number of classes and a width of embeddings."""
        raise NotImplementedError(f"{type(self).__name__} does not build a loss")


class TripletSemiHard(EmbeddingLoss):
    """Schroff et al. 2015: the nearest negative that is farther than the positive."""

    kind: Literal["triplet_semi_hard"]
    margin: Weight = 0.2
    distance_metric: Distance = "L2"

    def build(self, num_classes: int, dim: int) -> Any:
        from keras_genssl import losses

        return self.made(losses.TripletSemiHardLoss)


class TripletHard(EmbeddingLoss):
    """Hermans et al. 2017: the farthest positive and the nearest negative; ``soft`` replaces the margin."""

    kind: Literal["triplet_hard"]
    margin: Weight = 0.2
    soft: bool = False
    distance_metric: Distance = "L2"

    def build(self, num_classes: int, dim: int) -> Any:
        from keras_genssl import losses

        return self.made(losses.TripletHardLoss)


class TripletBatchAll(EmbeddingLoss):
    """Hermans et al. 2017: all active triplets."""

    kind: Literal["triplet_batch_all"]
    margin: Weight = 0.2
    distance_metric: Distance = "L2"

    def build(self, num_classes: int, dim: int) -> Any:
        from keras_genssl import losses

        return self.made(losses.TripletBatchAllLoss)


class ContrastiveBatchAll(EmbeddingLoss):
    """Hadsell et al. 2006 on all pairs of the batch: beyond the distance ``margin`` classes are not pushed apart."""

    kind: Literal["contrastive_batch_all"]
    margin: Weight = 1.0
    distance_metric: Distance = "L2"

    def build(self, num_classes: int, dim: int) -> Any:
        from keras_genssl import losses

        return self.made(losses.ContrastiveBatchAllLoss)


class LiftedStruct(EmbeddingLoss):
    """Oh Song et al. 2016: each positive pair against the negatives of both; embeddings must not be normalised."""

    kind: Literal["lifted_struct"]
    margin: Weight = 1.0

    def build(self, num_classes: int, dim: int) -> Any:
        from keras_genssl import losses

        return self.made(losses.LiftedStructLoss)


class NPairs(EmbeddingLoss):
    """Sohn 2016: cross-entropy over inner products; embeddings must not be normalised."""

    kind: Literal["npairs"]

    def build(self, num_classes: int, dim: int) -> Any:
        from keras_genssl import losses

        return self.made(losses.NPairsLoss, from_embeddings=True)


class MultiSimilarity(EmbeddingLoss):
    """Wang et al. 2019: soft weights on hard pairs."""

    kind: Literal["multi_similarity"]
    alpha: PositiveFloat = 2.0
    beta: PositiveFloat = 50.0
    base: float = 0.5
    epsilon: Weight | None = 0.1

    def build(self, num_classes: int, dim: int) -> Any:
        from keras_genssl import losses

        return self.made(losses.MultiSimilarityLoss)


class SupCon(EmbeddingLoss):
    """Khosla et al. 2020: all images of the class are positives."""

    kind: Literal["sup_con"]
    temperature: PositiveFloat = 0.1

    def build(self, num_classes: int, dim: int) -> Any:
        from keras_genssl import losses

        return self.made(losses.SupConLoss)


class ProxyAnchor(EmbeddingLoss):
    """Kim et al. 2020: a learnt proxy for each class."""

    kind: Literal["proxy_anchor"]
    margin: Weight = 0.1
    alpha: PositiveFloat = 32.0

    def build(self, num_classes: int, dim: int) -> Any:
        from keras_genssl import losses

        return self.made(losses.ProxyAnchorLoss, num_classes=num_classes, embedding_dim=dim)


class ArcFace(EmbeddingLoss):
    """Deng et al. 2019: a margin on the angle to the centre of the class."""

    kind: Literal["arcface"]
    margin: Annotated[float, Field(ge=0, lt=3.14)] = 0.5
    scale: PositiveFloat = 64.0

    def build(self, num_classes: int, dim: int) -> Any:
        from keras_genssl import losses

        return self.made(losses.ArcFaceLoss, num_classes=num_classes, embedding_dim=dim)


class Softmax(EmbeddingLoss):
    """A linear classifier on unnormalised embeddings: the supervised baseline, with ``normalize: false``."""

    kind: Literal["softmax"]

    def build(self, num_classes: int, dim: int) -> Any:
        from keras_genssl import losses

        return self.made(losses.SoftmaxLoss, num_classes=num_classes, embedding_dim=dim)


AnyEmbeddingLoss = Annotated[
    TripletSemiHard
    | TripletHard
    | TripletBatchAll
    | ContrastiveBatchAll
    | LiftedStruct
    | NPairs
    | MultiSimilarity
    | SupCon
    | ProxyAnchor
    | ArcFace
    | Softmax,
    Field(discriminator="kind"),
]

"""Recipes of reconstruction: images through a narrow code and back."""

from typing import ClassVar, Literal

from pydantic import PositiveInt

from pipelines.recipe.base import Recipe
from pipelines.recipe.losses import Loss
from pipelines.recipe.preparations.images import Images
from pipelines.recipe.thresholds import Bless
from pipelines.tasks.reconstruction.methods import AnyMethod


class Evaluate(Bless):
    """What is measured on the images held out, the first ``images`` of them: MSE and PSNR, beside PCA's.

    The baseline is PCA of the same size of code. A denoising autoencoder is also measured on damaged images.
    """

    numbers: ClassVar[tuple[str, ...]] = (
        "mse",
        "psnr",
        "mse_over_pca",
        "damaged_mse",
        "damaged_psnr",
        "damaged_mse_over_pca",
    )

    images: PositiveInt = 10000


class ReconstructionRecipe(Recipe):
    """A recipe whose task is reconstruction."""

    own_data: ClassVar[tuple[str, ...]] = ("evaluate.bless={mse_over_pca: {max: 1.0}}",)

    task: Literal["reconstruction"]
    prepare: Images = Images()
    model: AnyMethod
    loss: Loss = Loss(pixel="l2")
    evaluate: Evaluate = Evaluate()

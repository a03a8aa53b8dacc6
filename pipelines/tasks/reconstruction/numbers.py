"""The numbers of reconstruction: errors on held-out images, compared with PCA with a code of the same size."""

from pipelines.recipe.numbers import Baseline, Number, Numbers, ratio

PCA = Baseline("pca", "PCA-{code_dim}")
MSE = Number(name="mse", heading="MSE", better="lower", format=".5f")
DAMAGED = Number(name="damaged_mse", heading="MSE of damaged images", better="lower", format=".5f")
ACCURACY = Number(name="accuracy", heading="accuracy with few labels", better="higher", format=".1%", tile=True)
NUMBERS = Numbers(
    (
        MSE,
        ratio(MSE, PCA, tile=True),
        Number(name="psnr", heading="PSNR", better="higher", format=".2f", unit="dB", tile=True),
        DAMAGED,
        ratio(DAMAGED, PCA, tile=True),
        Number(name="damaged_psnr", heading="PSNR of damaged images", better="higher", format=".2f", unit="dB"),
    ),
    (PCA,),
    headline=("accuracy", "mse"),
)

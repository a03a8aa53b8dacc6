"""What translation measures: the error to a known truth, beside what needs no training."""

from pipelines.recipe.numbers import Baseline, Number, Numbers

NUMBERS = Numbers(
    (
        Number(name="error", heading="error", better="lower", format=".4f", tile=True),
        Number(
            name="ratio", heading="error over the better baseline's", better="lower", format=".4f", par=1.0, tile=True
        ),
        Number(name="psnr", heading="PSNR", better="higher", format=".2f", unit="dB", tile=True),
        Number(name="ssim", heading="SSIM", better="higher", format=".4f", tile=True),
        Number(name="cycle_error", heading="error of there and back", better="lower", format=".4f"),
    ),
    (
        Baseline("copy", "the source itself"),
        Baseline("histogram_matching", "histogram matching"),
        Baseline("pooled_histogram_matching", "histogram matching, one map for all", "one histogram map for all"),
        Baseline("median_image", "the median image of the domain", "the median image"),
    ),
    headline=("error",),
)

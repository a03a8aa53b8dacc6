"""The numbers of translation: the error to a known truth, the distance from the other domain, and the cycle error."""

from pipelines.recipe.numbers import Baseline, Comparison, Number, Numbers

ERROR = Number(name="error", heading="error", better="lower", format=".4f", tile=True)
_FID = Number(name="fid", heading="FID, small extractor", better="lower", format=".4f")

NUMBERS = Numbers(
    (
        ERROR,
        Number(
            name="ratio", heading="error over the better baseline's", better="lower", format=".4f", par=1.0, tile=True
        ),
        Number(name="psnr", heading="PSNR", better="higher", format=".2f", unit="dB", tile=True),
        Number(name="ssim", heading="SSIM", better="higher", format=".4f", tile=True),
        _FID,
        Comparison(
            name="fid_over_copy",
            heading="FID over that of the sources",
            better="lower",
            par=1.0,
            tile=True,
            of=_FID.name,
            baseline="copy",
            relation="ratio",
        ),
        Number(name="kid", heading="KID, small extractor", better="lower", format=".5f"),
        Number(name="cycle_error", heading="error of there and back", better="lower", format=".4f"),
    ),
    (
        Baseline("copy", "the source itself"),
        Baseline("histogram_matching", "histogram matching"),
        Baseline("pooled_histogram_matching", "histogram matching, one map for all", "one histogram map for all"),
        Baseline("median_image", "the median image of the domain", "the median image"),
    ),
    headline=("error", "fid"),
)

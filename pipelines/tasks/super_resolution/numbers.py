"""The numbers of super-resolution on held-out photographs, compared with bicubic: means, except for one."""

from pipelines.recipe.numbers import Baseline, Number, Numbers

GAIN = Number(
    name="gain_db", heading="gain over bicubic", better="higher", format="+.2f", unit="dB", par=0.0, tile=True
)
PSNR = Number(name="psnr", heading="PSNR", better="higher", format=".2f", unit="dB", tile=True)
SSIM = Number(name="ssim", heading="SSIM", better="higher", format=".4f", tile=True)
LEAST_GAIN = Number(
    name="least_gain_db",
    heading="least gain of a photograph",
    better="higher",
    format="+.2f",
    unit="dB",
    par=0.0,
)
NUMBERS = Numbers((GAIN, LEAST_GAIN, PSNR, SSIM), (Baseline("bicubic", "bicubic"),), headline=("gain_db",))

"""What sections on photographs held out have in common."""

from typing import Any


def metric(measured: dict[str, Any]) -> str:
    """How photographs were measured."""
    channel = "luma (Y)" if measured["channel"] == "y" else "RGB"
    return (
        f"PSNR in dB and SSIM on {channel}, {measured['border']} pixels left out at each edge, of the answer in eight "
        "bits, as it is served."
    )

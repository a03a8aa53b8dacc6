"""The training steps: who takes them, and what is asked."""

import sys
from pathlib import Path

from contest import Side, contest
from rows import ROWS, THREADS

from pipelines.results.benchmarks import speed

SIDES = ("ours", "ours with XLA", "PyTorch eager", "torch.compile", "plain Keras")


def measure(row: str, pytorch: Path, sides: list[str], precision: str, rounds: int) -> None:
    """Measures a row and writes its record."""
    of_all = [row, "--precision", precision]
    known = {
        "ours": Side(sys.executable, "ours.py", of_all),
        "ours with XLA": Side(sys.executable, "ours.py", [*of_all, "--xla"]),
        "PyTorch eager": Side(pytorch, "pytorch.py", of_all),
        "torch.compile": Side(pytorch, "pytorch.py", [*of_all, "--compile"]),
        "plain Keras": Side(sys.executable, "keras_io.py", of_all),
    }
    outcome = contest({name: known[name] for name in SIDES if name == "ours" or name in sides}, rounds)
    of_pytorch = "at least 1.2" if ROWS[row].players else "at least 1.0"
    goals = {"plain Keras": "at least 1.3", "PyTorch eager": of_pytorch, "torch.compile": of_pytorch}
    short = "" if precision == "float32" else f"_{precision}"
    speed.write(
        f"peers_{row}{short}",
        f"Training steps: {ROWS[row].title}{f', {precision}' if short else ''}",
        f"Times faster than others: whole steps of `fit`, {precision}, {THREADS} threads, taking turns in one run. All "
        f"train {outcome.agreed:,.0f} parameters with Adam.",
        outcome.rows(goals),
        [outcome.best(), outcome.rates(ROWS[row].batch, "Images")],
    )


def has_bfloat16() -> bool:
    """Whether the processor multiplies bfloat16 itself. Linux alone tells."""
    info = Path("/proc/cpuinfo")
    return info.exists() and bool({"avx512_bf16", "amx_bf16"} & set(info.read_text(encoding="utf-8").split()))

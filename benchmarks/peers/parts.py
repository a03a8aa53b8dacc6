"""What is compared beside training steps: the machine's peak, mining, the judging of features, a whole loop."""

import sys
import tempfile
from pathlib import Path

import evaluation
import loop
import peak
from contest import Outcome, Side, contest
from rows import CLASSES, DIM, FEATURES, IMAGES, LOOP_BATCH, MINED, NEIGHBOURS, PER_CLASS, THREADS, WIDTH, WORKERS

from pipelines.results.benchmarks import speed


def measure_peak(pytorch: Path, rounds: int) -> None:
    """The machine's own limit."""
    rows, notes = [], []
    for kind in peak.KINDS:
        sides = {
            "TensorFlow": Side(sys.executable, "peak.py", ["tensorflow", kind]),
            "PyTorch": Side(pytorch, "peak.py", ["torch", kind]),
        }
        outcome = contest(sides, rounds)
        rows.append(outcome.rows({})[0] | {"what": kind})
        best = [f"{name} {peak.billions(kind) / min(each):.0f}" for name, each in outcome.seconds.items()]
        notes.append(f"GFLOP/s of the {kind} at best: {', '.join(best)}.")
    speed.write(
        "peers_peak",
        "Training steps: the machine's peak",
        f"TensorFlow's kernels with oneDNN, times faster than PyTorch's: a matrix multiplication of {peak.SIDE} and a "
        f"3x3 convolution of {peak.CHANNELS} channels, {peak.PIXELS} pixels, {peak.BATCH} images, with its gradients.",
        rows,
        notes,
    )


def measure_mining(pytorch: Path, rounds: int) -> None:
    """Semi-hard mining, time and memory."""
    rows, notes = [], []
    for batch in MINED:
        sides = {
            "ours": Side(sys.executable, "mining.py", ["ours", str(batch)]),
            "pytorch-metric-learning": Side(pytorch, "mining.py", ["theirs", str(batch)]),
        }
        outcome = contest(sides, rounds)
        rows.append(outcome.rows({})[0] | {"what": f"batch {batch}"})
        memory = [f"{name} {megabytes:,.0f}" for name, megabytes in outcome.megabytes.items()]
        notes.append(f"MB by which batches of {batch} raise the peak memory: {', '.join(memory)}.")
    speed.write(
        "peers_mining",
        "Semi-hard mining, against pytorch-metric-learning",
        f"Times faster: value and gradient, embeddings of {DIM} numbers, {PER_CLASS} of each class. Theirs takes all "
        "semi-hard triplets; ours takes of each pair the hardest, as TensorFlow Addons did.",
        rows,
        notes,
    )


def measure_evaluation(pytorch: Path, rounds: int) -> None:
    """FID of given features, and nearest neighbours."""
    outcomes: dict[str, Outcome] = {}
    for what, name, python in (("fid", "torch-fidelity", pytorch), ("neighbours", "scikit-learn", sys.executable)):
        sides = {
            "ours": Side(sys.executable, "evaluation.py", [what, "ours"]),
            name: Side(python, "evaluation.py", [what, "theirs"]),
        }
        outcomes[evaluation.TITLES[what]] = contest(sides, rounds)
    speed.write(
        "peers_evaluation",
        "Judging features, against torch-fidelity and scikit-learn",
        f"Times faster on the same {FEATURES:,} features of {WIDTH:,} numbers, with the same result: FID of two such "
        f"sets, and the accuracy of {NEIGHBOURS} neighbours by cosine with weighted votes ({CLASSES} classes). The "
        "linear probe is scikit-learn's, so there is nothing to compare. Our search computes in float64, so that "
        "copies of an image are equally near; scikit-learn's in float32.",
        [outcome.rows({})[0] | {"what": title} for title, outcome in outcomes.items()],
    )


def measure_loop(pytorch: Path, rounds: int) -> None:
    """SimCLR from the files of a folder to the step."""
    with tempfile.TemporaryDirectory() as folder:
        loop.write_images(Path(folder))
        sides = {
            "ours": Side(sys.executable, "loop.py", ["ours", folder]),
            "lightly": Side(pytorch, "loop.py", ["lightly", folder]),
        }
        outcome = contest(sides, rounds)
    speed.write(
        "peers_loop",
        "The whole loop of SimCLR, against lightly",
        f"Times faster from a folder of {IMAGES:,} PNG files of 32 px to the step: reading, views, ResNet-18 of width "
        f"32, batches of {LOOP_BATCH}, {THREADS} threads; lightly reads and draws its views with {WORKERS} worker "
        "processes.",
        outcome.rows({}),
        [outcome.best(), outcome.rates(LOOP_BATCH, "Images")],
    )


PARTS = {
    "peak": measure_peak,
    "mining": measure_mining,
    "evaluation": measure_evaluation,
    "loop": measure_loop,
}

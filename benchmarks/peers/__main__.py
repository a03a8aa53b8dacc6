"""This library against PyTorch, plain Keras code and others, in one run.

    python benchmarks/peers                              # everything
    python benchmarks/peers --what dcgan,vae,mining

Each side is a process of its own with two threads, float32 and the same batch; networks of the same sizes are trained
by the same optimizers, which the equal numbers of parameters show. Ours and plain Keras code go through `fit`. The
sides take turns, in rounds of about a second, and a ratio is computed in each round. PyTorch and the libraries that
build on it are installed in an environment of their own (`--environment`). Records are written one by one,
`results/speed/peers_<what>.json`. `torch.compile` needs a C++ compiler (`--sides` leaves a side out). Where the
processor multiplies bfloat16, training steps are measured in it, too.
"""

import argparse
import os
import sys
from pathlib import Path

sys.path.insert(0, os.getcwd())

import training
from environment import python
from parts import PARTS
from rows import ROWS

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--what", default=",".join([*ROWS, *PARTS]), help="separated by commas")
    parser.add_argument("--sides", default=",".join(training.SIDES), help="of training steps, separated by commas")
    parser.add_argument("--environment", type=Path, default=Path(".peers"), help="where PyTorch is, or is installed")
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    pytorch = python(options.environment)
    for what in options.what.split(","):
        print(what, flush=True)
        if what in PARTS:
            PARTS[what](pytorch, options.rounds)
            continue
        for precision in ["float32", *(["bfloat16"] if training.has_bfloat16() else [])]:
            training.measure(what, pytorch, options.sides.split(","), precision, options.rounds)

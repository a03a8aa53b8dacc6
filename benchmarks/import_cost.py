"""The cost of `import keras_genssl` compared with `import keras` with TensorFlow, in CPU seconds of fresh processes.

Run as `python benchmarks/import_cost.py [rounds]`. The two imports take turns, so a busy machine slows both. The
medians of user + system time are compared.
"""

import os
import statistics
import subprocess
import sys

STATEMENTS = ("import keras", "import keras; import keras_genssl")


def cpu_seconds(statement):
    environment = {**os.environ, "KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "2"}
    before = os.times()
    subprocess.run([sys.executable, "-c", statement], env=environment, check=True, capture_output=True)
    after = os.times()
    return after.children_user - before.children_user + after.children_system - before.children_system


def main(rounds):
    seconds = {statement: [] for statement in STATEMENTS}
    for _ in range(rounds):
        for statement in STATEMENTS:
            seconds[statement].append(cpu_seconds(statement))
    medians = {statement: statistics.median(values) for statement, values in seconds.items()}
    for statement, median in medians.items():
        print(f"{median:7.3f} s  {statement}")
    base, ours = medians.values()
    print(f"{ours / base:7.3f} x")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)

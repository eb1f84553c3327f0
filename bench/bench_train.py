"""MNIST: our program against a bare libtorch loop and against Python, one thread each; and two hosts
as a training job, against the same two processes run by hand in two network namespaces, and against
one host.

`ratio` is speed: the other's time over ours, the median of the pairs."""
import os
import shutil
import subprocess
import time

from figures import interleaved, medians, ratio_of_pairs, report
from harness import BIN, ROOT
from mnist_data import mnist_folder
from two_hosts import Jobs, base_folder, by_hand, training_seconds

PAIRS = 7
ROUNDS = 3
EPOCHS_ALONE = 1
EPOCHS_JOB = 2
PYTHON = "/usr/bin/python3"  # Debian's, which has Debian's PyTorch

ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "SM_NUM_CPUS": "1"}


def environment(**changes):
    return {**os.environ, **ONE_THREAD, **changes}


def timed(command, variables):
    begin = time.perf_counter()
    subprocess.run(list(map(str, command)), env=variables, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begin


def alone(data):
    """Whole runs: start, data, training and tests."""
    base = base_folder(data)
    ours = [BIN / "mnist", "train", "--epochs", EPOCHS_ALONE]
    bare = [BIN / "bare-train", data, EPOCHS_ALONE, 1]
    python = [PYTHON, ROOT / "bench" / "mnist_python.py", "--epochs", EPOCHS_ALONE, "--data-dir",
              data, "--model-dir", base / "model", "--threads", 1]
    variables = environment(SAGEMAKER_BASE_DIR=str(base), PYTHONDONTWRITEBYTECODE="1")
    timed(ours, variables)  # warm: the files are in memory
    samples = interleaved(PAIRS, bare=lambda: timed(bare, variables),
                          ours=lambda: timed(ours, variables),
                          python=lambda: timed(python, variables))
    middle = medians(samples)
    report("train.bare_libtorch", middle["bare"], "s")
    report("train.python", middle["python"], "s")
    report("train.ours", middle["ours"], "s", ">=0.97 of bare_libtorch",
           ratio_of_pairs(samples, "bare", "ours"))
    report("train.ours_to_python", middle["ours"], "s", ">=1.0 of python",
           ratio_of_pairs(samples, "python", "ours"))
    shutil.rmtree(base)


def together(data):
    jobs = Jobs(data, {"mnist": (BIN / "mnist", 0o755)}, "mnist", EPOCHS_JOB)
    jobs()  # warm, and says how many CPUs a host gets
    first, second = base_folder(data), base_folder(data)
    share = {"SM_NUM_CPUS": jobs.cpus, "OMP_NUM_THREADS": jobs.cpus,
             "OPENBLAS_NUM_THREADS": jobs.cpus}
    two_hosts = [BIN / "mnist", "train", "--epochs", EPOCHS_JOB, "--backend", "gloo"]
    one_host = [BIN / "mnist", "train", "--epochs", EPOCHS_JOB]
    samples = interleaved(
        ROUNDS, job=jobs,
        by_hand=lambda: by_hand(two_hosts, first, second, environment(**share)),
        one_host=lambda: training_seconds(
            one_host, environment(SAGEMAKER_BASE_DIR=str(first), **share)))
    middle = medians(samples)
    report("train.two_by_hand", middle["by_hand"], "s")
    report("train.one_host", middle["one_host"], "s")
    report("train.two_hosts", middle["job"], "s", ">=0.97 of two_by_hand",
           ratio_of_pairs(samples, "by_hand", "job"))
    report("train.two_hosts_to_one", middle["job"], "s", ">=1.2 of one_host",
           ratio_of_pairs(samples, "one_host", "job"))
    jobs.daemon.close()
    shutil.rmtree(first)
    shutil.rmtree(second)


def main():
    data = mnist_folder()
    alone(data)
    together(data)


if __name__ == "__main__":
    main()

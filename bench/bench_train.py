"""MNIST: our program against a bare libtorch loop and against Python, one thread each; and two hosts
as a training job, against the same two processes run by hand in two network namespaces, and against
one host.

`ratio` is speed: the other's time over ours, the median of the pairs."""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import time

from figures import interleaved, medians, ratio_of_pairs, report
from harness import (BIN, ROOT, Daemon, finished, make_roles, source_archive, training_request,
                     wait_for)
from mnist_data import mnist_folder

PAIRS = 7
ROUNDS = 3
EPOCHS_ALONE = 1
EPOCHS_JOB = 2
BUCKET = "bench-bucket"
BEGINS = re.compile(r"Processes \d+/\d+ \(\d+%\) of test data")
ENDS = re.compile(r"Test set: Average loss: .* Accuracy: (\d+)/10000")
PYTHON = "/usr/bin/python3"  # Debian's, which has Debian's PyTorch

ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "SM_NUM_CPUS": "1"}

# $1: the program, $2 and $3: base folders of the two hosts; the rest: arguments. Runs as "root" of
# a user namespace of its own.
TWO_NAMESPACES = """
set -e
program=$1 first=$2 second=$3; shift 3
unshare -n sleep 3600 &
other=$!
trap 'kill $other' EXIT
while [ "$(readlink /proc/$other/ns/net)" = "$(readlink /proc/self/ns/net)" ]; do sleep 0.01; done
inside="nsenter -t $other -n"
ip link add eth0 type veth peer name eth1
ip link set eth1 netns $other name eth0
ip address add 10.99.0.1/24 dev eth0; ip link set eth0 up; ip link set lo up
$inside ip address add 10.99.0.2/24 dev eth0; $inside ip link set eth0 up; $inside ip link set lo up
export MASTER_ADDR=10.99.0.1 MASTER_PORT=7777 GLOO_SOCKET_IFNAME=eth0
export SM_HOSTS='["algo-1","algo-2"]'
SAGEMAKER_BASE_DIR=$second SM_CURRENT_HOST=algo-2 $inside "$program" train "$@" >/dev/null &
peer=$!
SAGEMAKER_BASE_DIR=$first SM_CURRENT_HOST=algo-1 "$program" train "$@"
wait $peer
"""


def environment(**changes):
    return {**os.environ, **ONE_THREAD, **changes}


def base_folder(data):
    """A folder in the form of /opt/ml with MNIST as the channel `training`."""
    base = pathlib.Path(tempfile.mkdtemp(prefix="trainyard-bench-"))
    (base / "input" / "data").mkdir(parents=True)
    (base / "input" / "config").mkdir()
    (base / "input" / "config" / "inputdataconfig.json").write_text('{"training": {}}')
    (base / "input" / "data" / "training").symlink_to(data)
    return base


def timed(command, variables):
    begin = time.perf_counter()
    subprocess.run(list(map(str, command)), env=variables, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begin


def training_seconds(command, variables):
    """From the last line before training to the last line after it, as they come."""
    process = subprocess.Popen(list(map(str, command)), env=variables, stdout=subprocess.PIPE,
                               text=True)
    begin = end = None
    for line in process.stdout:
        if BEGINS.search(line):
            begin = time.perf_counter()
        elif ENDS.search(line):
            end = time.perf_counter()
    if process.wait() != 0 or begin is None or end is None:
        raise RuntimeError(f"{command[0]} ended with {process.returncode}")
    return end - begin


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


class Jobs:
    """Training jobs of two instances through the daemon."""

    def __init__(self, data):
        self.daemon = Daemon().start()
        self.role, _ = make_roles(self.daemon)
        s3 = self.daemon.client("s3")
        s3.create_bucket(Bucket=BUCKET)
        s3.put_object(Bucket=BUCKET, Key="code/sourcedir.tar.gz",
                      Body=source_archive({"mnist": (BIN / "mnist", 0o755)}))
        for file in (data / "MNIST" / "raw").iterdir():
            s3.upload_file(str(file), BUCKET, f"data/MNIST/raw/{file.name}")
        self.count = 0

    def lines(self, job):
        """(milliseconds, text) of the leader's log."""
        logs = self.daemon.client("logs")
        group = "/aws/sagemaker/TrainingJobs"
        stream = logs.describe_log_streams(
            logGroupName=group, logStreamNamePrefix=job + "/algo-1")["logStreams"][0]
        pages, token = [], {}
        while True:
            answer = logs.get_log_events(logGroupName=group, startFromHead=True,
                                         logStreamName=stream["logStreamName"], **token)
            if not answer["events"]:
                return [(event["timestamp"], event["message"]) for event in pages]
            pages += answer["events"]
            token = {"nextToken": answer["nextForwardToken"]}

    def __call__(self):
        self.count += 1
        job = f"train-{self.count}"
        request = training_request(job, self.role, BUCKET, "mnist")
        request["ResourceConfig"]["InstanceCount"] = 2
        request["InputDataConfig"] = [{"ChannelName": "training", "DataSource": {
            "S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/data",
                             "S3DataDistributionType": "FullyReplicated"}}}]
        request["HyperParameters"].update(epochs=str(EPOCHS_JOB), backend='"gloo"')
        self.daemon.client("sagemaker").create_training_job(**request)
        ended = finished(self.daemon, job, 600)
        if ended["TrainingJobStatus"] != "Completed":
            raise RuntimeError(f"{job}: {ended.get('FailureReason')}")

        def complete():
            lines = self.lines(job)
            begin = [at for at, text in lines if BEGINS.search(text)]
            end = [at for at, text in lines if ENDS.search(text)]
            if len(end) < EPOCHS_JOB:
                return None
            self.cpus = next(text.split("=")[1] for _, text in lines
                             if text.startswith("SM_NUM_CPUS="))
            return (end[-1] - begin[-1]) / 1000
        return wait_for(complete, 60, f"log of {job}")


def together(data):
    jobs = Jobs(data)
    jobs()  # warm, and says how many CPUs a host gets
    first, second = base_folder(data), base_folder(data)
    share = {"SM_NUM_CPUS": jobs.cpus, "OMP_NUM_THREADS": jobs.cpus,
             "OPENBLAS_NUM_THREADS": jobs.cpus}
    by_hand = ["unshare", "-Urn", "sh", "-c", TWO_NAMESPACES, "sh", BIN / "mnist", first, second,
               "--epochs", EPOCHS_JOB, "--backend", "gloo"]
    one_host = [BIN / "mnist", "train", "--epochs", EPOCHS_JOB]
    samples = interleaved(
        ROUNDS, job=jobs,
        by_hand=lambda: training_seconds(by_hand, environment(**share)),
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

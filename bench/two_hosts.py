"""Training on two hosts: as a job of two instances through the daemon, and as the same two
processes run by hand in two network namespaces. Both give the seconds from the last line before
training to the last line after it."""
import json
import pathlib
import re
import subprocess
import tempfile
import time

from harness import Daemon, finished, make_roles, source_archive, training_request, wait_for

BUCKET = "bench-bucket"
BEGINS = re.compile(r"Processes \d+/\d+ \(\d+%\) of test data")
ENDS = re.compile(r"Test set: Average loss: .* Accuracy: (\d+)/10000")

# $1 and $2: base folders of the two hosts; the rest: what each runs. As "root" of a user namespace
# of its own.
TWO_NAMESPACES = """
set -e
first=$1 second=$2; shift 2
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
export SM_CHANNEL_TRAINING=$first/input/data/training
host() { export SAGEMAKER_BASE_DIR=$1 SM_MODEL_DIR=$1/model SM_CURRENT_HOST=$2; }
( host "$second" algo-2; exec $inside "$@" >/dev/null ) &
peer=$!
( host "$first" algo-1; exec "$@" )
wait $peer
"""


def base_folder(data):
    """A folder in the form of /opt/ml with MNIST as the channel `training`."""
    base = pathlib.Path(tempfile.mkdtemp(prefix="trainyard-bench-"))
    (base / "input" / "data").mkdir(parents=True)
    (base / "input" / "config").mkdir()
    (base / "model").mkdir()
    (base / "input" / "config" / "inputdataconfig.json").write_text('{"training": {}}')
    (base / "input" / "data" / "training").symlink_to(data)
    return base


def training_seconds(command, variables):
    """Of a command that writes its log as it comes."""
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


def by_hand(command, first, second, variables):
    return training_seconds(["unshare", "-Urn", "sh", "-c", TWO_NAMESPACES, "sh", first, second,
                             *command], variables)


class Jobs:
    """Training jobs of two instances: `program` of the code archive's `files`."""

    def __init__(self, data, files, program, epochs):
        self.daemon = Daemon().start()
        self.program, self.epochs = program, epochs
        self.role, _ = make_roles(self.daemon)
        s3 = self.daemon.client("s3")
        s3.create_bucket(Bucket=BUCKET)
        s3.put_object(Bucket=BUCKET, Key="code/sourcedir.tar.gz", Body=source_archive(files))
        for file in (data / "MNIST" / "raw").iterdir():
            s3.upload_file(str(file), BUCKET, f"data/MNIST/raw/{file.name}")
        self.count = 0
        self.cpus = None  # of each host, once there was a job

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

    def run(self):
        """Name of a job of the program that has completed."""
        self.count += 1
        job = f"train-{self.count}"
        request = training_request(job, self.role, BUCKET, self.program)
        request["ResourceConfig"]["InstanceCount"] = 2
        request["InputDataConfig"] = [{"ChannelName": "training", "DataSource": {
            "S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/data",
                             "S3DataDistributionType": "FullyReplicated"}}}]
        request["HyperParameters"].update(epochs=str(self.epochs), backend=json.dumps("gloo"))
        self.daemon.client("sagemaker").create_training_job(**request)
        ended = finished(self.daemon, job, 600, pause=0.5)  # to ask takes from what it trains with
        if ended["TrainingJobStatus"] != "Completed":
            raise RuntimeError(f"{job}: {ended.get('FailureReason')}")
        return job

    def __call__(self):
        job = self.run()

        def complete():
            lines = self.lines(job)
            begin = [at for at, text in lines if BEGINS.search(text)]
            end = [at for at, text in lines if ENDS.search(text)]
            if len(end) < self.epochs:
                return None
            self.cpus = next(text.split("=")[1] for _, text in lines
                             if text.startswith("SM_NUM_CPUS="))
            return (end[-1] - begin[-1]) / 1000
        return wait_for(complete, 60, f"log of {job}")

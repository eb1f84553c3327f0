"""InvokeEndpoint through the daemon against the same request straight to the instance, which is
reached by joining its network namespace; against a relay in the daemon's place that looks at nothing
(`relay.cpp`), which is as near as any proxy could come; and against the network alone, one image at a
time.

For one connection `ratio` is ours over the instance's latency; for sixteen our throughput over the
instance's."""
import contextlib
import os
import pathlib
import socket
import struct
import subprocess

from figures import interleaved, medians, ratio_of_pairs, report
from harness import (BIN, REGION, SERVING_IMAGE, Daemon, finished, make_roles, source_archive,
                     training_request, wait_for)
from load_runs import SECONDS, as_bytes, load, signed
from mnist_data import mnist_folder

ROUNDS = 5
ENDPOINT = "bench"
BUCKET = "bench-bucket"


def npy(count, grey=0.1):
    """`count` grey images as NumPy would write them."""
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({count}, 1, 28, 28), }}"
    header += " " * ((64 - (10 + len(header) + 1) % 64) % 64) + "\n"
    return (b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() +
            struct.pack("<784f", *[grey] * 784) * count)


def model_servers():
    """Processes that run `mnist serve`."""
    found = set()
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue  # it ended meanwhile
        if words[0].endswith(b"/mnist") and b"serve" in words:
            found.add(int(folder.name))
    return found


class Endpoint:
    """One instance that serves what one short job has trained."""

    def __init__(self, data):
        before = model_servers()
        self.daemon = Daemon().start()
        role, _ = make_roles(self.daemon)
        s3, sagemaker = self.daemon.client("s3"), self.daemon.client("sagemaker")
        s3.create_bucket(Bucket=BUCKET)
        s3.put_object(Bucket=BUCKET, Key="code/sourcedir.tar.gz",
                      Body=source_archive({"mnist": (BIN / "mnist", 0o755)}))
        for file in (data / "MNIST" / "raw").iterdir():
            s3.upload_file(str(file), BUCKET, f"data/MNIST/raw/{file.name}")
        request = training_request("train", role, BUCKET, "mnist")
        request["InputDataConfig"] = [{"ChannelName": "training", "DataSource": {
            "S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/data",
                             "S3DataDistributionType": "FullyReplicated"}}}]
        request["HyperParameters"]["epochs"] = "1"
        sagemaker.create_training_job(**request)
        model = finished(self.daemon, "train", 300)["ModelArtifacts"]["S3ModelArtifacts"]
        sagemaker.create_model(ModelName=ENDPOINT, ExecutionRoleArn=role, PrimaryContainer={
            "Image": SERVING_IMAGE, "ModelDataUrl": model,
            "Environment": {"SAGEMAKER_PROGRAM": "mnist", "SAGEMAKER_REGION": REGION,
                            "SAGEMAKER_SUBMIT_DIRECTORY": f"s3://{BUCKET}/code/sourcedir.tar.gz"}})
        sagemaker.create_endpoint_config(EndpointConfigName=ENDPOINT, ProductionVariants=[
            {"InitialInstanceCount": 1, "InstanceType": "ml.c4.xlarge", "ModelName": ENDPOINT,
             "VariantName": "AllTraffic"}])
        sagemaker.create_endpoint(EndpointName=ENDPOINT, EndpointConfigName=ENDPOINT)
        wait_for(lambda: sagemaker.describe_endpoint(EndpointName=ENDPOINT)["EndpointStatus"] ==
                 "InService", 120, "endpoint in service")
        self.server = (model_servers() - before).pop()

    def signed_request(self, body):
        """InvokeEndpoint as bytes, head and body; its signature holds for some minutes."""
        return signed(self.daemon, "sagemaker", f"/endpoints/{ENDPOINT}/invocations", {
            "Content-Type": "application/x-npy", "Accept": "application/x-npy"}, body)


@contextlib.contextmanager
def bare_relay(inside):
    """Its address: it listens where the daemon does, and connects where the instance runs."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listening:
        number = listening.fileno()
        process = subprocess.Popen([*inside, BIN / "bench-relay", str(number), "8080"],
                                   pass_fds=[number])
        try:
            yield f"127.0.0.1:{listening.getsockname()[1]}"
        finally:
            process.kill()
            process.wait()


def forward_alone():
    done = subprocess.run([BIN / "bare-train", "--forward", str(SECONDS)], check=True,
                          capture_output=True, text=True,
                          env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"})
    micros, per_second = map(float, done.stdout.split())
    return {"p50_us": micros, "per_second": per_second}


def compare(endpoint, body, connections):
    """Samples of both ways and of the network alone, in turn."""
    inside = ["nsenter", "-t", str(endpoint.server), "-U", "--preserve-credentials", "-n"]
    straight = as_bytes("localhost", "/invocations",
                        {"Content-Type": "application/x-npy", "Accept": "application/x-npy"},
                        body)
    address = endpoint.daemon.url.split("//")[1]
    with bare_relay(inside) as relay:
        return interleaved(
            ROUNDS,
            daemon=lambda: load(address, connections, endpoint.signed_request(body)),
            instance=lambda: load("127.0.0.1:8080", connections, straight, prefix=inside),
            relay=lambda: load(relay, connections, straight),
            forward=forward_alone)


def figures_of(samples, name):
    return {key: [sample[name] for sample in values] for key, values in samples.items()}


def main():
    endpoint = Endpoint(mnist_folder())
    body = npy(1)
    latency = figures_of(compare(endpoint, body, 1), "p50_us")
    middle = medians(latency)
    report("invoke.forward_p50", middle["forward"], "us")
    report("invoke.instance_p50", middle["instance"], "us")
    report("invoke.p50", middle["daemon"], "us", "<=1.5 of instance_p50",
           ratio_of_pairs(latency, "daemon", "instance"))
    report("invoke.relay_p50", middle["relay"], "us", None,
           ratio_of_pairs(latency, "relay", "instance"))
    throughput = figures_of(compare(endpoint, body, 16), "per_second")
    middle = medians(throughput)
    report("invoke.forward_rate", middle["forward"], "1/s")
    report("invoke.instance_rate_16", middle["instance"], "1/s")
    report("invoke.rate_16", middle["daemon"], "1/s", ">=0.7 of instance_rate_16",
           ratio_of_pairs(throughput, "daemon", "instance"))
    report("invoke.relay_rate_16", middle["relay"], "1/s", None,
           ratio_of_pairs(throughput, "relay", "instance"))
    report("invoke.rate_16_to_forward", middle["daemon"], "1/s", None,
           ratio_of_pairs(throughput, "daemon", "forward"))
    endpoint.daemon.close()


if __name__ == "__main__":
    main()

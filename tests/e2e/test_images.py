"""Jobs and endpoints whose OCI images really run, from their own file systems. The image is made here
of this host's shell and Python, by `podman import`: nothing is fetched. Skipped without podman."""
import io
import os
import pathlib
import re
import shutil
import subprocess
import tarfile
import tempfile
import unittest

from harness import Daemon, finished, logs_of, make_roles, training_request, wait_for

GROUP = "/aws/sagemaker/TrainingJobs"
PODMAN = ["podman", "--cgroup-manager=cgroupfs", "--events-backend=file"]
PROGRAMS = ["sh", "ls", "cat", "id", "env", "sleep", "mkdir", "rm", "touch", "chmod", "stat"]

# The image's `train`: what it is and sees, and a model.
TRAIN = """#!/bin/sh
set -eu
echo "runs as $(id -u):$(id -g) in $(pwd) with $IMAGE_SAYS $REQUEST_SAYS home $HOME args $*"
echo "hyperparameters $(cat /opt/ml/input/config/hyperparameters.json)"
echo "channel $(ls /opt/ml/input/data/training)"
[ ! -e /opt/trainyard ] || echo "there is a toolkit"
[ "$(cat /etc/kept)" = original ]
echo changed > /etc/kept
mkdir /new && echo here > /new/file
rm /usr/gone
ls / /tmp
sleep "${REQUEST_SLEEPS:-0}"
echo weights > /opt/ml/model/weights
"""
SERVE = """
import http.server, os, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self, body):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def do_GET(self):
        self.answer(b"")
    def do_POST(self):
        asked = self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(open("/opt/ml/model/weights", "rb").read() + asked)
    def log_message(self, *arguments):
        pass
http.server.HTTPServer(("", 8080), Handler).serve_forever()
"""


def libraries(program):
    """The shared libraries of a program, by the paths that it looks for."""
    told = subprocess.run(["ldd", program], capture_output=True, text=True)
    return re.findall(r"(/\S+) \(0x", told.stdout)


def add(archive, path, content=b"", mode=0o644, kind=tarfile.REGTYPE):
    member = tarfile.TarInfo(path.lstrip("/"))
    member.size, member.mode, member.type = len(content), mode, kind
    archive.addfile(member, io.BytesIO(content))


def root_of_host():
    """A small root file system as a tar: this host's shell and Python, and a few files."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for folder in ("tmp", "dev", "proc", "home/app", "opt", "locked"):
            add(archive, folder, mode={"tmp": 0o1777, "locked": 0o555}.get(folder, 0o755),
                kind=tarfile.DIRTYPE)
        python = os.path.realpath("/usr/bin/python3")
        paths = {shutil.which(name): f"/usr/bin/{name}" for name in PROGRAMS}
        paths[python] = "/usr/bin/python3"
        library = pathlib.Path(subprocess.run(
            [python, "-c", "import os; print(os.__file__)"], capture_output=True,
            text=True).stdout.strip()).parent
        dynamic = [str(path) for path in (library / "lib-dynload").glob("*.so")
                   if re.match(r"_socket|select|_posixsubprocess|math|array|_struct|_hashlib|zlib|"
                               r"_datetime|_bisect|_random|_sha512|fcntl|termios", path.name)]
        for program in [*paths, *dynamic]:
            for path in libraries(program):
                paths.setdefault(path, path)
        for source, path in paths.items():
            add(archive, path, pathlib.Path(source).read_bytes(), 0o755)
        for path in [*map(pathlib.Path, dynamic), *library.glob("*.py"),
                     *(file for name in ("http", "email", "urllib", "encodings", "collections",
                                         "importlib", "re", "html", "json", "logging")
                       for file in (library / name).rglob("*.py"))]:
            add(archive, str(path), path.read_bytes())
        add(archive, "/bin/sh", pathlib.Path("/bin/sh").read_bytes(), 0o4755)
        add(archive, "/usr/bin/train", TRAIN.encode(), 0o755)
        add(archive, "/usr/bin/serve", b"#!/bin/sh\nexec python3 /serve.py\n", 0o755)
        add(archive, "/serve.py", SERVE.encode())
        add(archive, "/etc/kept", b"original\n", 0o600)
        add(archive, "/usr/gone", b"")
        add(archive, "/etc/passwd", b"root:x:0:0::/root:/bin/sh\napp:x:1001:1002::/home/app:/bin/sh\n")
        add(archive, "/etc/group", b"root:x:0:\napp:x:1002:\n")
    return stream.getvalue()


def make_image(root, name, *changes):
    words = [word for change in changes for word in ("--change", change)]
    done = subprocess.run([*PODMAN, "import", "--quiet", *words, "-", name], input=root,
                          capture_output=True, timeout=300)
    if done.returncode != 0:
        raise AssertionError(done.stderr.decode())
    return done.stdout.decode().strip().removeprefix("sha256:")


@unittest.skipUnless(shutil.which("podman"), "podman is not installed (script/bootstrap --images)")
class Images(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        root = root_of_host()
        cls.tag = f"t{os.getpid()}"
        cls.image = f"localhost/trainyard-test:{cls.tag}"
        cls.as_app = f"localhost/trainyard-app:{cls.tag}"
        names = [cls.image, cls.as_app]
        cls.addClassCleanup(subprocess.run, [*PODMAN, "rmi", "--force", *names],
                            capture_output=True)
        cls.id = make_image(root, cls.image, "ENV IMAGE_SAYS=image", "WORKDIR /srv/here")
        cls.app_id = make_image(root, cls.as_app, "ENV IMAGE_SAYS=app", "USER app",
                                'ENTRYPOINT ["/bin/sh", "-c", "exec \\"$0\\" \\"$@\\""]')
        bundle = cls.enterClassContext(tempfile.NamedTemporaryFile(suffix=".pem"))
        bundle.write(b"an authority")
        bundle.flush()
        cls.bundle = bundle.name
        cls.daemon = Daemon(environment={"SSL_CERT_FILE": cls.bundle, "PIP_CERT": "/usr/bin/env"})
        (cls.daemon.data / "runtimes.toml").write_text(f'''
[[runtime]]
name = "mine"
images = ["localhost/*:{cls.tag}", "localhost/missing:*"]
oci = true
environment = {{ REQUEST_SAYS = "table" }}
[[runtime]]
name = "instead"
images = ["*/asked:*"]
oci = "{cls.as_app}"
''')
        cls.daemon.start()
        cls.addClassCleanup(cls.daemon.close)
        cls.job_role, _ = make_roles(cls.daemon)
        s3 = cls.daemon.client("s3")
        s3.create_bucket(Bucket="data")
        s3.put_object(Bucket="data", Key="in/part-0.csv", Body=b"1\n")

    def setUp(self):
        # Anew, since a test has the daemon come back at another port.
        self.s3 = self.daemon.client("s3")
        self.sagemaker = self.daemon.client("sagemaker")

    def start(self, name, image, instances=1, algorithm=None, **changes):
        request = training_request(name, self.job_role, "data", **changes)
        request["AlgorithmSpecification"] = {"TrainingImage": image, "TrainingInputMode": "File",
                                             **(algorithm or {})}
        request["HyperParameters"] = {"lr": "0.1"}
        request["ResourceConfig"]["InstanceCount"] = instances
        request["InputDataConfig"] = [{"ChannelName": "training", "DataSource": {"S3DataSource": {
            "S3DataType": "S3Prefix", "S3Uri": "s3://data/in"}}}]
        self.sagemaker.create_training_job(**request)

    def lines(self, name):
        return [line for stream in logs_of(self.daemon, GROUP, name + "/").values()
                for line in stream]

    def expect_completed(self, name, seconds=120):
        ended = finished(self.daemon, name, seconds)
        self.assertEqual(ended["TrainingJobStatus"], "Completed",
                         (ended.get("FailureReason"), self.lines(name)))
        return self.lines(name)

    def reason(self, name):
        ended = finished(self.daemon, name, 120)
        self.assertEqual(ended["TrainingJobStatus"], "Failed", self.lines(name))
        return ended["FailureReason"]

    def test_two_instances_train_each_on_a_root_of_its_own(self):
        self.start("trains", self.image, instances=2, Environment={"REQUEST_SAYS": "request"})
        lines = self.expect_completed("trains")
        for expected in (
                f"[trainyard] Image {self.image} (sha256:{self.id}) runs `train`",
                "runs as 0:0 in /srv/here with image request home /root args ",
                'hyperparameters {"lr":"0.1"}', "channel part-0.csv"):
            self.assertEqual(lines.count(expected), 2, (expected, lines))
        self.assertEqual(lines.count("new"), 2, lines)
        self.assertNotIn("there is a toolkit", lines)
        body = self.s3.get_object(Bucket="data", Key="models/trains/output/model.tar.gz")["Body"]
        with tarfile.open(fileobj=io.BytesIO(body.read())) as archive:
            self.assertEqual(archive.extractfile("weights").read(), b"weights\n")
        # What one wrote is gone with it: `train` itself looks for what it finds.
        self.start("again", self.image)
        self.expect_completed("again")
        rootfs = self.daemon.data / "images" / self.id / "rootfs"
        self.assertEqual((rootfs / "etc/kept").read_text(), "original\n")
        self.assertTrue((rootfs / "usr/gone").exists())
        self.assertFalse((rootfs / "new").exists())
        self.assertFalse(os.stat(rootfs / "bin/sh").st_mode & 0o4000, "nothing lends rights")
        self.assertEqual(os.stat(self.daemon.data / "images").st_mode & 0o777, 0o700)
        wait_for(lambda: not any((self.daemon.data / "attempts").iterdir()), 60, "no attempts")

    def test_another_image_in_its_place_as_its_own_user(self):
        self.start("instead", "123456789012.dkr.ecr.us-east-1.amazonaws.com/asked:1",
                   Environment={"REQUEST_SAYS": "r"})
        lines = self.expect_completed("instead")
        self.assertIn("runs as 1001:1002 in / with app r home /home/app args ", lines)
        self.assertTrue(any(f"sha256:{self.app_id}" in line and line.endswith("as its user app")
                            for line in lines), lines)

    def test_entry_point_and_arguments_of_the_request(self):
        self.start("entry", self.as_app, algorithm={
            "ContainerEntrypoint": ["sh", "-c"],
            "ContainerArguments": ["echo from the request; echo m > /opt/ml/model/m"]})
        self.assertIn("from the request", self.expect_completed("entry"))
        described = self.sagemaker.describe_training_job(TrainingJobName="entry")
        self.assertEqual(described["AlgorithmSpecification"]["ContainerEntrypoint"], ["sh", "-c"])
        with self.assertRaisesRegex(self.sagemaker.exceptions.ClientError,
                                    r"ContainerEntrypoint is for OCI images"):
            self.start("refused", "none/of:them", algorithm={"ContainerEntrypoint": ["sh"]})

    def test_the_way_out_and_the_hosts_certificates(self):
        self.start("out", self.image, algorithm={
            "ContainerEntrypoint": ["/bin/sh", "-c"], "ContainerArguments": [
                "env; cat $SSL_CERT_FILE; [ -s $PIP_CERT ] && echo m > /opt/ml/model/m"]})
        lines = self.expect_completed("out")
        for expected in ("https_proxy=http://169.254.170.2:3128", f"SSL_CERT_FILE={self.bundle}",
                         "an authority", "PIP_CERT=/usr/bin/env", "HOME=/root",
                         "AWS_ENDPOINT_URL=http://169.254.170.2"):
            self.assertIn(expected, lines)

    def test_failures_are_told(self):
        shell = {"ContainerEntrypoint": ["/bin/sh", "-c"]}
        self.start("exits", self.image, algorithm={
            **shell, "ContainerArguments": ["echo not today >&2; exit 3"]})
        self.start("says", self.image, algorithm={
            **shell, "ContainerArguments": ["echo my own words > /opt/ml/output/failure; exit 1"]})
        self.start("nothing", self.image, algorithm={"ContainerEntrypoint": ["no-such-program"]})
        self.start("missing", "localhost/missing:1")
        self.assertEqual(self.reason("exits"), "AlgorithmError: not today, exit code: 3")
        self.assertEqual(self.reason("says"), "AlgorithmError: my own words")
        self.assertRegex(self.reason("nothing"), r"AlgorithmError: .*no-such-program: No such file")
        self.assertRegex(self.reason("missing"),
                         r"\AClientError: Cannot get the image localhost/missing:1: [^\n]+\Z")

    def test_stop_and_isolation(self):
        self.start("stops", self.image, Environment={"REQUEST_SAYS": "", "REQUEST_SLEEPS": "600"})
        wait_for(lambda: any(line.startswith("channel") for line in self.lines("stops")), 60, "run")
        self.sagemaker.stop_training_job(TrainingJobName="stops")
        self.assertEqual(finished(self.daemon, "stops", 60)["TrainingJobStatus"], "Stopped")
        self.start("isolated", self.image, EnableNetworkIsolation=True, algorithm={
            "ContainerEntrypoint": ["/bin/sh", "-c"],
            "ContainerArguments": ["env; echo m > /opt/ml/model/m"]})
        lines = self.expect_completed("isolated")
        self.assertFalse([line for line in lines if "proxy" in line.lower() or "CREDENTIALS" in line])

    def test_what_it_writes_counts_for_its_volume(self):
        self.start("fills", self.image, algorithm={"ContainerEntrypoint": [
            "python3", "-c", "import os, time; "
            "os.posix_fallocate(os.open('/usr/big', os.O_CREAT | os.O_WRONLY), 0, 3 << 30); "
            "time.sleep(600)"]}, ResourceConfig={"InstanceCount": 1, "VolumeSizeInGB": 1,
                                                 "InstanceType": "ml.c4.xlarge"})
        self.assertIn("No space left on the instance's volume: its files take 3.0",
                      self.reason("fills"))

    def test_a_crash_while_an_image_is_unpacked(self):
        for point in ("image.config.rename:1", "image.rename:1"):
            with self.subTest(point):
                daemon = Daemon(environment={"TRAINYARD_CRASH_AT": point})
                (daemon.data / "runtimes.toml").write_text(
                    '[[runtime]]\nname = "all"\nimages = ["*"]\noci = true\n')
                daemon.start()
                self.addCleanup(daemon.close)
                role, _ = make_roles(daemon)
                daemon.client("s3").create_bucket(Bucket="data")
                request = training_request("job", role, "data", HyperParameters={})
                request["AlgorithmSpecification"].update(
                    TrainingImage=self.image, ContainerEntrypoint=["touch", "/opt/ml/model/m"])
                daemon.client("sagemaker").create_training_job(**request)
                self.assertEqual(daemon.process.wait(timeout=60), -9)
                daemon.process.stdout.close()
                daemon.environment = {}
                daemon.start()
                self.assertEqual(finished(daemon, "job")["TrainingJobStatus"], "Completed")
                self.assertEqual([path.name for path in (daemon.data / "images").iterdir()],
                                 [self.id])

    def test_an_endpoint(self):
        self.s3.put_object(Bucket="data", Key="served/model.tar.gz", Body=self.model())
        self.sagemaker.create_model(
            ModelName="served", ExecutionRoleArn=self.job_role, PrimaryContainer={
                "Image": self.image, "ModelDataUrl": "s3://data/served/model.tar.gz"})
        self.sagemaker.create_endpoint_config(EndpointConfigName="served", ProductionVariants=[
            {"InitialInstanceCount": 2, "InstanceType": "ml.c4.xlarge", "ModelName": "served",
             "VariantName": "AllTraffic"}])
        self.sagemaker.create_endpoint(EndpointName="served", EndpointConfigName="served")
        self.addCleanup(lambda: self.sagemaker.delete_endpoint(EndpointName="served"))

        def state():
            status = self.sagemaker.describe_endpoint(EndpointName="served")["EndpointStatus"]
            return status if status != "Creating" else None
        self.assertEqual(wait_for(state, 120, "the endpoint"), "InService", logs_of(
            self.daemon, "/aws/sagemaker/Endpoints/served", "AllTraffic/"))
        runtime = self.daemon.client("sagemaker-runtime")
        for _ in range(4):
            answer = runtime.invoke_endpoint(EndpointName="served", ContentType="text/plain",
                                             Body=b"asked")
            self.assertEqual(answer["Body"].read(), b"weights asked")
        # The daemon goes and comes back: the endpoint and its root stay.
        self.daemon.kill()
        self.daemon.start()
        self.sagemaker = self.daemon.client("sagemaker")
        runtime = self.daemon.client("sagemaker-runtime")
        self.assertEqual(runtime.invoke_endpoint(EndpointName="served", Body=b"x")["Body"].read(),
                         b"weights x")

    @staticmethod
    def model():
        stream = io.BytesIO()
        with tarfile.open(fileobj=stream, mode="w:gz") as archive:
            add(archive, "weights", b"weights ")
        return stream.getvalue()

    def test_the_table_is_shown(self):
        shown = self.daemon.command("runtimes", "--quick").stdout
        self.assertRegex(shown, r"ok +mine +OCI image +podman version")
        self.assertRegex(shown, rf"ok +instead +OCI image {self.as_app} +podman .*, has it")


class WithoutWhatItTakes(unittest.TestCase):
    """The job says what is missing."""

    def reason(self, arguments=(), environment=None):
        daemon = Daemon(arguments=arguments)
        (daemon.data / "runtimes.toml").write_text(
            '[[runtime]]\nname = "all"\nimages = ["*"]\noci = true\n')
        daemon.start(environment=environment)
        self.addCleanup(daemon.close)
        role, _ = make_roles(daemon)
        daemon.client("s3").create_bucket(Bucket="data")
        request = training_request("job", role, "data")
        request["HyperParameters"] = {}
        daemon.client("sagemaker").create_training_job(**request)
        return finished(daemon, "job")["FailureReason"]

    def test_no_podman(self):
        with tempfile.TemporaryDirectory() as folder:
            os.symlink(shutil.which("sh"), pathlib.Path(folder, "sh"))
            self.assertRegex(self.reason(environment={"PATH": folder}),
                             r"\AClientError: Cannot get the image \S+: podman cannot be started "
                             r"\(script/bootstrap --images installs it\): [^\n]+\Z")

    def test_no_sandbox(self):
        self.assertRegex(self.reason(arguments=["--sandbox", "none"]),
                         r"\AClientError: The image \S+ runs from its own file system, which takes "
                         r"the sandbox; this daemon runs with --sandbox=none\.\Z")


if __name__ == "__main__":
    unittest.main(verbosity=2)

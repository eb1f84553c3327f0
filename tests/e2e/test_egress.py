"""What instances reach of the world: an index that only the host's settings name, the internet by
way of the host, and never the host itself. One index and proxy here stand in for the internet, so
that most of it needs none."""
import contextlib
import http.server
import io
import json
import os
import pathlib
import socket
import subprocess
import tempfile
import threading
import unittest
import zipfile

from harness import (BIN, REGION, SERVING_IMAGE, Daemon, WithRoles, finished, logs_of, make_roles,
                     source_archive, training_request, wait_for)

PYTHON = "/usr/bin/python3"
INDEX = "http://index.invalid/simple"  # a name that only the proxy knows
REAL_PACKAGE = "iniconfig==2.0.0"


def wheel(name, version):
    """A package of one module, `name`, that tells its version."""
    files = {f"{name}.py": f"VERSION = '{version}'\n",
             f"{name}-{version}.dist-info/METADATA":
                 f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
             f"{name}-{version}.dist-info/WHEEL":
                 "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"}
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
        archive.writestr(f"{name}-{version}.dist-info/RECORD",
                         "".join(f"{path},,\n" for path in files))
    return stream.getvalue()


class Proxy(http.server.BaseHTTPRequestHandler):
    """The host's proxy: it has one site, the index."""
    wheels = {f"{name}-1.0-py3-none-any.whl": wheel(name, "1.0")
              for name in ("fromtheindex", "forthemodel")}
    seen = []

    def do_GET(self):
        self.seen.append(self.path)
        name = self.path.rstrip("/").rpartition("/")[2]
        if self.path.startswith(INDEX) and name in self.wheels:
            body, kind = self.wheels[name], "application/zip"
        elif self.path.startswith(INDEX):
            links = [f'<a href="{INDEX}/{name}/{file}">{file}</a>' for file in self.wheels
                     if file.startswith(name + "-")]
            body, kind = "".join(links).encode(), "text/html"
        else:
            return self.send_error(404)
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        return self.wfile.write(body)

    def log_message(self, *arguments):
        pass


@contextlib.contextmanager
def serving(handler, host="127.0.0.1"):
    with http.server.ThreadingHTTPServer((host, 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


# Asks our proxy for each URL in turn, past NO_PROXY, and prints what comes.
ASKS = """
import json, os, sys, urllib.error, urllib.request
proxy = os.environ["http_proxy"]
opener = urllib.request.build_opener(urllib.request.ProxyHandler({"http": proxy, "https": proxy}))
os.environ["no_proxy"] = os.environ["NO_PROXY"] = ""
for url in json.loads(%r):
    try:
        print("asked", url, opener.open(url, timeout=30).status)
    except urllib.error.HTTPError as error:
        print("asked", url, error.code, error.read().decode().strip())
    except OSError as error:
        print("asked", url, error)
"""

MODEL = """
import forthemodel
def model_fn(model_dir):
    return forthemodel.VERSION
def transform_fn(model, data, content_type, accept):
    return model
"""


def start(daemon, role, name, script, requirements=None, **changes):
    """A training job of one script."""
    files = {"train.py": (script, 0o644)}
    if requirements is not None:
        files["requirements.txt"] = (requirements, 0o644)
    s3 = daemon.client("s3")
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="code/sourcedir.tar.gz", Body=source_archive(files))
    daemon.client("sagemaker").create_training_job(
        **training_request(name, role, name, "train.py", **changes))


def lines_of(daemon, name):
    streams = logs_of(daemon, "/aws/sagemaker/TrainingJobs", name + "/")
    return [line for stream in streams.values() for line in stream]


class TheHostsSettings(unittest.TestCase):
    """pip's index and the proxy are told to the daemon alone."""

    @classmethod
    def setUpClass(cls):
        home = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        (home / ".config/pip").mkdir(parents=True)
        (home / ".config/pip/pip.conf").write_text(
            f"[global]\nindex-url = {INDEX}\ntrusted-host = index.invalid\ntimeout = 20\n")
        port = cls.enterClassContext(serving(Proxy))
        cls.daemon = Daemon(environment={
            "HOME": str(home), "XDG_CONFIG_HOME": "", "HTTP_PROXY": f"http://127.0.0.1:{port}",
            "HTTPS_PROXY": "", "https_proxy": "", "http_proxy": "", "NO_PROXY": "", "no_proxy": "",
            "PIP_INDEX_URL": "", "PIP_CONFIG_FILE": "", "PIP_FIND_LINKS": ""}).start()
        cls.addClassCleanup(cls.daemon.close)
        cls.role, _ = make_roles(cls.daemon)

    def test_a_job_installs_from_the_hosts_index(self):
        start(self.daemon, self.role, "installs", "import fromtheindex\n"
              "print('has', fromtheindex.VERSION)", "fromtheindex\n")
        ended = finished(self.daemon, "installs", 120)
        lines = lines_of(self.daemon, "installs")
        self.assertEqual(ended["TrainingJobStatus"], "Completed", lines)
        self.assertIn("has 1.0", lines)
        self.assertTrue(any(line.endswith("Installed: fromtheindex 1.0") for line in lines), lines)

    def test_a_model_installs_from_the_hosts_index(self):
        sagemaker = self.daemon.client("sagemaker")
        s3 = self.daemon.client("s3")
        s3.create_bucket(Bucket="models")
        s3.put_object(Bucket="models", Key="model.tar.gz", Body=source_archive(
            {"code/inference.py": (MODEL, 0o644), "code/requirements.txt": ("forthemodel", 0o644)}))
        sagemaker.create_model(ModelName="needs", ExecutionRoleArn=self.role, PrimaryContainer={
            "Image": SERVING_IMAGE, "ModelDataUrl": "s3://models/model.tar.gz",
            "Environment": {"SAGEMAKER_PROGRAM": "inference.py", "SAGEMAKER_REGION": REGION}})
        sagemaker.create_endpoint_config(EndpointConfigName="needs", ProductionVariants=[
            {"InitialInstanceCount": 1, "InstanceType": "ml.c4.xlarge", "ModelName": "needs",
             "VariantName": "AllTraffic"}])
        sagemaker.create_endpoint(EndpointName="needs", EndpointConfigName="needs")

        def state():
            status = sagemaker.describe_endpoint(EndpointName="needs")["EndpointStatus"]
            return status if status != "Creating" else None
        self.assertEqual(wait_for(state, 120, "the endpoint"), "InService",
                         logs_of(self.daemon, "/aws/sagemaker/Endpoints/needs", "AllTraffic/"))
        answer = self.daemon.client("sagemaker-runtime").invoke_endpoint(
            EndpointName="needs", ContentType="text/plain", Body=b"x")
        self.assertEqual(answer["Body"].read(), b"1.0")

    def test_what_the_index_lacks(self):
        start(self.daemon, self.role, "lacks", "print('ran')", "nosuchthing==1\n")
        self.assertEqual(finished(self.daemon, "lacks", 120).get("FailureReason"),
                         "AlgorithmError: InstallRequirementsError: cannot install "
                         "requirements.txt: No matching distribution found for nosuchthing==1")

    def test_isolation_has_no_way_out(self):
        before = len(Proxy.seen)
        start(self.daemon, self.role, "isolated", "print('ran')", "fromtheindex\n",
              EnableNetworkIsolation=True)
        self.assertRegex(finished(self.daemon, "isolated", 120).get("FailureReason"),
                         r"\AAlgorithmError: InstallRequirementsError: cannot install "
                         r"requirements.txt: /usr/bin/python3 does not have all that it needs, and "
                         r"no package index can be reached from this instance: [^\n]+\Z")
        start(self.daemon, self.role, "looks", "import os, socket\n"
              "print('sees', sorted(n for n in os.environ if 'proxy' in n.lower() or 'PIP' in n))\n"
              "print('pip.conf', os.path.exists(os.environ.get('PIP_CONFIG_FILE', '/none')))\n"
              "socket.create_connection(('169.254.170.2', 3128), 5)", EnableNetworkIsolation=True)
        self.assertIn("ConnectionRefusedError", finished(self.daemon, "looks")["FailureReason"])
        self.assertIn("sees []", lines_of(self.daemon, "looks"))
        self.assertEqual(len(Proxy.seen), before)

    def test_the_requests_own_variables_count(self):
        start(self.daemon, self.role, "own", "import os\nprint('sees', os.environ.get('https_proxy'),"
              " os.environ['HTTPS_PROXY'], os.environ['http_proxy'], os.environ['no_proxy'])",
              Environment={"HTTPS_PROXY": "http://mine:1"})
        finished(self.daemon, "own")
        self.assertIn("sees None http://mine:1 http://169.254.170.2:3128 localhost,127.0.0.1,::1,"
                      "169.254.170.2,algo-1,10.77.0.1", lines_of(self.daemon, "own"))


class TheHostItself(WithRoles):
    def test_is_out_of_bounds(self):
        """Neither its loopback nor its own addresses, under any name, nor where clouds keep
        credentials."""
        addresses = set()
        with contextlib.suppress(socket.gaierror):  # a host need not know its own name
            addresses = {address[4][0] for address in
                         socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            with contextlib.suppress(OSError):
                probe.connect(("203.0.113.1", 9))  # sends nothing: asks which address would be ours
                addresses.add(probe.getsockname()[0])
        with serving(Proxy, "0.0.0.0") as port:
            hosts = ["127.0.0.1", "localhost", "127.9.9.9", "0.0.0.0", "2130706433",
                     *sorted(addresses)]
            urls = [f"{scheme}://{host}:{port}/" for scheme in ("http", "https") for host in hosts]
            # (urllib asks for tunnels to such addresses without their brackets.)
            urls += [f"http://{host}:{port}/" for host in ("[::1]", "[::ffff:127.0.0.1]")]
            urls += ["http://169.254.169.254/latest/meta-data/", "http://[fe80::1]/",
                     "https://169.254.169.254/", self.daemon.url + "/_health"]
            start(self.daemon, self.job_role, "asks", ASKS % json.dumps(urls))
            finished(self.daemon, "asks", 120)
        said = [line for line in lines_of(self.daemon, "asks") if line.startswith("asked ")]
        self.assertEqual(len(said), len(urls), lines_of(self.daemon, "asks"))
        for line in said:
            self.assertRegex(line, r"403 Instances do not reach \S+: \S+ is ")

    def test_an_index_that_is_not_there(self):
        start(self.daemon, self.job_role, "nowhere", "print('ran')", "nosuchthing==1\n",
              Environment={"PIP_INDEX_URL": "https://index.invalid/simple", "PIP_FIND_LINKS": ""})
        self.assertEqual(
            finished(self.daemon, "nowhere", 120)["FailureReason"],
            "AlgorithmError: InstallRequirementsError: cannot install requirements.txt: "
            f"{PYTHON} does not have all that it needs, and no package index can be reached from "
            "this instance: No matching distribution found for nosuchthing==1")

    def test_other_hosts_are_not_reached_past_the_proxy(self):
        start(self.daemon, self.job_role, "past", "import socket\n"
              "socket.create_connection(('192.0.2.1', 80), 5)")
        self.assertIn("OSError: [Errno 101] Network is unreachable",
                      finished(self.daemon, "past")["FailureReason"])

    def test_a_real_index(self):
        """As the host's own pip reaches it; skipped where the host itself does not."""
        with tempfile.TemporaryDirectory() as folder:
            tried = subprocess.run([PYTHON, "-m", "pip", "download", "--no-deps", "--no-cache-dir",
                                    "--retries", "0", "-d", folder, REAL_PACKAGE],
                                   capture_output=True, text=True, timeout=300)
        if tried.returncode != 0:
            self.skipTest("this host reaches no package index: " +
                          tried.stderr.strip().rpartition("\n")[2])
        start(self.daemon, self.job_role, "real", "import iniconfig\nprint('has', iniconfig.__file__)",
              REAL_PACKAGE + "\n")
        ended = finished(self.daemon, "real", 300)
        lines = lines_of(self.daemon, "real")
        self.assertEqual(ended["TrainingJobStatus"], "Completed", lines)
        self.assertTrue(any(line.startswith("has /opt/ml/packages/") for line in lines), lines)


class NothingAllowed(unittest.TestCase):
    def test_none(self):
        daemon = Daemon(arguments=["--egress", "none"]).start()
        self.addCleanup(daemon.close)
        role, _ = make_roles(daemon)
        start(daemon, role, "shut", "import os\nprint('sees', sorted(n for n in os.environ if "
              "'proxy' in n.lower() or 'PIP' in n))")
        self.assertEqual(finished(daemon, "shut")["TrainingJobStatus"], "Completed")
        self.assertIn("sees []", lines_of(daemon, "shut"))
        refused = subprocess.run([BIN / "trainyard", "serve", "--egress", "some"], text=True,
                                 capture_output=True, timeout=30, env=dict(os.environ))
        self.assertEqual(refused.returncode, 2)
        self.assertIn("--egress", refused.stderr + refused.stdout)


if __name__ == "__main__":
    unittest.main(verbosity=2)

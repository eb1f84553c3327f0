"""The SDKs that the other tests drive are the ones that PyPI has: each installed file is, byte for
byte, in an archive whose digest the lock names, and nothing else changes them at their import."""
import hashlib
import importlib.metadata
import pathlib
import sys
import tarfile
import unittest
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
VENV = pathlib.Path(sys.prefix)
LOCK = ROOT / "tools" / "locks" / f"{VENV.name.removeprefix('venv-')}.txt"
PACKAGES = ("sagemaker", "stepfunctions", "boto3", "botocore")


def locked():
    """{distribution: (version, sha256)}"""
    rows = {}
    for line in LOCK.read_text().splitlines():
        if "==" in line:
            pinned, digest = line.split(" --hash=sha256:")
            name, version = pinned.split("==")
            rows[name] = (version, digest)
    return rows


def archive_of(digest):
    """The archive with that digest, among those that the environment was made of."""
    for path in sorted((VENV / "archives").iterdir()):
        if hashlib.sha256(path.read_bytes()).hexdigest() == digest:
            return path
    raise AssertionError(f"no archive has the digest {digest}")


def contents(path, package):
    """{file of the package: bytes}, of a wheel or of a source archive."""
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as archive:
            return {name: archive.read(name) for name in archive.namelist()
                    if name.startswith(f"{package}/") and not name.endswith("/")}
    files = {}
    with tarfile.open(path) as archive:
        for member in archive:
            name = member.name.partition("/")[2].removeprefix("src/")
            if member.isfile() and name.startswith(f"{package}/"):
                files[name] = archive.extractfile(member).read()
    return files


class Unmodified(unittest.TestCase):
    def test_files_are_those_of_the_archives(self):
        for package in PACKAGES:
            version, digest = locked()[package]
            distribution = importlib.metadata.distribution(package)
            self.assertEqual(distribution.version, version)
            folder = pathlib.Path(distribution.locate_file(package))
            self.assertTrue(folder.is_relative_to(VENV), folder)
            published = contents(archive_of(digest), package)
            installed = {path.relative_to(folder.parent).as_posix(): path.read_bytes()
                         for path in folder.rglob("*")
                         if path.is_file() and "__pycache__" not in path.parts}
            changed = [name for name, data in installed.items() if published.get(name) != data]
            self.assertEqual(changed, [], package)
            lost = [name for name in published if name.endswith(".py") and name not in installed]
            self.assertEqual(lost, [], package)
            self.assertIn(f"{package}/__init__.py", installed)

    def test_nothing_runs_before_them(self):
        site = pathlib.Path(importlib.metadata.distribution("boto3").locate_file(""))
        hooks = {path.name for path in site.iterdir()
                 if path.suffix == ".pth" or path.name in ("sitecustomize.py", "usercustomize.py")}
        # Those of setuptools and of the namespace package google.
        self.assertLessEqual(hooks, {"distutils-precedence.pth", "protobuf-3.20.3-nspkg.pth"})


if __name__ == "__main__":
    unittest.main()

"""probe.py PACKAGE [--import]: one line of JSON about this interpreter and one package of its.

Started at the begin of each job that runs Python, so that it does without importlib.metadata, which
takes a tenth of a second: it looks for the package's metadata where the interpreter looks for
modules. With --import the package's module is loaded as well.
"""
import os
import sys


def normal(name):
    """Names of distributions as PEP 503 compares them."""
    return name.lower().replace("_", "-").replace(".", "-")


def version_of(package):
    """The version of an installed distribution, without its build's mark; "" when there is none."""
    for folder in sys.path:
        try:
            names = os.listdir(folder or ".")
        except OSError:
            continue
        for name in names:
            stem, ending = os.path.splitext(name)
            if ending not in (".dist-info", ".egg-info") or "-" not in stem:
                continue
            found, version = stem.split("-")[:2]
            if normal(found) == normal(package):
                return version.split("+")[0]
    return ""


def module_of(package):
    """The module that a distribution is imported as."""
    return {"scikit-learn": "sklearn"}.get(package, package.replace("-", "_"))


def main():
    package, load = sys.argv[1], "--import" in sys.argv[2:]
    version = version_of(package) if package else ""
    problem = ""
    if package and load:
        try:
            module = __import__(module_of(package))
            version = version or str(getattr(module, "__version__", "")).split("+")[0]
        except Exception as error:  # whatever it is, it is the answer
            problem = f"{type(error).__name__}: {error}".splitlines()[0]
    elif package and not version:
        problem = f"{package} is not installed"
    import json
    print(json.dumps({"python": sys.version.split()[0], "version": version, "problem": problem}))


if __name__ == "__main__":
    main()

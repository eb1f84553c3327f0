"""notebook_env.py HOME: an environment of its own for what a notebook's user installs.

Run by the interpreter that runs JupyterLab, which it leaves alone: kernels and terminals use
HOME/env, which sees all that the interpreter has and takes what pip installs. Prints one line of
JSON: the version of "jupyterlab" ("" where it is missing), and whether there is a "pip".

Neither ensurepip nor a pip of its own is needed: to unpack one would take seconds.
"""
import importlib.metadata
import importlib.util
import json
import pathlib
import shlex
import site
import sys
import venv


def version_of(package):
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""


def own_folders():
    """Of an interpreter that is itself a virtual environment: what one made from it does not see."""
    if sys.prefix == sys.base_prefix:
        return []
    return [folder for folder in site.getsitepackages([sys.prefix]) if pathlib.Path(folder).is_dir()]


def sees_base():
    """Whether the interpreter sees the packages of the one that it was made from, if any."""
    return bool(set(site.getsitepackages([sys.base_prefix])) & set(sys.path))


def make_environment(folder):
    venv.EnvBuilder(system_site_packages=sees_base(), symlinks=True, with_pip=False).create(folder)
    python = folder / "bin" / "python"
    # addsitedir, so that the .pth files there count, too.
    lines = [f"import site; site.addsitedir({path!r})\n" for path in own_folders()]
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    packages = folder / "lib" / f"python{version}" / "site-packages"
    (packages / "interpreter.pth").write_text("".join(lines))
    for name in ("pip", "pip3", f"pip{version}"):
        program = folder / "bin" / name
        program.write_text(f'#!/bin/sh\nexec {shlex.quote(str(python))} -m pip "$@"\n')
        program.chmod(0o755)
    return python


def write_json(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=1) + "\n")


# Jupyter's own name for a Python kernel, and the one that notebooks saved on SageMaker ask for. They
# come before those of Jupyter's environment, whose python3 has not what the user installs.
KERNELS = {"python3": "Python 3 (ipykernel)", "conda_python3": "conda_python3"}


def write_kernels(home, python):
    for name, shown in KERNELS.items():
        write_json(home / ".local/share/jupyter/kernels" / name / "kernel.json",
                   {"argv": [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"],
                    "display_name": shown, "language": "python", "metadata": {"debugger": True}})


def write_profile(home):
    """Terminals are login shells, whose PATH begins anew."""
    activate = shlex.quote(str(home / "env/bin/activate"))
    beside = shlex.quote(str(pathlib.Path(sys.executable).parent))
    (home / ".profile").write_text(
        f'. {activate}\ncase ":$PATH:" in *:{beside}:*) ;; *) PATH="$PATH":{beside} ;; esac\n')


def main():
    home = pathlib.Path(sys.argv[1])
    found = {"jupyterlab": version_of("jupyterlab"),
             "pip": importlib.util.find_spec("pip") is not None}
    if found["jupyterlab"]:
        python = make_environment(home / "env")
        write_kernels(home, python)
        # Or it asks whether it may ask the internet for news.
        write_json(home / ".jupyter/labconfig/page_config.json",
                   {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}})
        write_profile(home)
    print(json.dumps(found))


if __name__ == "__main__":
    main()

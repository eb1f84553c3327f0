"""ARCHITECTURE.md's table names functions: each must be defined where the table says."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def rows():
    text = (ROOT / "ARCHITECTURE.md").read_text()
    for line in text.splitlines():
        match = re.match(r"\| (\d) \| .* \| (.*) \|$", line)
        if match:
            yield int(match.group(1)), match.group(2)


def places(cell):
    """[(functions, place)]: each place in backquotes ends the list of functions before it."""
    functions, found = [], []
    for name in re.findall(r"`([^`]+)`", cell):
        if "/" in name:
            found.append((functions, name))
            functions = []
        else:
            functions.append(name)
    assert not functions, f"{functions} have no place"
    return found


def is_defined(function, place):
    path = ROOT / place
    files = [path] if path.is_file() else sorted(path.rglob("*.cpp"))
    # A definition begins a line and ends in an opening brace, not in a semicolon.
    pattern = re.compile(rf"^[\w:<>&*, ]*\b{re.escape(function)}\([^;{{]*\)( const)? \{{", re.M)
    return any(pattern.search(file.read_text()) for file in files)


def main():
    steps, missing = [], []
    for step, cell in rows():
        steps.append(step)
        for functions, place in places(cell):
            missing += [f"step {step}: {function} is not defined in {place}"
                        for function in functions if not is_defined(function, place)]
    if steps != list(range(1, 9)):
        missing.append(f"the table must have steps 1 to 8, not {steps}")
    print("\n".join(missing) or f"{len(steps)} steps, every function found")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())

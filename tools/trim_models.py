#!/usr/bin/env python3
"""Trims AWS's published service models to the operations that api/*.ops list.

usage: tools/trim_models.py BOTOCORE_WHEEL

Reads the models inside a botocore wheel (Apache-2.0; the version is named in NOTICE) and writes
api/<service>.json: operations, shapes and constraints, without prose and without what no
operation of ours reaches (but for the names by which queries tell operations apart). Run it again after adding an operation to an .ops file.
"""
import gzip
import json
import pathlib
import re
import sys
import zipfile

API = pathlib.Path(__file__).resolve().parent.parent / "api"
FOLDERS = {  # our name: botocore's folder
    "states": "stepfunctions", "sagemaker": "sagemaker", "runtime": "sagemaker-runtime",
    "s3": "s3", "iam": "iam", "sts": "sts", "logs": "logs", "events": "events",
    "monitoring": "cloudwatch"}
METADATA = ("apiVersion", "awsQueryCompatible", "endpointPrefix", "jsonVersion", "protocol", "signingName",
            "targetPrefix", "xmlNamespace")
SHAPE_TRAITS = ("type", "required", "payload", "enum", "min", "max", "pattern", "flattened",
                "union", "sensitive", "timestampFormat", "error", "exception", "locationName",
                "xmlNamespace", "streaming")
REFERENCE_TRAITS = ("shape", "location", "locationName", "flattened", "xmlAttribute",
                    "timestampFormat", "xmlNamespace", "streaming")


def operations_of(service):
    lines = (API / f"{service}.ops").read_text().splitlines()
    return [line.split("#")[0].split()[0] for line in lines if line.split("#")[0].strip()]


def newest_model(archive, folder):
    pattern = re.compile(rf"botocore/data/{re.escape(folder)}/([^/]+)/service-2\.json(\.gz)?$")
    names = sorted(name for name in archive.namelist() if pattern.match(name))
    data = archive.read(names[-1])
    return json.loads(gzip.decompress(data) if names[-1].endswith(".gz") else data)


def keep(source, names):
    return {name: source[name] for name in names if name in source}


def trim_shape(shape):
    trimmed = keep(shape, SHAPE_TRAITS)
    if "members" in shape:
        trimmed["members"] = {name: keep(member, REFERENCE_TRAITS)
                              for name, member in shape["members"].items()}
    for name in ("member", "key", "value"):
        if name in shape:
            trimmed[name] = keep(shape[name], REFERENCE_TRAITS)
    return trimmed


def references(shape):
    yield from (member["shape"] for member in shape.get("members", {}).values())
    yield from (shape[name]["shape"] for name in ("member", "key", "value") if name in shape)


def selectors(model, operations):
    """Names in a query that make a request mean one operation and no other at the same path: the
    literals of all of AWS's templates, and the query members that operations of ours require."""
    names = set()
    for name, operation in model["operations"].items():
        literal = operation["http"]["requestUri"].partition("?")[2]
        names |= {pair.split("=")[0] for pair in literal.split("&") if pair}
        if name not in operations:
            continue
        shape = model["shapes"][operation["input"]["shape"]] if "input" in operation else {}
        names |= {shape["members"][member]["locationName"]
                  for member in shape.get("required", [])
                  if shape["members"][member].get("location") == "querystring"}
    return sorted(names)


def trim(model, operations):
    kept, shapes, todo = {}, {}, []
    for name in operations:
        operation = model["operations"][name]
        kept[name] = {"http": keep(operation["http"], ("method", "requestUri", "responseCode"))}
        for side in ("input", "output"):
            if side in operation:
                kept[name][side] = keep(operation[side], REFERENCE_TRAITS + ("resultWrapper",))
                todo.append(operation[side]["shape"])
        errors = [error["shape"] for error in operation.get("errors", [])]
        if errors:
            kept[name]["errors"] = errors
            todo += errors
    while todo:
        name = todo.pop()
        if name not in shapes:
            shapes[name] = trim_shape(model["shapes"][name])
            todo += references(shapes[name])
    metadata = keep(model["metadata"], METADATA)
    if len(model["metadata"].get("protocols", [])) > 1:
        metadata["protocols"] = model["metadata"]["protocols"]
    if names := selectors(model, operations):
        metadata["querySelectors"] = names
    return {"metadata": metadata, "operations": kept,
            "shapes": dict(sorted(shapes.items()))}


def write(path, model):
    """One line an operation and a shape: compact, and a change is a readable diff."""
    lines = ['{"metadata": ' + json.dumps(model["metadata"], sort_keys=True) + ","]
    for part in ("operations", "shapes"):
        rows = [f"  {json.dumps(name)}: {json.dumps(value)}" for name, value in model[part].items()]
        lines.append(f'"{part}": {{\n' + ",\n".join(rows) + "\n}" + ("," if part != "shapes" else ""))
    path.write_text("\n".join(lines) + "}\n")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with zipfile.ZipFile(sys.argv[1]) as archive:
        for service, folder in FOLDERS.items():
            model = trim(newest_model(archive, folder), operations_of(service))
            write(API / f"{service}.json", model)
            print(f"{service}: {len(model['operations'])} operations, {len(model['shapes'])} shapes")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Makes the files beside it with PyTorch (Debian's python3-torch 1.13), and expected.json, which
says what is in those that are state dicts (values as float.hex). Run again only to add a file: they are committed.
"""
import collections
import json
import pathlib

import torch

HERE = pathlib.Path(__file__).resolve().parent


def dict_of_every_type():
    values = [0, 1, 2, 3, 100]
    types = {"float64": torch.float64, "float32": torch.float32, "float16": torch.float16,
             "bfloat16": torch.bfloat16, "int64": torch.int64, "int32": torch.int32,
             "int16": torch.int16, "int8": torch.int8, "uint8": torch.uint8, "bool": torch.bool}
    return {name: torch.tensor(values).to(kind) for name, kind in types.items()}


def dict_of_views():
    base = torch.arange(24, dtype=torch.float32)
    return collections.OrderedDict(
        base=base, table=base.view(4, 6), transposed=base.view(4, 6).t(), slice=base[5:9],
        steps=base.view(2, 3, 4)[:, 1, ::2], expanded=base[3:4].expand(2, 5),
        scalar=torch.tensor(7.5), empty=torch.empty(0), hollow=torch.empty(3, 0, 2),
        alone=torch.full((2, 2), -1.0))


def network():
    torch.manual_seed(1)
    return torch.nn.DataParallel(torch.nn.Sequential(
        torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2), torch.nn.Linear(3, 2)))


def main():
    readable = {"network": network().state_dict(), "types": dict_of_every_type(),
                "views": dict_of_views(), "nothing": {},
                "names": {"": torch.ones(1), "wëights\n": torch.zeros(1)},
                "gradient": {"w": torch.ones(2, requires_grad=True)}}
    for name, tensors in readable.items():
        torch.save(tensors, HERE / f"{name}.pth")
    for protocol in (3, 4, 5):
        torch.save(readable["network"], HERE / f"protocol{protocol}.pth",
                   pickle_protocol=protocol)
        readable[f"protocol{protocol}"] = readable["network"]
    expected = {name: [[key, str(value.dtype).removeprefix("torch."), list(value.shape),
                        [x.hex() for x in value.double().flatten().tolist()]] for key, value in tensors.items()]
                for name, tensors in readable.items()}
    (HERE / "expected.json").write_text(json.dumps(expected, ensure_ascii=False) + "\n")

    linear = torch.nn.Linear(2, 2)
    refused = {"checkpoint": {"model": linear.state_dict(), "epoch": 3},
               "loss": {"w": torch.ones(1), "loss": 0.5},
               "list": [torch.ones(1)], "tensor": torch.ones(1), "model": linear,
               "parameter": dict(linear.named_parameters()),
               "complex": {"c": torch.ones(1, dtype=torch.complex64)},
               "sparse": {"s": torch.eye(2).to_sparse()},
               "quantised": {"q": torch.quantize_per_tensor(torch.ones(1), 1.0, 0, torch.qint8)}}
    for name, value in refused.items():
        torch.save(value, HERE / f"refused_{name}.pth")
    torch.save(linear.state_dict(), HERE / "refused_legacy.pth",
               _use_new_zipfile_serialization=False)
    torch.jit.save(torch.jit.script(linear), HERE / "refused_script.pth")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Loads a state dict with PyTorch and says what is in it, in expected.json's form. What a network
of one Linear layer, fc, has must be in it too: it is loaded into one.
"""
import json
import sys

import torch

tensors = torch.load(sys.argv[1], weights_only=True)
net = torch.nn.Sequential()
net.add_module("fc", torch.nn.Linear(3, 2))
net.load_state_dict({key: value for key, value in tensors.items() if key.startswith("fc.")})
print(json.dumps([[key, str(value.dtype).removeprefix("torch."), list(value.shape),
                   [x.hex() for x in value.double().flatten().tolist()]] for key, value in tensors.items()]))

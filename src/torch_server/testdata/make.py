#!/usr/bin/env python3
"""Makes the models beside it with PyTorch (Debian's python3-torch 1.13), and expected.json: what
they answer. Run again only to add a model: they are committed.
"""
import json
import pathlib

import torch
from torch import nn

HERE = pathlib.Path(__file__).resolve().parent


class Digits(nn.Module):
    """With dropout and batch normalisation, which behave otherwise while training."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 2, kernel_size=5)
        self.norm = nn.BatchNorm2d(2)
        self.drop = nn.Dropout(0.5)
        self.fc = nn.Linear(288, 3)

    def forward(self, x):
        x = torch.max_pool2d(torch.relu(self.norm(self.conv(x))), 2)
        return torch.log_softmax(self.fc(self.drop(torch.flatten(x, 1))), dim=1)


def image(number):
    """As the test makes it."""
    return torch.tensor([(i * (37 + number) % 101) / 50 - 1 for i in range(784)],
                        dtype=torch.float32).view(1, 28, 28)


def main():
    torch.manual_seed(3)
    net = Digits()
    net(torch.stack([image(i) for i in range(8)]))  # the normalisation sees some images
    torch.jit.save(torch.jit.script(net), HERE / "scripted.pt")  # saved while training
    net.eval()
    inputs = torch.stack([image(i) for i in range(4)])
    torch.jit.save(torch.jit.trace(net, inputs[:1]), HERE / "traced.pt")
    torch.jit.save(torch.jit.freeze(torch.jit.script(net)), HERE / "frozen.pt")
    torch.save(nn.Linear(2, 2).state_dict(), HERE / "state_dict.pth")
    with torch.no_grad():
        (HERE / "expected.json").write_text(json.dumps(net(inputs).tolist()) + "\n")


if __name__ == "__main__":
    main()

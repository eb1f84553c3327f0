"""examples/mnist in Python, for comparison: the same network, draws, order and log lines, written as
fast as PyTorch lets it be written (tensors in memory, no worker processes). With one thread both end
with the same weights, bit for bit."""
import argparse
import json
import os
import pathlib

import torch
import torch.nn.functional as F
from torch import nn, optim


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 10, kernel_size=5)
        self.conv2 = nn.Conv2d(10, 20, kernel_size=5)
        self.conv2_drop = nn.Dropout2d()
        self.fc1 = nn.Linear(320, 50)
        self.fc2 = nn.Linear(50, 10)

    def forward(self, x):
        x = F.relu(F.max_pool2d(self.conv1(x), 2))
        x = F.relu(F.max_pool2d(self.conv2_drop(self.conv2(x)), 2))
        x = F.relu(self.fc1(x.view(-1, 320)))
        x = F.dropout(x, training=self.training)
        return F.log_softmax(self.fc2(x), dim=1)


def read(folder, kind):
    raw = pathlib.Path(folder, "MNIST", "raw")
    images = torch.frombuffer(bytearray((raw / f"{kind}-images-idx3-ubyte").read_bytes()[16:]),
                              dtype=torch.uint8)
    labels = torch.frombuffer(bytearray((raw / f"{kind}-labels-idx1-ubyte").read_bytes()[8:]),
                              dtype=torch.uint8)
    images = images.to(torch.float32).div_(255).sub_(0.1307).div_(0.3081)
    return images.view(-1, 1, 28, 28), labels.to(torch.int64)


def draw():
    return int(torch.empty((), dtype=torch.int64).random_().item())


def shuffled(count):
    draw()  # the seed of a DataLoader's workers
    generator = torch.Generator()
    generator.manual_seed(draw())
    return torch.randperm(count, generator=generator)


def train_epoch(model, optimizer, images, labels, args, epoch):
    model.train()
    order = shuffled(len(labels))
    batches = (len(labels) + args.batch_size - 1) // args.batch_size
    for batch in range(1, batches + 1):
        index = order[(batch - 1) * args.batch_size:batch * args.batch_size]
        optimizer.zero_grad()
        loss = F.nll_loss(model(images[index]), labels[index])
        loss.backward()
        optimizer.step()
        if batch % args.log_interval == 0:
            print(f"Train Epoch: {epoch} [{batch * len(index)}/{len(labels)} "
                  f"({100. * batch / batches:.0f}%)] Loss: {loss.item():.6f}", flush=True)


def test(model, images, labels, args):
    model.eval()
    shuffled(len(labels))
    loss, correct = 0.0, 0
    with torch.inference_mode():
        for first in range(0, len(labels), args.test_batch_size):
            part = labels[first:first + args.test_batch_size]
            output = model(images[first:first + args.test_batch_size])
            loss += F.nll_loss(output, part, reduction="sum").item()
            correct += output.argmax(1).eq(part).sum().item()
    print(f"Test set: Average loss: {loss / len(labels):.4f}, Accuracy: {correct}/{len(labels)} "
          f"({100. * correct / len(labels):.0f}%)", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--test-batch-size", type=int, default=1000)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--lr", type=float, default=0.01)
    parser.add_argument("--momentum", type=float, default=0.5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--log-interval", type=int, default=100)
    parser.add_argument("--model-dir", default=os.environ.get("SM_MODEL_DIR", "."))
    parser.add_argument("--data-dir", default=os.environ.get("SM_CHANNEL_TRAINING", "."))
    parser.add_argument("--threads", type=int, default=int(os.environ.get("SM_NUM_CPUS", "1")))
    parser.add_argument("--compare", help="a model.pth whose weights must equal these")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    images, labels = read(args.data_dir, "train")
    test_images, test_labels = read(args.data_dir, "t10k")
    model = Net()
    optimizer = optim.SGD(model.parameters(), lr=args.lr, momentum=args.momentum)
    for epoch in range(1, args.epochs + 1):
        train_epoch(model, optimizer, images, labels, args, epoch)
        test(model, test_images, test_labels, args)
    torch.save({"module." + name: value for name, value in model.state_dict().items()},
               pathlib.Path(args.model_dir, "model.pth"))
    if args.compare:
        other = torch.load(args.compare)
        same = {name: torch.equal(value, other["module." + name])
                for name, value in model.state_dict().items()}
        print("compared: " + json.dumps(same))
        if not all(same.values()):
            raise SystemExit(1)


if __name__ == "__main__":
    main()

"""Handwritten digits with PyTorch: trained by one or several instances.

The Python counterpart of the C++ program beside it: the same network, arguments, log lines and
random numbers, so that one host with one thread ends with the same weights, bit for bit.
"""
import argparse
import json
import logging
import os
import sys

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import nn, optim
from torch.utils.data import DataLoader
from torch.utils.data.distributed import DistributedSampler
from torchvision import datasets, transforms

logger = logging.getLogger(__name__)
logger.setLevel(logging.DEBUG)
logger.addHandler(logging.StreamHandler(sys.stdout))

MODEL_FILE = "model.pth"
# The training set's own mean and deviation.
NORMALISED = transforms.Compose([transforms.ToTensor(),
                                 transforms.Normalize((0.1307,), (0.3081,))])


class Net(nn.Module):
    """Two convolutions, two linear layers; 21,840 parameters."""

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
        x = self.fc2(F.dropout(x, training=self.training))
        return F.log_softmax(x, dim=1)


class Gradients:
    """All gradients of a model as views of one tensor: one all-reduce a step, which costs as much
    as that of the smallest parameter alone."""

    def __init__(self, model):
        parameters = list(model.parameters())
        self.flat = torch.zeros(sum(p.numel() for p in parameters), device=parameters[0].device)
        offset = 0
        for parameter in parameters:
            part = self.flat.narrow(0, offset, parameter.numel())
            parameter.grad = part.view_as(parameter)
            offset += parameter.numel()

    def zero(self):
        self.flat.zero_()

    def average(self):
        dist.all_reduce(self.flat, op=dist.ReduceOp.SUM)
        self.flat /= dist.get_world_size()


def log_share(what, loader):
    own, all_images = len(loader.sampler), len(loader.dataset)
    logger.debug("Processes %d/%d (%.0f%%) of %s data", own, all_images, 100.0 * own / all_images,
                 what)


def train_loader(args, distributed, **options):
    logger.info("Get train data loader")
    digits = datasets.MNIST(args.data_dir, train=True, transform=NORMALISED)
    # Which images are this host's, and their order, are the same in every epoch.
    sampler = DistributedSampler(digits) if distributed else None
    return DataLoader(digits, batch_size=args.batch_size, shuffle=sampler is None,
                      sampler=sampler, **options)


def test_loader(args, **options):
    logger.info("Get test data loader")
    digits = datasets.MNIST(args.data_dir, train=False, transform=NORMALISED)
    return DataLoader(digits, batch_size=args.test_batch_size, shuffle=True, **options)


def join_group(args):
    """MASTER_ADDR and MASTER_PORT come from the container."""
    rank, size = args.hosts.index(args.current_host), len(args.hosts)
    dist.init_process_group(args.backend, rank=rank, world_size=size)
    logger.info("Initialized the distributed environment: '%s' backend on %d nodes. Current host "
                "rank is %d. Number of gpus: %d", args.backend, size, rank, args.num_gpus)


def train(args):
    distributed = len(args.hosts) > 1 and args.backend is not None
    logger.debug("Distributed training - %s", distributed)
    logger.debug("Number of gpus available - %d", args.num_gpus)
    use_cuda = args.num_gpus > 0
    device = torch.device("cuda" if use_cuda else "cpu")
    # The network is so small that threads wait for one another more than they compute; and one
    # thread gives one result.
    torch.set_num_threads(1)
    if distributed:
        join_group(args)
    torch.manual_seed(args.seed)
    options = {"num_workers": 1, "pin_memory": True} if use_cuda else {}
    training, testing = train_loader(args, distributed, **options), test_loader(args, **options)
    log_share("train", training)
    log_share("test", testing)

    model = Net().to(device)
    if distributed and use_cuda:
        model = nn.parallel.DistributedDataParallel(model)
    else:
        model = nn.DataParallel(model)
    optimizer = optim.SGD(model.parameters(), lr=args.lr, momentum=args.momentum)
    average_by_hand = distributed and not use_cuda
    gradients = Gradients(model) if average_by_hand else None

    for epoch in range(1, args.epochs + 1):
        model.train()
        for batch, (images, labels) in enumerate(training, 1):
            images, labels = images.to(device), labels.to(device)
            if gradients:
                gradients.zero()
            else:
                optimizer.zero_grad()
            loss = F.nll_loss(model(images), labels)
            loss.backward()
            if gradients:
                gradients.average()
            optimizer.step()
            if batch % args.log_interval == 0:
                logger.info("Train Epoch: %d [%d/%d (%.0f%%)] Loss: %.6f", epoch,
                            batch * len(images), len(training.sampler),
                            100.0 * batch / len(training), loss.item())
        test(model, testing, device)
    save_model(model, args.model_dir)
    if distributed:
        dist.barrier()  # rank 0 holds the meeting point: it goes last


def test(model, loader, device):
    model.eval()
    loss, correct = 0.0, 0
    with torch.no_grad():
        for images, labels in loader:
            images, labels = images.to(device), labels.to(device)
            output = model(images)
            loss += F.nll_loss(output, labels, reduction="sum").item()
            correct += output.argmax(1).eq(labels).sum().item()
    count = len(loader.dataset)
    logger.info("Test set: Average loss: %.4f, Accuracy: %d/%d (%.0f%%)", loss / count, correct,
                count, 100.0 * correct / count)


def save_model(model, model_dir):
    logger.info("Saving the model.")
    torch.save(model.cpu().state_dict(), os.path.join(model_dir, MODEL_FILE))


def model_fn(model_dir):
    """For the model server: the trained network."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model = nn.DataParallel(Net())
    model.load_state_dict(torch.load(os.path.join(model_dir, MODEL_FILE), map_location=device))
    return model.to(device)


def arguments():
    parser = argparse.ArgumentParser()
    add = parser.add_argument
    add("--batch-size", type=int, default=64, help="images a training step and host")
    add("--test-batch-size", type=int, default=1000)
    add("--epochs", type=int, default=10)
    add("--lr", type=float, default=0.01, help="learning rate")
    add("--momentum", type=float, default=0.5)
    add("--seed", type=int, default=1)
    add("--log-interval", type=int, default=100, help="batches between two lines of the log")
    add("--backend", default=None, help="of torch.distributed: gloo on CPUs, nccl on GPUs")
    # The container says these.
    add("--hosts", type=json.loads, default=os.environ["SM_HOSTS"])
    add("--current-host", default=os.environ["SM_CURRENT_HOST"])
    add("--model-dir", default=os.environ["SM_MODEL_DIR"])
    add("--data-dir", default=os.environ["SM_CHANNEL_TRAINING"])
    add("--num-gpus", type=int, default=os.environ["SM_NUM_GPUS"])
    return parser.parse_args()


if __name__ == "__main__":
    train(arguments())

"""The DB network on ResNet-18 written plainly in PyTorch, or an ONNX detector, and the time of its training step.

    plain_step.py [--onnx MODEL.onnx] [--bf16] [--channels-last] [--pixel-shuffle] [--size 416] [--batch 8]
                  [--threads 2] [--steps 3]

With all three switches it is what PyTorch does best on a CPU: bf16 autocast, channels-last, and 2x2
transposed convolutions as 1x1 convolutions with a pixel shuffle.
"""

import argparse
import statistics
import time

import torch
from torch import nn
from torch.nn import functional


def conv_norm(inputs, outputs, kernel, stride):
    return nn.Sequential(nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(outputs))


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.first = conv_norm(inputs, outputs, 3, stride)
        self.second = conv_norm(outputs, outputs, 3, 1)
        self.shortcut = conv_norm(inputs, outputs, 1, stride) if inputs != outputs else nn.Identity()

    def forward(self, x):
        return torch.relu(self.second(torch.relu(self.first(x))) + self.shortcut(x))


class Doubling(nn.Module):
    """A 2x2 transposed convolution of stride 2, in either form."""

    def __init__(self, inputs, outputs, shuffle):
        super().__init__()
        self.shuffle = shuffle
        self.conv = nn.Conv2d(inputs, 4 * outputs, 1) if shuffle else nn.ConvTranspose2d(inputs, outputs, 2, 2)

    def forward(self, x):
        return functional.pixel_shuffle(self.conv(x), 2) if self.shuffle else self.conv(x)


class Network(nn.Module):
    def __init__(self, shuffle, inner=256):
        super().__init__()
        self.stem = nn.Sequential(conv_norm(3, 64, 7, 2), nn.ReLU(), nn.MaxPool2d(3, 2, 1))
        widths = [64, 64, 128, 256, 512]
        self.stages = nn.ModuleList(
            nn.Sequential(Block(a, b, 1 if a == b else 2), Block(b, b, 1)) for a, b in zip(widths, widths[1:])
        )
        self.laterals = nn.ModuleList(nn.Conv2d(width, inner, 1, bias=False) for width in widths[1:])
        self.smooth = nn.ModuleList(nn.Conv2d(inner, inner // 4, 3, padding=1, bias=False) for _ in widths[1:])
        self.probability = self.branch(inner, shuffle)
        self.threshold = self.branch(inner, shuffle)

    @staticmethod
    def branch(inner, shuffle):
        width = inner // 4
        return nn.Sequential(
            nn.Conv2d(inner, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU(),
            Doubling(width, width, shuffle), nn.BatchNorm2d(width), nn.ReLU(), Doubling(width, 1, shuffle),
        )

    def forward(self, x):
        x = self.stem(x)
        features = []
        for stage in self.stages:
            x = stage(x)
            features.append(x)
        levels = [lateral(feature) for lateral, feature in zip(self.laterals, features)]
        for i in (2, 1, 0):
            levels[i] = levels[i] + functional.interpolate(levels[i + 1], scale_factor=2, mode="nearest")
        parts = []
        for i in (3, 2, 1, 0):
            part = self.smooth[i](levels[i])
            parts.append(functional.interpolate(part, scale_factor=2**i, mode="nearest") if i else part)
        fused = torch.cat(parts, 1)
        return self.probability(fused), self.threshold(fused)


def onnx_network(options):
    from onnx_network import OnnxNetwork  # only here is the package onnx needed

    return OnnxNetwork(options.onnx, options.pixel_shuffle)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--onnx", metavar="MODEL")
    parser.add_argument("--bf16", action="store_true")
    parser.add_argument("--channels-last", action="store_true")
    parser.add_argument("--pixel-shuffle", action="store_true")
    parser.add_argument("--size", type=int, default=416)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, default=3)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    network = onnx_network(options) if options.onnx else Network(options.pixel_shuffle)
    image = torch.rand(options.batch, 3, options.size, options.size)
    if options.channels_last:
        network = network.to(memory_format=torch.channels_last)
        image = image.contiguous(memory_format=torch.channels_last)

    def step():
        start = time.perf_counter()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=options.bf16):
            maps = network(image)
        sum(map.float().sigmoid().mean() for map in maps).backward()
        network.zero_grad()
        return time.perf_counter() - start

    step()
    step()
    times = [step() for _ in range(options.steps)]
    median = statistics.median(times)
    print(f"PyTorch {torch.__version__} {'bf16' if options.bf16 else 'f32'}: {min(times):.3f} s, "
          f"median {median:.3f} s, {options.batch / median:.2f} images/s")


main()

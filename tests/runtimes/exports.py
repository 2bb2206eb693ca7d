#!/usr/bin/env python3
"""Exports small DB networks with random weights by torch, by both of its exporters, in every opset that they write.

usage: exports.py FOLDER        writes FOLDER/NETWORK-EXPORTER-OPSET.onnx and prints what an exporter cannot do
"""
import logging
import pathlib
import sys
import warnings

import torch
from torch import nn
from torch.nn import functional as F

FOLDER = pathlib.Path(sys.argv[1])


def unit(ins, outs, activation, stride=1, groups=1, kernel=3):
    return nn.Sequential(nn.Conv2d(ins, outs, kernel, stride, kernel // 2, groups=groups, bias=False),
                         nn.BatchNorm2d(outs), activation())


class Head(nn.Module):
    def __init__(self, ins):
        super().__init__()
        self.layers = nn.Sequential(unit(ins, 8, nn.ReLU), nn.ConvTranspose2d(8, 8, 2, 2), nn.BatchNorm2d(8), nn.ReLU(),
                                    nn.ConvTranspose2d(8, 1, 2, 2), nn.Sigmoid())

    def forward(self, x):
        return self.layers(x)


class Pyramid(nn.Module):
    """Four levels, brought to the size of the first as `resize` says."""

    def __init__(self, activation, resize):
        super().__init__()
        widths = [8, 16, 24, 32]
        self.stem = unit(3, 8, activation, 2)
        self.levels = nn.ModuleList(unit(a, b, activation, 2) for a, b in zip([8] + widths, widths))
        self.laterals = nn.ModuleList(nn.Conv2d(width, 16, 1) for width in widths)
        self.smooth = nn.ModuleList(nn.Conv2d(16, 4, 3, padding=1) for _ in widths)
        self.head = Head(16)
        self.resize = resize

    def forward(self, x):
        x = self.stem(x)
        levels = []
        for level, lateral in zip(self.levels, self.laterals):
            x = level(x)
            levels.append(lateral(x))
        for i in (2, 1, 0):
            levels[i] = levels[i] + self.resize(levels[i + 1], levels[i])
        parts = [self.resize(smooth(level), levels[0]) for smooth, level in zip(self.smooth, levels)]
        return self.head(torch.cat(parts, 1))


class Gated(nn.Module):
    """Depthwise convolutions, squeeze and excitation, GELU, layer normalisation over channels: a light network."""

    def __init__(self):
        super().__init__()
        self.stem = unit(3, 16, nn.Hardswish, 4, kernel=4 + 1)
        self.depth = unit(16, 16, nn.SiLU, groups=16, kernel=5)
        self.reduce = nn.Conv2d(16, 4, 1)
        self.expand = nn.Conv2d(4, 16, 1)
        self.norm = nn.LayerNorm(16)
        self.mlp = nn.Sequential(nn.Linear(16, 32), nn.GELU(), nn.Linear(32, 16))
        self.prelu = nn.PReLU(16)
        self.instance = nn.InstanceNorm2d(16, affine=True)
        self.shuffle = nn.Sequential(nn.Conv2d(16, 16, 3, padding=1), nn.PixelShuffle(4), nn.Sigmoid())

    def forward(self, x):
        x = self.depth(self.stem(x))
        gate = F.hardsigmoid(self.expand(F.relu6(self.reduce(F.adaptive_avg_pool2d(x, 1)))))
        x = x * gate + x
        y = self.mlp(self.norm(x.permute(0, 2, 3, 1))).permute(0, 3, 1, 2)
        return self.shuffle(self.instance(F.mish(self.prelu(x + y)) - F.elu(x)))


NETWORKS = {
    "nearest": lambda: Pyramid(nn.ReLU, lambda x, like: F.interpolate(x, size=like.shape[2:], mode="nearest")),
    "bilinear": lambda: Pyramid(nn.LeakyReLU, lambda x, like: F.interpolate(x, size=like.shape[2:], mode="bilinear",
                                                                           align_corners=False)),
    "cubic": lambda: Pyramid(nn.Hardswish, lambda x, like: F.interpolate(x, scale_factor=float(int(like.shape[2]) // int(x.shape[2])),
                                                                         mode="bicubic", align_corners=False)),
    "gated": Gated,
}


def randomise(network):
    for layer in network.modules():
        if isinstance(layer, (nn.BatchNorm2d, nn.InstanceNorm2d)) and layer.affine:
            nn.init.uniform_(layer.weight, 0.5, 1.5)
            nn.init.uniform_(layer.bias, -0.5, 0.5)
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.uniform_(layer.running_mean, -0.5, 0.5)
            nn.init.uniform_(layer.running_var, 0.5, 1.5)
    return network.eval()


def export(network, exporter, opset, path):
    image = torch.randn(1, 3, 128, 192)
    sides = {2: torch.export.Dim("height", min=32) if exporter == "dynamo" else "height",
             3: torch.export.Dim("width", min=32) if exporter == "dynamo" else "width"}
    if exporter == "dynamo":
        torch.onnx.export(network, (image,), path, dynamo=True, opset_version=opset, dynamic_shapes=(None,), external_data=False,
                          verbose=False)
    else:
        torch.onnx.export(network, (image,), path, dynamo=False, opset_version=opset, input_names=["image"],
                          output_names=["probability"], dynamic_axes={"image": sides})


def main():
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, make in NETWORKS.items():
        torch.manual_seed(1)
        network = randomise(make())
        for exporter, opsets in (("torchscript", range(9, 21)), ("dynamo", range(18, 24))):
            for opset in opsets:
                path = FOLDER / f"{name}-{exporter}-{opset}.onnx"
                try:
                    export(network, exporter, opset, str(path))
                except Exception as error:  # what the exporter cannot do is no matter of ours
                    print(f"{path.stem}: not exported: {str(error).strip().splitlines()[0][:100]}")


if __name__ == "__main__":
    main()

"""An ONNX detector as a plain PyTorch module, with the operators that PaddleOCR's light detectors have."""

import onnx
import torch
from onnx import numpy_helper
from torch import nn
from torch.nn import functional


def attributes_of(node):
    return {attribute.name: onnx.helper.get_attribute_value(attribute) for attribute in node.attribute}


class OnnxNetwork(nn.Module):
    """Its weights are parameters, its result the logits: what the Sigmoid of each output is applied to. In
    evaluation mode BatchNorm takes the file's statistics. `shuffle`: 2x2 transposed convolutions of stride
    2 as 1x1 convolutions with a pixel shuffle."""

    def __init__(self, path, shuffle):
        super().__init__()
        self.shuffle = shuffle
        graph = onnx.load(path).graph
        tensors = {tensor.name: tensor for tensor in graph.initializer}
        self.steps = []
        for node in graph.node:
            if node.op_type == "Constant":
                tensors[node.output[0]] = attributes_of(node)["value"]
            else:
                self.steps.append((node.op_type, list(node.input), node.output[0], attributes_of(node)))
        self.input = next(value.name for value in graph.input if value.name not in tensors)
        outputs = [value.name for value in graph.output]
        self.logits = [inputs[0] for op, inputs, output, _ in self.steps if op == "Sigmoid" and output in outputs]
        self.steps = [step for step in self.steps if step[2] not in outputs]
        self.hold(tensors)

    def hold(self, tensors):
        """Makes parameters, running statistics and constants of the file's tensors."""
        constant = {name for op, inputs, _, _ in self.steps if op == "Resize" for name in inputs[1:]}
        statistics = {name for op, inputs, _, _ in self.steps if op == "BatchNormalization" for name in inputs[3:]}
        kernels = {inputs[1] for op, inputs, _, _ in self.steps if op == "ConvTranspose"} if self.shuffle else set()
        self.keys, self.constants = {}, {}
        for i, (name, tensor) in enumerate(tensors.items()):
            value = torch.from_numpy(numpy_helper.to_array(tensor).copy())
            if name in constant:
                self.constants[name] = value.tolist()
                continue
            if name in kernels:
                value = value.permute(1, 2, 3, 0).reshape(-1, value.shape[0], 1, 1)
            self.keys[name] = f"tensor{i}"
            if name in statistics:
                self.register_buffer(self.keys[name], value)
            else:
                self.register_parameter(self.keys[name], nn.Parameter(value))

    def forward(self, x):
        values = {name: getattr(self, key) for name, key in self.keys.items()} | {self.input: x}
        for op, inputs, output, attributes in self.steps:
            if op == "Resize":
                scale = self.constants[inputs[2]][2:]
                values[output] = functional.interpolate(values[inputs[0]], scale_factor=scale, mode="nearest")
            else:
                values[output] = getattr(self, op)(attributes, *(values[name] for name in inputs))
        return [values[name] for name in self.logits]

    @staticmethod
    def Conv(attributes, x, weight, bias=None):
        return functional.conv2d(x, weight, bias, attributes["strides"], attributes["pads"][:2],
                                 attributes["dilations"], attributes["group"])

    def ConvTranspose(self, attributes, x, weight, bias=None):
        assert attributes["kernel_shape"] == attributes["strides"] == [2, 2] and attributes["group"] == 1
        if not self.shuffle:
            return functional.conv_transpose2d(x, weight, bias, 2)
        assert bias is None
        return functional.pixel_shuffle(functional.conv2d(x, weight), 2)

    def BatchNormalization(self, attributes, x, scale, bias, mean, variance):
        return functional.batch_norm(x, mean, variance, scale, bias, self.training,
                                     1 - attributes["momentum"], attributes["epsilon"])

    @staticmethod
    def HardSigmoid(attributes, x):
        return torch.clamp(x * attributes["alpha"] + attributes["beta"], 0, 1)

    @staticmethod
    def HardSwish(_, x):
        return functional.hardswish(x)

    @staticmethod
    def Relu(_, x):
        return torch.relu(x)

    @staticmethod
    def Sigmoid(_, x):
        return torch.sigmoid(x)

    @staticmethod
    def GlobalAveragePool(_, x):
        return x.mean((2, 3), keepdim=True)

    @staticmethod
    def Add(_, a, b):
        return a + b.to(a.dtype)  # a bias would make f32 of a map in bf16

    @staticmethod
    def Mul(_, a, b):
        return a * b

    @staticmethod
    def Concat(attributes, *parts):
        return torch.cat(parts, attributes["axis"])

#!/usr/bin/env python3
"""Runs a model in ONNX Runtime and OpenVINO, in f32, on the inputs that maps_tool wrote, and prints how far their maps are
from those of the CPU engine. Exit code 1 if a pixel differs by more than 1e-4.

usage: compare.py MODEL FOLDER
"""
import json
import pathlib
import sys

import numpy as np
import onnxruntime
import openvino

TOLERANCE = 1e-4
MODEL, FOLDER = sys.argv[1], pathlib.Path(sys.argv[2])


def read(name, dims):
    return np.fromfile(FOLDER / name, "<f4").reshape(dims)


def onnxruntime_runner():
    session = onnxruntime.InferenceSession(MODEL, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda x: session.run(None, {name: x})[0]


def openvino_runner():
    core = openvino.Core()
    model = core.compile_model(MODEL, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return lambda x: model(x)[0]


failed = False
cases = json.loads((FOLDER / "index.json").read_text())
for name, run in (("ONNX Runtime " + onnxruntime.__version__, onnxruntime_runner()),
                  ("OpenVINO " + openvino.__version__.split("-")[0], openvino_runner())):
    for number, case in enumerate(cases):
        expected = read(f"{number}.output", case["output"])
        found = run(read(f"{number}.input", case["input"]))
        same_shape = list(found.shape) == case["output"]
        largest = float(np.abs(found - expected).max()) if same_shape else float("inf")
        failed |= not largest <= TOLERANCE
        print(f"{name:24} {str(case['input']):18} largest difference {largest:.1e}"
              f"  (map {expected.min():.3f} to {expected.max():.3f}, mean {expected.mean():.3f})")
sys.exit(failed)

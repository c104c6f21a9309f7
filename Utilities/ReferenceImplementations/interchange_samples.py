"""Writes small .npy and .safetensors files for testing readers.

The files are written by numpy's and safetensors' own writers.  `expected.json`
is an array with one entry per .npy file and per tensor of a .safetensors file:

    file      the file's name
    tensor    the tensor's name; null for .npy
    dtype     numpy's name without < and |, or struct (.npy); F32, F64, F16, BF16 or I64
    shape     the dimensions; [] for a single value
    values    the values in row-major order whatever the file's order, each
              written by Python's float.hex: "0x1.8000000000000p+1", "-0x0.0p+0",
              "nan", "inf", "-inf"; empty if the file is to be refused
    refused   true if a reader of real numbers must refuse the file
    metadata  the safetensors file's metadata; {} if it has none
    header    .npy: {"version": "1.0", "fortran_order": false, "descr": "<f4"}; else null

Every value is exact in float64 (the integers too).  `no-tensors.safetensors` has no
tensor and so no entry; its metadata is {"note": "no tensors"}.
The two names in `names-equivalent.safetensors` are different Unicode scalars but
canonically equivalent, so some languages' strings compare equal.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from numpy.lib import format as npy_format
from safetensors.torch import save_file

F32_SPECIAL = [0.0, -0.0, 1.0, -1.5, 0.1, 2.0**-149, -(2.0**-149), 2.0**-126 - 2.0**-149, 2.0**-126,
               (2 - 2.0**-23) * 2.0**127, float("inf"), float("-inf"), float("nan")]
F64_SPECIAL = [0.0, -0.0, 1.0, -1.5, 0.1, 2.0**-1074, -(2.0**-1074), 2.0**-1022 - 2.0**-1074, 2.0**-1022,
               (2 - 2.0**-52) * 2.0**1023, float("inf"), float("-inf"), float("nan")]
F16_SPECIAL = [0.0, -0.0, 1.0, -1.5, 0.0999755859375, 2.0**-24, -(2.0**-24), 3 * 2.0**-24, 2.0**-14 - 2.0**-24,
               2.0**-14, 65504.0, -65504.0, float("inf"), float("-inf"), float("nan")]
BF16_SPECIAL = [0.0, -0.0, 1.0, -1.5, 0.10009765625, 2.0**-133, -(2.0**-133), 3 * 2.0**-133, 2.0**-126 - 2.0**-133,
                2.0**-126, (2 - 2.0**-7) * 2.0**127, float("inf"), float("-inf"), float("nan")]


def hexadecimal(values) -> list[str]:
    """Float64 values in row-major order, each written by float.hex."""
    return [float(value).hex() for value in values]


def npy_arrays() -> dict[str, tuple[np.ndarray, tuple[int, int] | None]]:
    """Arrays by file name, each with the header version to force, if any."""
    def counted(shape, dtype):
        return (np.arange(np.prod(shape, dtype=int)).reshape(shape) / 8 - 1).astype(dtype)

    def extremes(dtype):
        """Numbers at the ends of a whole type's range, and between; all of them exact in float64."""
        info = np.iinfo(dtype)
        great = [info.max] if info.bits < 64 else [2**53, 2**62, 2**62 + 2**20]
        return np.array([[0, 1, info.min], [*great, 3, 2][:3]], dtype=dtype)

    structure = np.array([(1.0, 2.0), (3.0, 4.0)], dtype=[("x", "<f4"), ("y", "<f4")])
    arrays: dict[str, tuple[np.ndarray, tuple[int, int] | None]] = {}
    for dtype in ("f4", "f8"):
        special = np.array(F32_SPECIAL if dtype == "f4" else F64_SPECIAL, dtype=f"<{dtype}")
        arrays |= {
            f"{dtype}-scalar": (np.array(-2.5, dtype=f"<{dtype}"), None),
            f"{dtype}-vector": (counted((5,), f"<{dtype}"), None),
            f"{dtype}-single": (counted((1, 1), f"<{dtype}"), None),
            f"{dtype}-special": (special, None),
            f"{dtype}-matrix-c": (counted((2, 3), f"<{dtype}"), None),
            f"{dtype}-matrix-fortran": (np.asfortranarray(counted((2, 3), f"<{dtype}")), None),
            f"{dtype}-cube-c": (counted((2, 3, 4), f"<{dtype}"), None),
            f"{dtype}-cube-fortran": (np.asfortranarray(counted((2, 3, 4), f"<{dtype}")), None),
            f"{dtype}-empty": (np.zeros((0, 3), dtype=f"<{dtype}"), None),
            f"{dtype}-empty-inner": (np.zeros((2, 0, 3), dtype=f"<{dtype}"), None),
            f"{dtype}-version1": (counted((3, 2), f"<{dtype}"), (1, 0)),
            f"{dtype}-version2": (counted((3, 2), f"<{dtype}"), (2, 0)),
            f"{dtype}-version3": (counted((3, 2), f"<{dtype}"), (3, 0)),
        }
    for kind in ("i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8"):
        arrays[f"{kind}-little"] = (extremes(f"<{kind}"), None)
        if kind[1] != "1":
            arrays[f"{kind}-big"] = (extremes(f">{kind}"), None)
    return arrays | {
        "i4-big-fortran": (np.asfortranarray(extremes(">i4")), None),
        "f2-little": (np.array(F16_SPECIAL, dtype="<f2"), None),
        "f2-big": (np.array(F16_SPECIAL, dtype=">f2"), None),
        "f4-big": (np.array(F32_SPECIAL, dtype=">f4"), None),
        "f8-big": (np.array(F64_SPECIAL, dtype=">f8"), None),
        "b1-vector": (np.array([True, False, True]), None),
        "refused-struct": (structure, None),
        "refused-complex": (np.array([1 + 2j]), None),
        "refused-string": (np.array(["a"]), None),
        "refused-date": (np.array(["2020-01-01"], dtype="M8[D]"), None),
        "refused-raw": (np.zeros(2, dtype="V2"), None),
        "refused-long-double": (np.zeros(2, dtype=np.longdouble), None),
    }


def write_npy(directory: Path) -> list[dict]:
    """Writes the .npy files; returns their entries."""
    entries = []
    for name, (array, version) in npy_arrays().items():
        path = directory / f"{name}.npy"
        with path.open("wb") as file:
            npy_format.write_array(file, array, version=version, allow_pickle=False)
        with path.open("rb") as file:
            major, minor = npy_format.read_magic(file)
        refused = name.startswith("refused")
        dtype = "struct" if array.dtype.names else array.dtype.str.lstrip("<|")
        entries.append({
            "file": path.name, "tensor": None, "dtype": dtype, "shape": list(array.shape),
            "values": [] if refused else hexadecimal(array.astype("f8").ravel(order="C")),
            "refused": refused, "metadata": {},
            "header": {"version": f"{major}.{minor}",
                       "fortran_order": bool(array.flags.f_contiguous and not array.flags.c_contiguous),
                       "descr": "" if array.dtype.names else array.dtype.str},
        })
    return entries


def safetensors_files() -> dict[str, tuple[dict[str, torch.Tensor], dict[str, str] | None]]:
    """Tensors and metadata by file name (at most one metadata entry: their order is not stable)."""
    def tensor(values, dtype):
        return torch.tensor(values, dtype=torch.float64).to(dtype)

    return {
        "plain": ({"weight": tensor([[1, -2, 3], [4, 5.5, -6.25]], torch.float32),
                   "bias": tensor([0.1, 0.2], torch.float64)}, None),
        "special": ({"f32": tensor(F32_SPECIAL, torch.float32), "f64": tensor(F64_SPECIAL, torch.float64),
                     "f16": tensor(F16_SPECIAL, torch.float16), "bf16": tensor(BF16_SPECIAL, torch.bfloat16)},
                    {"format": "pt"}),
        "half": ({"f16": tensor([[0.5, -3], [1024, 0.25]], torch.float16),
                  "bf16": tensor([[0.5, -3], [1024, 0.25], [3.0, 256]], torch.bfloat16),
                  "odd": tensor([1.5, 2.5, 3.5], torch.float16)}, None),
        "shapes": ({"scalar": tensor(-2.5, torch.float32), "scalar64": tensor(7.25, torch.float64),
                    "empty": torch.zeros(0), "empty.matrix": torch.zeros(0, 3, dtype=torch.float64),
                    "cube": tensor(range(24), torch.float32).reshape(2, 3, 4)}, None),
        "integers": ({"steps": torch.tensor([0, 1, -1, 2**53, -(2**53)]),
                      "weight": tensor([1, 2], torch.float32)}, None),
        "names": ({name: tensor([index, -index], torch.float32) for index, name in enumerate((
                       "rnn.weight_ih_l0", "with space", "quote\"inside", "back\\slash", "slash/inside", "tab\there",
                       "line\nbreak", "control\x01", "\u00e9", "Größe", "重み", "🙂", "", "{\"a\":[1,2]}"))},
                  {"größe \"x\"\\": "line\nbreak, tab\t, 🙂, é"}),
        "names-equivalent": ({"caf\u00e9": tensor([1], torch.float32), "cafe\u0301": tensor([2], torch.float32)}, None),
        "empty-metadata-value": ({"x": tensor([1], torch.float32)}, {"note": ""}),
        "no-tensors": ({}, {"note": "no tensors"}),
    }


def write_safetensors(directory: Path) -> list[dict]:
    """Writes the .safetensors files; returns their tensors' entries."""
    entries = []
    for name, (tensors, metadata) in safetensors_files().items():
        path = directory / f"{name}.safetensors"
        save_file(tensors, path, metadata=metadata)
        for key, tensor in tensors.items():
            dtype = {torch.float32: "F32", torch.float64: "F64", torch.float16: "F16", torch.bfloat16: "BF16",
                     torch.int64: "I64"}[tensor.dtype]
            entries.append({
                "file": path.name, "tensor": key, "dtype": dtype, "shape": list(tensor.shape),
                "values": hexadecimal(tensor.double().flatten().tolist()),
                "refused": False, "metadata": metadata or {}, "header": None,
            })
    return entries


def main() -> None:
    """Writes all samples and what to expect of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=Path("Interchange"), metavar="DIR")
    directory = parser.parse_args().output
    directory.mkdir(parents=True, exist_ok=True)
    entries = write_npy(directory) + write_safetensors(directory)
    lines = ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in entries)
    (directory / "expected.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    names = sorted({entry["file"] for entry in entries} | {"no-tensors.safetensors", "expected.json"})
    total = sum((directory / name).stat().st_size for name in names)
    print(f"torch {torch.__version__}, numpy {np.__version__}: {len(names)} files, {total} bytes")


if __name__ == "__main__":
    main()

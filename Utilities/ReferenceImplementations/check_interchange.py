"""Checks .npy and .safetensors files written by another program against a manifest.

    check_interchange.py DIR

DIR holds the files and `manifest.json`, an array with one entry per .npy file
and per tensor of a .safetensors file:

    {"file": "a.npy", "dtype": "f4", "shape": [2, 1], "values": ["0x1.8p+1", "nan"]}
    {"file": "b.safetensors", "tensor": "x", "dtype": "f8", "shape": [], "values": ["-inf"],
     "metadata": {"kind": "RNN"}}

`dtype` is f4 or f8 (F32 and F64 are understood too).  `values` are in row-major
order and written as hexadecimal floating point, "nan", "inf" or "-inf".
`metadata`, if present and not empty, must equal the safetensors file's.

Shapes, dtypes and bits are compared; any NaN matches "nan".  Files and tensors
missing from the manifest count as differences.  Exits with 1 on any difference.
Needs numpy and safetensors, but not torch.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np
from safetensors import safe_open

DTYPES = {"f4": "<f4", "F32": "<f4", "f8": "<f8", "F64": "<f8"}


class Difference(Exception):
    """Something is not as the manifest says."""


def number(text: object) -> float:
    """Reads a manifest's value; decimals are refused since float.fromhex would misread them."""
    if isinstance(text, str):
        digits = text.lower().lstrip("+-")
        if digits.startswith("0x") or digits in ("nan", "inf", "infinity"):
            return float.fromhex(text)
    raise Difference(f"{text!r} in the manifest is no hexadecimal floating-point string")


def expected_array(entry: dict) -> np.ndarray:
    """The array an entry describes."""
    dtype = DTYPES.get(entry["dtype"])
    if dtype is None:
        raise Difference(f"dtype {entry['dtype']!r} in the manifest is not one of {', '.join(DTYPES)}")
    wide = np.array([number(text) for text in entry["values"]], dtype="<f8")
    with np.errstate(over="ignore"):
        array = wide.astype(dtype)
    inexact = (array.astype("<f8") != wide) & ~np.isnan(wide)
    if inexact.any():
        raise Difference(f"value {entry['values'][inexact.argmax()]} in the manifest is not exact in {dtype[1:]}")
    if array.size != np.prod(entry["shape"], dtype=int):
        raise Difference(f"the manifest lists {array.size} values for shape {entry['shape']}")
    return array.reshape(entry["shape"])


def compare(found: np.ndarray, expected: np.ndarray) -> None:
    """Raises unless dtype, shape and bits agree."""
    if found.dtype.str != expected.dtype.str:
        raise Difference(f"dtype is {found.dtype.str}, expected {expected.dtype.str}")
    if found.shape != expected.shape:
        raise Difference(f"shape is {list(found.shape)}, expected {list(expected.shape)}")
    left, right = (np.array(array, order="C").ravel() for array in (found, expected))
    bits = f"<u{expected.dtype.itemsize}"
    differs = (left.view(bits) != right.view(bits)) & ~(np.isnan(left) & np.isnan(right))
    if differs.any():
        first = int(differs.argmax())
        index = [int(i) for i in np.unravel_index(first, expected.shape)]
        raise Difference(f"{differs.sum()} of {differs.size} values differ, first at {index}: "
                         f"{float(left[first]).hex()}, expected {float(right[first]).hex()}")


def load(path: Path) -> tuple[dict[str | None, np.ndarray], dict[str, str]]:
    """All arrays of a file by tensor name (None for .npy), and its metadata."""
    if path.suffix == ".npy":
        with path.open("rb") as file:
            array = np.lib.format.read_array(file, allow_pickle=False)
            if file.read(1):
                raise Difference("bytes follow the array")
        return {None: array}, {}
    with safe_open(path, framework="numpy") as file:
        return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}


def check_file(path: Path, entries: list[dict]) -> list[str]:
    """Checks one file against its entries; returns the differences."""
    try:
        arrays, metadata = load(path)
    except Exception as error:  # whatever a reader raises, the file is not readable
        return [f"{path.name}: cannot be read: {error}"]
    problems = []
    for entry in entries:
        name = entry.get("tensor") if path.suffix != ".npy" else None
        label = path.name if name is None else f"{path.name}: {name!r}"
        try:
            if name not in arrays:
                raise Difference("is missing")
            compare(arrays[name], expected_array(entry))
            if entry.get("metadata") and entry["metadata"] != metadata:
                raise Difference(f"metadata is {metadata}, expected {entry['metadata']}")
        except Difference as difference:
            problems.append(f"{label}: {difference}")
        except (KeyError, TypeError, ValueError) as error:
            problems.append(f"{label}: invalid manifest entry: {error!r}")
    listed = {entry.get("tensor") for entry in entries}
    if path.suffix != ".npy":
        problems += [f"{path.name}: {name!r}: is not in the manifest" for name in arrays if name not in listed]
    return problems


def main() -> int:
    """Checks every file of a directory."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory", type=Path, metavar="DIR")
    directory = parser.parse_args().directory
    try:
        entries = json.loads((directory / "manifest.json").read_text(encoding="utf-8"))
        names = [entry["file"] for entry in entries]
    except (OSError, ValueError, KeyError, TypeError) as error:
        print(f"manifest.json: cannot be read: {error!r}", file=sys.stderr)
        return 1
    problems = [] if entries else ["manifest.json: has no entries"]
    present = {path.name for path in directory.iterdir() if path.suffix in (".npy", ".safetensors")}
    problems += [f"{name}: is not in the manifest" for name in sorted(present - set(names))]
    for name in dict.fromkeys(names):
        if name in present:
            problems += check_file(directory / name, [entry for entry in entries if entry["file"] == name])
        else:
            problems.append(f"{name}: is missing")
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"checked {len(entries)} tensors" + (f", {len(problems)} differences" if problems else ""))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())

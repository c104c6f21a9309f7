"""Writes .safetensors files whose bytes depend only on their contents.

The safetensors library writes the entries of `__metadata__` in an order that
changes from run to run.  `save` lets the library write the file and then sorts
those entries; the tensors' entries, offsets and data stay as written.
"""

import json
from pathlib import Path

import torch
from safetensors.torch import save as serialize


def save(path: Path, tensors: dict[str, torch.Tensor], metadata: dict[str, str]) -> int:
    """Writes `tensors` and `metadata` to `path`; returns the number of bytes."""
    owned = {name: tensor.detach().contiguous().clone() for name, tensor in tensors.items()}
    blob = serialize(owned, metadata=metadata)
    length = int.from_bytes(blob[:8], "little")
    header = json.loads(blob[8 : 8 + length])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    result = len(text).to_bytes(8, "little") + text + blob[8 + length :]
    path.write_bytes(result)
    return len(result)

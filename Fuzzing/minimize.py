"""Replaces the committed corpus by at most 60 small files that together go the most ways through the readers.

Run `run.sh` before: it builds the fuzzers and keeps in .build/corpus what they find.
"""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

GREATEST_COUNT = 60
GREATEST_SIZE = 4096
HERE = Path(__file__).parent


def edges_of_files(fuzzer: Path, folders: list[Path], work: Path) -> dict[Path, set[int]]:
    """The edges of the control flow that each file reaches, as the fuzzer's merge notes them."""
    control = work / "control"
    (work / "merged").mkdir()
    subprocess.run(
        [fuzzer, "-set_cover_merge=1", f"-merge_control_file={control}", f"-max_len={GREATEST_SIZE}",
         work / "merged", *folders],
        check=True, stderr=subprocess.DEVNULL, env=os.environ | {"SWIFT_DETERMINISTIC_HASHING": "1"})
    lines = control.read_text().splitlines()
    names = lines[2 : 2 + int(lines[0])]
    edges = {}
    for line in lines[2 + len(names) :]:
        kind, index, *features = line.split()
        if kind == "FT":
            # Eight features of an edge say how often it was taken.
            edges[Path(names[int(index)])] = {int(feature) // 8 for feature in features}
    return edges


def chosen(edges: dict[Path, set[int]]) -> list[Path]:
    """Takes the file that adds the most edges, of equals the smallest, until none adds any or there are enough."""
    files, covered = [], set()
    while len(files) < GREATEST_COUNT:
        best = max(edges, key=lambda file: (len(edges[file] - covered), -file.stat().st_size, file.name))
        if edges[best] <= covered:
            break
        files.append(best)
        covered |= edges[best]
    return files


def main() -> None:
    """Minimizes both corpora."""
    for reader, form in (("Safetensors", "safetensors"), ("NumPy", "npy")):
        target, found = HERE / "Corpus" / form, HERE / ".build" / "corpus" / form
        with tempfile.TemporaryDirectory() as folder:
            work = Path(folder)
            edges = edges_of_files(HERE / f".build/release/Fuzz{reader}", [found, target], work)
            (work / "chosen").mkdir()
            for number, file in enumerate(chosen(edges)):
                shutil.copy(file, work / "chosen" / f"{number:02}.{form}")
            shutil.rmtree(target)
            shutil.copytree(work / "chosen", target)
        files = list(target.iterdir())
        print(f"{form}: {len(files)} of {len(edges)} files, {sum(file.stat().st_size for file in files)} bytes")


if __name__ == "__main__":
    main()

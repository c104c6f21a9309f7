"""Who takes part, and the processes that run them: see runners/protocol.py for what is said to them."""

import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
WORK = HERE / ".work"


@dataclass(frozen=True)
class Contestant:
    """A library and the command of its runner."""

    name: str
    command: tuple
    arguments: tuple = ()


def _python(file):
    return (sys.executable, str(HERE / "runners" / file))


_RECURRENT = HERE / "recurrent-runner"
_ONEDNN = WORK / "onednn_runner"
CONTESTANTS = {
    "recurrent": Contestant("Recurrent", (str(_RECURRENT / ".build/release/RecurrentRunner"),), ("automatic",)),
    "recurrent-swift": Contestant("Recurrent, Swift", (str(_RECURRENT / ".build/release/RecurrentRunner"),), ("swift",)),
    "recurrent-openblas": Contestant(
        "Recurrent, OpenBLAS", (str(_RECURRENT / ".build/release/RecurrentRunner"),), ("openblas",)
    ),
    "torch": Contestant("PyTorch", _python("torch_runner.py")),
    "onnxruntime": Contestant("ONNX Runtime", _python("onnxruntime_runner.py")),
    "onednn": Contestant("oneDNN", (str(_ONEDNN),)),
    "jax": Contestant("JAX", _python("jax_runner.py")),
}
DEFAULT = ["recurrent", "torch", "onnxruntime", "onednn", "jax"]


def build(keys):
    """Builds the runners that are compiled."""
    if any(key.startswith("recurrent") for key in keys):
        has_openblas = subprocess.run([HERE.parents[1] / "Utilities/have-openblas.sh"]).returncode == 0
        traits = [] if has_openblas else ["--disable-default-traits"]
        subprocess.run(["swift", "build", "-c", "release", *traits, "--package-path", _RECURRENT], check=True)
    if "onednn" in keys:
        prefix = Path(sys.prefix)
        flags = [f"-I{prefix}/include", f"-L{prefix}/lib", f"-Wl,-rpath,{prefix}/lib", "-ldnnl"]
        compile_cpp("onednn_runner.cpp", _ONEDNN, flags)


def compile_cpp(source, program, flags):
    """Compiles a file of the folder runners."""
    WORK.mkdir(exist_ok=True)
    compiler = os.environ.get("CXX", "g++")
    subprocess.run(
        [compiler, "-std=c++17", "-O2", HERE / "runners" / source, "-o", program, *flags], check=True
    )


class RunnerFailure(Exception):
    """A runner ended or said something else than it should."""


class Runner:
    """A contestant's process on one case. It is stopped whenever it is not asked for anything, so that nothing of it,
    such as a pool of threads that waits by spinning, takes time from another."""

    def __init__(self, contestant, case, folder, processors):
        self.contestant = contestant
        self.errors = open(folder / "errors.txt", "w+")
        threads = str(len(processors))
        self.process = subprocess.Popen(
            [*contestant.command, folder, case.cell, case.pass_name, threads, *contestant.arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
            env=os.environ | {"OMP_NUM_THREADS": threads},
            preexec_fn=lambda: os.sched_setaffinity(0, processors),
        )
        word, _, self.version = self._line().partition(" ")
        self.is_supported = word == "ready"
        if self.is_supported:
            self._stop()
        elif word != "unsupported":
            raise self._failure(f"expected ready, got {word}")

    def time(self, seconds):
        """Times whole calls for so long: their count, median and minimum."""
        self.process.send_signal(signal.SIGCONT)
        self.process.stdin.write(f"time {seconds}\n")
        self.process.stdin.flush()
        word, *values = self._line().split()
        self._stop()
        if word != "times" or len(values) != 3:
            raise self._failure(f"expected times, got {word}")
        return {"count": int(values[0]), "median": float(values[1]), "minimum": float(values[2])}

    def close(self):
        """Ends the process."""
        self.process.kill()
        self.process.communicate()
        self.errors.close()

    def _line(self):
        line = self.process.stdout.readline().strip()
        if not line:
            raise self._failure("it ended")
        return line

    def _stop(self):
        self.process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self.process.pid, os.WSTOPPED)

    def _failure(self, what):
        self.process.kill()
        self.process.wait()
        self.errors.seek(0)
        return RunnerFailure(f"{self.contestant.name}: {what}\n{self.errors.read()[-2000:]}")

"""Who takes part, and the processes that run them: see runners/protocol.py for what is said to them."""

import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
WORK = HERE / ".work"
_PACKAGE = HERE / "recurrent-runner"
_PROGRAMS = _PACKAGE / ".build/release"
_ONEDNN = WORK / "onednn_runner"
RECURRENT_COMMAND = _PROGRAMS / "recurrent"


@dataclass(frozen=True)
class Contestant:
    """A library, the command of its runner, and what is said to it after the protocol's arguments."""

    name: str
    command: tuple
    arguments: tuple = ()
    is_peer: bool = True


def _recurrent(name, backend):
    return Contestant(name, (_PROGRAMS / "RecurrentRunner",), (backend,), is_peer=False)


def _python(name, file):
    return Contestant(name, (sys.executable, HERE / "runners" / file))


CONTESTANTS = {
    "recurrent": _recurrent("Recurrent", "automatic"),
    "recurrent-swift": _recurrent("Recurrent (Swift)", "swift"),
    "recurrent-openblas": _recurrent("Recurrent (OpenBLAS)", "openblas"),
    "torch": _python("PyTorch", "torch_runner.py"),
    "onnxruntime": _python("ONNX Runtime", "onnxruntime_runner.py"),
    "onednn": Contestant("oneDNN", (_ONEDNN,)),
    "jax": _python("JAX", "jax_runner.py"),
}
DEFAULT = ["recurrent", "torch", "onnxruntime", "onednn", "jax"]


def build(keys):
    """Builds the runners that are compiled, and the command `recurrent`."""
    has_openblas = subprocess.run([HERE.parents[1] / "Utilities/have-openblas.sh"]).returncode == 0
    traits = [] if has_openblas else ["--disable-default-traits"]
    subprocess.run(["swift", "build", "-c", "release", *traits, "--package-path", _PACKAGE], check=True)
    if "onednn" in keys:
        WORK.mkdir(exist_ok=True)
        prefix = Path(sys.prefix)
        compiler = os.environ.get("CXX", "g++")
        command = [compiler, "-std=c++17", "-O2", HERE / "runners/onednn_runner.cpp", "-o", _ONEDNN]
        flags = [f"-I{prefix}/include", f"-L{prefix}/lib", f"-Wl,-rpath,{prefix}/lib", "-ldnnl"]
        subprocess.run([*command, *flags], check=True)


class RunnerFailure(Exception):
    """A runner ended, or said something else than it should."""


class Unsupported(Exception):
    """A runner does not know the case's cell or pass, and says so."""


class Runner:
    """A contestant's process on one case. It is stopped whenever nothing is asked of it, so that no part of it, such as
    a pool of threads that waits by spinning, takes time from another."""

    def __init__(self, contestant, case, folder, processors):
        self.contestant = contestant
        self.errors = open(folder / "errors.txt", "w+")
        threads = str(len(processors))
        # Threads that are not bound may wait for each other on one processor, a time slice at each barrier.
        openmp = {"OMP_NUM_THREADS": threads, "OMP_PROC_BIND": "true"}
        self.process = subprocess.Popen(
            [*contestant.command, folder, case.cell, case.pass_name, threads, *contestant.arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
            env=os.environ | openmp,
            preexec_fn=lambda: os.sched_setaffinity(0, processors),
        )

    def start(self):
        """Waits for the first result, and returns the version and the setting."""
        word, *rest = self._line().split(" ", 1)
        if word == "unsupported":
            raise Unsupported(*rest)
        if word != "ready" or not rest:
            raise self._failure(f"expected ready VERSION, got {word}")
        self._stop()
        version, _, setting = rest[0].partition(", ")
        return {"version": version, "setting": setting}

    def time(self, seconds):
        """Times whole calls for so long: their count, and median and minimum in seconds."""
        self.process.send_signal(signal.SIGCONT)
        self.process.stdin.write(f"time {seconds}\n")
        self.process.stdin.flush()
        word, *values = self._line().split()
        self._stop()
        if word != "times" or len(values) != 3:
            raise self._failure(f"expected times COUNT MEDIAN MINIMUM, got {word}")
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
        self.errors.seek(0)
        return RunnerFailure(f"{what}: {self.errors.read()[-2000:]}")

"""The processes of the contestants: README.md has the protocol that is spoken with them."""

import math
import os
import select
import shutil
import signal
import subprocess

import numpy

# What takes longest is to compile a graph for a first call.
PATIENCE = 600  # seconds


class RunnerFailure(Exception):
    """A runner ended, or said or wrote something else than it should."""


class Unsupported(Exception):
    """A runner does not know the case's cell, pass or weights, and says so."""


class Runner:
    """A contestant's process on one case. It is stopped whenever nothing is asked of it, so that no part of it, such as
    a pool of threads that waits by spinning, takes time from another."""

    def __init__(self, contestant, case, folder, processors):
        self.results_folder = folder / "results"
        shutil.rmtree(self.results_folder, ignore_errors=True)
        self.results_folder.mkdir()
        threads = len(processors)
        lines = {"cell": case.cell, "pass": case.pass_name, "weights": case.weights, "threads": threads} | case.settings
        (folder / "case.txt").write_text("".join(f"{key} {value}\n" for key, value in lines.items()))
        self.errors = open(folder / "errors.txt", "w+")
        # Threads that are not bound may wait for each other on one processor, a time slice at each barrier.
        openmp = {"OMP_NUM_THREADS": str(threads), "OMP_PROC_BIND": "true"}
        self.process = subprocess.Popen(
            [*contestant.command, folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
            env=os.environ | openmp | dict(contestant.environment),
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

    def results(self):
        """The arrays that it has written, by their files' names."""
        try:
            return {path.stem: numpy.load(path) for path in sorted(self.results_folder.glob("*.npy"))}
        except ValueError as error:
            raise RunnerFailure(f"its results cannot be read: {error}") from error

    def time(self, seconds):
        """Times whole calls for so long: their count, and median and minimum in seconds."""
        self.process.send_signal(signal.SIGCONT)
        try:
            self.process.stdin.write(f"time {seconds}\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise self._failure("it ended") from None
        line = self._line()
        self._stop()
        try:
            word, count, *times = line.split()
            median, minimum = map(float, times)
            if word != "times" or int(count) < 2 or not 0 < minimum <= median < math.inf:
                raise ValueError
        except ValueError:
            raise self._failure(f"expected times COUNT MEDIAN MINIMUM, got {line}") from None
        return {"count": int(count), "median": median, "minimum": minimum}

    def close(self):
        """Ends the process."""
        self.process.kill()
        self.process.communicate()
        self.errors.close()

    def _line(self):
        if not select.select([self.process.stdout], [], [], PATIENCE)[0]:
            raise self._failure(f"no answer for {PATIENCE} seconds")
        line = self.process.stdout.readline().strip()
        if not line:
            raise self._failure("it ended")
        return line

    def _stop(self):
        self.process.send_signal(signal.SIGSTOP)
        # One that has ended is stopped as well; the next question finds it out.
        os.waitid(os.P_PID, self.process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def _failure(self, what):
        self.errors.seek(0)
        return RunnerFailure(f"{what}: {self.errors.read()[-2000:]}")

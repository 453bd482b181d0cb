"""Run a command in a process of its own and say what it cost."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Cost:
    """Wall time, processor time and peak memory of one process, and what it wrote to standard output."""

    seconds: float
    processor_seconds: float
    megabytes: float
    output: str


def run(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Cost:
    """Run ``command``, with the interpreter of this process for ``python``; a failure ends the benchmark."""
    words = [sys.executable if word == "python" else word for word in command]
    start = time.perf_counter()
    with tempfile.TemporaryFile() as complaints:
        process = subprocess.Popen(
            words, stdout=subprocess.PIPE, stderr=complaints, cwd=REPOSITORY, env={**os.environ, **(environment or {})}
        )
        assert process.stdout is not None
        output = process.stdout.read().decode()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            complaints.seek(0)
            said = complaints.read().decode(errors="replace")[-2000:]
            raise SystemExit(f"{' '.join(command)} ended with exit code {process.returncode}; the benchmark stops.\n{said}")
    return Cost(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, output)


def median_seconds(costs: Sequence[Cost]) -> float:
    """The median wall time."""
    return statistics.median(cost.seconds for cost in costs)


def median_ratio(theirs: Sequence[Cost], ours: Sequence[Cost], cost: str) -> float:
    """The median over the rounds of how often our cost goes into theirs; both sides of a round ran side by side."""
    return statistics.median(float(getattr(their, cost) / getattr(our, cost)) for their, our in zip(theirs, ours, strict=True))


def median_megabytes(costs: Sequence[Cost]) -> float:
    """The median peak memory."""
    return statistics.median(cost.megabytes for cost in costs)

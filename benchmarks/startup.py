"""What starting costs: ``paperboy --version``, and ``paperboy run`` until it is ready.

    python -m benchmarks.startup [--times 5]

CPU seconds of the child process (user and system), the least of several starts.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--times", type=int, default=5)
    times = parser.parse_args().times
    print(f"paperboy --version: {min(_version() for _ in range(times)):.2f} CPU s (reach 0.25)")
    for name, server in (("without", "enabled = false"), ("with", 'listen = "127.0.0.1:0"')):
        least = min(_run(server) for _ in range(times))
        print(f"paperboy run, to ready, {name} the web server: {least:.2f} CPU s (reach 2.00)")


def _version() -> float:
    child = subprocess.Popen([sys.executable, "-m", "bot", "--version"], stdout=subprocess.DEVNULL)
    return _cpu(child)


def _run(server: str) -> float:
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "paperboy.toml"
        config.write_text(
            f'[storage]\nurl = "sqlite:///{folder}/x.db"\n[server]\n{server}\n'
            '[sources.arxiv]\nenabled = false\n[[channels]]\nchannel = "terminal:main"\ntopics = ["x"]\n'
        )
        command = [sys.executable, "-m", "bot", "run", "--config", str(config)]
        child = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        assert child.stderr is not None
        while "ready" not in (line := child.stderr.readline()):
            assert line, "the service ended before it was ready"
        spent = _spent(child.pid)
        child.send_signal(signal.SIGTERM)
        child.communicate(timeout=30)
        return spent


def _spent(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _cpu(child: subprocess.Popen[bytes]) -> float:
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()

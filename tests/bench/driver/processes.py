"""Programs, and what they say of themselves."""

import os
import signal
import subprocess
import threading
import time


class Void(Exception):
    """A run that did not do its work: what it measured is worth nothing."""


def parse(line):
    """`name=value …` as a dictionary; what looks like a number is one."""
    found = {}
    for word in line.split():
        name, equals, value = word.partition("=")
        if equals:
            try:
                found[name] = float(value) if name != "checksum" else value
            except ValueError:
                found[name] = value
    return found


def peak_kib(pid):
    """The peak memory of a process that lives; 0 of one that does not."""
    try:
        with open(f"/proc/{pid}/status", encoding="utf-8") as status:
            for line in status:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1])
    except OSError:
        pass
    return 0


def cpu_seconds(pid):
    """CPU time of a process that lives."""
    with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Process:
    """A program that runs. `started_ns` is on the clock that the programs read, too."""

    def __init__(self, command, cwd):
        self.command = [str(word) for word in command]
        self.lines, self.arrivals = [], []
        self.figures = {}
        self._stopping = False
        self._changed = threading.Condition()
        self.started_ns = time.monotonic_ns()
        self.child = subprocess.Popen(self.command, cwd=cwd, stdin=subprocess.DEVNULL, text=True,
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.pid = self.child.pid
        # Figures are on stdout alone; a log line may look like some.
        self._readers = [threading.Thread(target=self._read, args=given, daemon=True)
                         for given in ((self.child.stdout, True), (self.child.stderr, False))]
        for reader in self._readers:
            reader.start()

    def _read(self, stream, has_figures):
        for line in stream:
            arrived = time.monotonic_ns()
            with self._changed:
                self.lines.append(line.rstrip())
                self.arrivals.append(arrived)
                if has_figures:
                    self.figures.update(parse(line))
                self._changed.notify_all()

    def wait_for_line(self, text, seconds=60):
        """When (ns) a line with this text came."""
        deadline = time.monotonic() + seconds
        with self._changed:
            while True:
                for line, arrived in zip(self.lines, self.arrivals):
                    if text in line:
                        return arrived
                left = deadline - time.monotonic()
                if left <= 0 or not any(reader.is_alive() for reader in self._readers):
                    raise Void(f"{self.what()} did not say '{text}':\n{self.tail()}")
                self._changed.wait(min(left, 0.5))

    def wait(self, seconds=900):
        """Its figures, once it has ended well; with its peak memory, if it did not tell it."""
        _, status, usage = self._reap(seconds)
        for reader in self._readers:
            reader.join(10)
        self.figures.setdefault("cpu_s", usage.ru_utime + usage.ru_stime)
        if status != 0:
            raise Void(f"{self.what()} ended with {status}:\n{self.tail()}")
        return self.figures

    def _reap(self, seconds):
        deadline = time.monotonic() + seconds
        peak = 0
        while True:
            peak = max(peak, peak_kib(self.pid))
            pid, status, usage = os.wait4(self.pid, os.WNOHANG)
            if pid:
                self.ended_ns = time.monotonic_ns()
                self.child.returncode = os.waitstatus_to_exitcode(status)
                self.figures.setdefault("rss_kib", peak)
                return pid, self.child.returncode, usage
            if time.monotonic() > deadline:
                self.kill()
                raise Void(f"{self.what()} did not end:\n{self.tail()}")
            # To look costs what is measured. How long a worker takes to stop is a figure itself.
            time.sleep(0.001 if self._stopping else 0.05)

    def terminate(self):
        self._stopping = True
        self.child.send_signal(signal.SIGTERM)

    def kill(self):
        if self.child.poll() is None:
            self.child.kill()
            self.child.wait()

    def what(self):
        return " ".join([os.path.basename(self.command[0]), *self.command[1:]])

    def tail(self):
        return "\n".join("    " + line for line in self.lines[-15:])

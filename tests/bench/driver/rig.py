"""A broker, topics, and the programs that are measured."""

import itertools
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time

from processes import Process, Void, parse

ROOT = pathlib.Path(__file__).resolve().parents[3]


class Topic:
    """What was written: whoever reads it has to read exactly that."""

    def __init__(self, name, figures):
        self.name = name
        self.records = int(figures.get("records", 0))
        self.checksum = figures.get("checksum")


class Rig:
    """One cluster and one scratch folder, for the whole run."""

    def __init__(self, bin_dir, bootstrap=None, quick=False, rounds=5):
        self.bin = pathlib.Path(bin_dir).resolve()
        self.quick, self.rounds = quick, 1 if quick else rounds
        self.scratch = pathlib.Path(tempfile.mkdtemp(prefix="streamer-bench."))
        self._given, self._clusters = bootstrap, {}
        self._topics, self._plans = {}, {}
        self._numbers = itertools.count(1)
        self._processes = []
        self._begun = time.monotonic()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self._processes:
            process.kill()
        if self._given:
            for name, brokers in list(self._topics.items()):
                try:
                    self._fill(name, brokers, do="delete")
                except Void as problem:
                    self.say(f"the topic {name} stays: {problem}")
        for brokers in self._clusters:
            subprocess.run([ROOT / "scripts/kafka", "stop", "--kill", "--dir",
                            self.scratch / f"kafka-{brokers}"], check=False,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        shutil.rmtree(self.scratch, ignore_errors=True)

    def say(self, text):
        """Progress; stdout is for the table."""
        print(f"[{time.monotonic() - self._begun:6.1f}s] {text}", file=sys.stderr, flush=True)

    def size(self, full, quick):
        return quick if self.quick else full

    # --- brokers and topics ---

    def bootstrap(self, brokers=1):
        if brokers == 1 and self._given:
            return self._given
        if brokers not in self._clusters:
            line = subprocess.run(
                [ROOT / "scripts/kafka", "start", "--dir", self.scratch / f"kafka-{brokers}",
                 "--port", "0", "--brokers", str(brokers)],
                check=True, stdout=subprocess.PIPE, text=True).stdout
            self._clusters[brokers] = parse(line)["bootstrap"]
        return self._clusters[brokers]

    def _fill(self, name, brokers, **plan):
        return self.launch("bench_fill", self.bootstrap(brokers), name, *words(plan)).wait()

    def filled(self, what, **plan):
        """A topic of this plan; filled once and kept."""
        key = tuple(sorted(plan.items()))
        if key not in self._plans:
            name = f"bench-{next(self._numbers)}-{self.scratch.name[-6:]}"
            self.say(f"fill a topic: {what} …")
            self._topics[name] = 1
            self._plans[key] = Topic(name, self._fill(name, 1, **plan))
        return self._plans[key]

    def empty(self, brokers=1, partitions=12):
        """A new topic without records."""
        name = f"bench-{next(self._numbers)}-{self.scratch.name[-6:]}"
        self._topics[name] = brokers
        self._fill(name, brokers, do="create", partitions=partitions)
        return Topic(name, {})

    def count(self, topic):
        return int(self._fill(topic.name, self._topics[topic.name], do="count")["records"])

    def drop(self, topic):
        self._fill(topic.name, self._topics.pop(topic.name), do="delete")
        self._plans = {k: t for k, t in self._plans.items() if t is not topic}

    # --- runs ---

    def launch(self, program, *arguments):
        """A program of the build, in a folder of its own: what one leaves behind is no other's
        start. At the latest it ends with the rig."""
        folder = self.scratch / f"run-{next(self._numbers)}"
        folder.mkdir()
        self._processes = [p for p in self._processes if p.child.returncode is None]
        self._processes.append(Process([self.bin / program, *arguments], folder))
        return self._processes[-1]

    def start(self, program, topic, brokers=1, **options):
        return self.launch(f"bench_{program}", self.bootstrap(brokers), topic.name,
                           *words(options))

    def product(self, topic, *command, brokers=1):
        """`streamer COMMAND` with its defaults but for where it is."""
        return self.launch("streamer", "--bootstrap-servers", self.bootstrap(brokers),
                           "--topic", topic.name, *command)

    def product_worker(self, topic, *flags):
        """`streamer process start`, in a group of its own."""
        return self.product(topic, "--group-id", f"bench-{next(self._numbers)}",
                            "--set", "observability.metrics_addr=127.0.0.1:0",
                            "--set", "admin.addr=127.0.0.1:0", *flags, "process", "start")

    def watched_worker(self, topic):
        """The same, and how to look at its actors every second."""
        state = self.scratch / f"state-{next(self._numbers)}"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{free.getsockname()[1]}"
        flags = ["--set", f"runtime.state_dir={state}", "--set", "inspect.enabled=true",
                 "--set", f"inspect.addr={address}"]
        return (self.product_worker(topic, *flags),
                lambda: self.launch("streamer", *flags, "inspect", "watch"))

    def drain(self, program, topic, **options):
        """Reads a topic to its end; void unless it was read exactly."""
        figures = self.start(program, topic, records=topic.records, **options).wait()
        self.check(program, topic, figures)
        return figures

    def check(self, program, topic, figures):
        if (figures["records"], figures["checksum"]) != (topic.records, topic.checksum):
            raise Void(f"{program} did not read what was written: {figures['records']:.0f} of "
                       f"{topic.records} records, {figures['checksum']} for {topic.checksum}")

    def rotate(self, case, contenders):
        """Fills the case's rounds: all take turns, also within a round, so that none always finds
        the same one's traces. The first round does not count; a quick run has no other."""
        runs = list(contenders.items())
        for number in range(self.rounds + (0 if self.quick else 1)):
            shift = number % len(runs)
            results = {}
            for name, run in runs[shift:] + runs[:shift]:
                results[name] = run()
                told = {k: v for k, v in results[name].items() if k != "curve"}
                self.say(f"  {case.name}, round {number}, {name}: " +
                         " ".join(f"{k}={v}" for k, v in told.items()))
            if number > 0 or self.quick:
                case.rounds.append({name: results[name] for name, _ in runs})
        return case

    def fetch_settings(self):
        """What the worker's consumer is set to by default: the bare loop gets the same."""
        told = self.launch("bench_worker", "127.0.0.1:1", "none", "do=fetch-settings")
        told.wait()
        return dict(word.split("=", 1) for word in " ".join(told.lines).split())


def words(options):
    """`name=value`; two underscores stand for a dot."""
    return [f"{name.replace('__', '.')}={value}" for name, value in options.items()]

"""A process that answers one request at a time, each a line of JSON: an implementation measured by itself."""

import json
import os
import subprocess
import sys

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")


class Worker:
    """Runs `command`, whose `name` is for people. `hello` is what it says first; `missing`, why it cannot work."""

    def __init__(self, name, command, **environment):
        self.name = name
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "encoding": "utf-8"}
        self.process = subprocess.Popen(list(map(str, command)), env={**os.environ, **environment}, **pipes)
        self.hello = self._answer()
        self.missing = self.hello.get("missing")

    def ask(self, what, *given, **how):
        """Its answer."""
        self.process.stdin.write(json.dumps([what, given, how]) + "\n")
        self.process.stdin.flush()
        return self._answer()

    def close(self):
        """End it, and wait for that."""
        self.process.communicate()

    def _answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the process of {self.name} ended; what it said is above")
        return json.loads(line)


def serve(begin):
    """The other side: `begin()` gives what to say first, and a function that answers. An ImportError is said."""
    try:
        hello, answer = begin()
    except ImportError as error:
        print(json.dumps({"missing": str(error)}), flush=True)
        return
    print(json.dumps(hello), flush=True)
    for line in sys.stdin:
        what, given, how = json.loads(line)
        print(json.dumps(answer(what, *given, **how)), flush=True)

"""Starts the real `baton` and talks to it as a client would.

Run by ctest with BATON_BIN (folder of the binaries) and BATON_GEN (a folder for generated
Python stubs) set; by hand: BATON_BIN=build/release/bin python3 tests/integration/NAME_test.py
"""
import hashlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("BATON_BIN", ROOT / "build/release/bin")).resolve()
BATON = BIN / "baton"
START_SECONDS = 30  # generous: sanitizer builds on a loaded machine


def _generate_stubs():
    """protoc's Python code for proto/*.proto, made once per content of the protos."""
    protos = sorted((ROOT / "proto").glob("*.proto"))
    digest = hashlib.sha256(b"".join(p.read_bytes() for p in protos)).hexdigest()[:16]
    base = pathlib.Path(os.environ.get("BATON_GEN", tempfile.gettempdir() + "/baton-stubs"))
    out = base / digest
    if not out.exists():
        base.mkdir(parents=True, exist_ok=True)
        fresh = pathlib.Path(tempfile.mkdtemp(dir=base))
        plugin = shutil.which("grpc_python_plugin")
        subprocess.run(
            ["protoc", f"-I{ROOT}", f"--python_out={fresh}", f"--grpc_python_out={fresh}",
             f"--plugin=protoc-gen-grpc_python={plugin}", *map(str, protos)], check=True)
        try:
            fresh.rename(out)
        except OSError:  # another test was first
            shutil.rmtree(fresh)
    sys.path.insert(0, str(out))


_generate_stubs()
import grpc  # noqa: E402  (needs the path set up above)
from proto import orchestrator_pb2 as pb  # noqa: E402,F401
from proto import orchestrator_pb2_grpc as pb_grpc  # noqa: E402
from proto import tool_service_pb2 as tools_pb  # noqa: E402,F401
from proto import tool_service_pb2_grpc as tools_grpc  # noqa: E402


class Server:
    """A running `baton serve` on free ports, with a data folder of its own."""

    def __init__(self, data=None, role="serve", env=None, args=()):
        self._own_data = data is None
        self.data = pathlib.Path(data or tempfile.mkdtemp(prefix="baton-data-"))
        self._env = {**clean_environment(), **(env or {})}
        self._role = role
        self._args = list(args)
        self.log = []
        self.process = None
        self.start()

    def start(self):
        ports = {"serve": ["--http", "0", "--grpc", "0", "--tools", "0"],
                 "orchestrator": ["--metrics", "0", "--grpc", "0"],
                 "backend": ["--metrics", "0", "--tools", "0"]}[self._role]
        self.process = subprocess.Popen(
            [BATON, self._role, "--data", self.data, *ports, *self._args],
            stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, env=self._env, cwd=ROOT)
        ready = threading.Event()
        self.ports = {}
        threading.Thread(target=self._read_log, args=(self.process, ready), daemon=True).start()
        if not ready.wait(START_SECONDS) or not self.ports:
            self.kill()
            raise AssertionError("baton did not start:\n" + "".join(self.log[-30:]))

    def _read_log(self, process, ready):
        for line in process.stderr:
            self.log.append(line)
            try:
                event = json.loads(line)
            except json.JSONDecodeError:
                continue
            if event.get("event") == "serving":
                self.ports = event
                ready.set()
        ready.set()  # it has ended

    @property
    def grpc_address(self):
        return f"127.0.0.1:{self.ports['grpc_port']}"

    @property
    def tools_address(self):
        return f"127.0.0.1:{self.ports['tools_port']}"

    @property
    def http_url(self):
        return f"http://127.0.0.1:{self.ports['http_port']}"

    def stub(self, options=()):
        limits = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]
        self._channel = grpc.insecure_channel(self.grpc_address, options=limits + list(options))
        return pb_grpc.OrchestratorServiceStub(self._channel)

    def tools_stub(self):
        return tools_grpc.ToolServiceStub(grpc.insecure_channel(self.tools_address))

    def baton(self, *args, **kwargs):
        """Runs a client command of the same binary against this server."""
        env = {**self._env, "BATON_SERVER": self.grpc_address if "grpc_port" in self.ports else "",
               "BATON_DATA": str(self.data)}
        return subprocess.run([BATON, *map(str, args)], env=env, cwd=ROOT, text=True,
                              capture_output=True, timeout=120, **kwargs)

    def kill(self):
        """kill -9."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self, seconds=20):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        if self.process.poll() is None:
            try:
                self.stop()
            except subprocess.TimeoutExpired:
                self.kill()
                raise
        if self._own_data:
            shutil.rmtree(self.data, ignore_errors=True)


def clean_environment():
    """The caller's environment without anything that configures Baton or a provider."""
    return {k: v for k, v in os.environ.items()
            if not k.startswith(("BATON_", "OPENAI_", "GRPC_")) and k not in
            ("DEFAULT_MODEL", "FAST_MODEL", "LOG_LEVEL", "DATABASE_URL", "SEARXNG_URL",
             "BRAVE_API_KEY", "OPENWEATHERMAP_API_KEY", "OPENWEATHER_API_KEY")}


def request(query, user="ann", conversation="c1", **fields):
    return pb.ChatRequest(user_id=user, conversation_id=conversation, query=query, **fields)


def chat(stub, query, timeout=60, **fields):
    """All chunks of one turn."""
    return list(stub.StreamChat(request(query, **fields), timeout=timeout))


def apply_chunks(chunks):
    """The answer as a client holds it: superseded text dropped, the rest in order of seq."""
    content = {}
    for chunk in chunks:
        seq = int(chunk.metadata["seq"])
        start = int(chunk.metadata.get("supersedes_seq", 0) or 0)
        if start:
            for old in [s for s in content if start <= s < seq]:
                del content[old]
        if chunk.type == "content":
            content[seq] = chunk.message
    return "".join(content[s] for s in sorted(content))


def wait_until(condition, seconds=10, what="condition"):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {seconds} s")
        time.sleep(0.005)

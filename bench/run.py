#!/usr/bin/python3
"""Measures Baton against its floors and peers and prints the table of docs/performance.md.

usage: bench/run.py [ID ...]     e.g. bench/run.py E1 S1   (default: all but B1, which builds)

The server under test has core 0, load and mock provider core 1. Every figure and its floor or
peer come from the same run, interleaved, REPEATS times; the table shows median [min, max].
Absolute times are this machine's; ratios are what can be compared. Raw figures are kept as
JSON under bench/results/.
"""
import contextlib
import json
import os
import pathlib
import shlex
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[1]
BIN = pathlib.Path(os.environ.get("BATON_BIN", ROOT / "build/release/bin"))
PEERS = ROOT / "bench/peers"
REPEATS = int(os.environ.get("BATON_BENCH_REPEATS", "5"))
SECONDS = float(os.environ.get("BATON_BENCH_SECONDS", "2"))
CLOCK_TICK = os.sysconf("SC_CLK_TCK")
LOAD_USER = "bench0"  # the only one of a single client
SEARCH = "how checkpoints are stored"
SERVER_CORE, LOAD_CORE = ("0", "1") if (os.cpu_count() or 1) > 1 else ("0", "0")


def clean_environment(**extra):
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("BATON_", "OPENAI_"))}
    return {**kept, **extra}


class Process:
    """A pinned process that prints its port, or logs it, when it is ready."""

    def __init__(self, *command, core, env=None, log_port=None):
        stream = {"stderr" if log_port else "stdout": subprocess.PIPE}
        if log_port:
            stream["stdout"] = subprocess.DEVNULL
        self.started = time.monotonic()
        self.process = subprocess.Popen(["taskset", "-c", core, *map(str, command)], text=True,
                                        env=env, cwd=ROOT, **stream)
        self.pid = self.process.pid
        if not log_port:
            self.port = int(self.process.stdout.readline())
            return
        for line in self.process.stderr:
            if '"event":"serving"' in line:
                self.ports = json.loads(line)
                self.port = self.ports[log_port]
                break
        else:
            raise SystemExit(f"{command[0]} did not start")

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / CLOCK_TICK

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.process.terminate()
        self.process.wait(20)


def echo(tokens=20):
    return Process(BIN / "echo_server", 0, tokens, core=SERVER_CORE)


def provider(tokens=20, tool_calls=0, query="nothing"):
    return Process(BIN / "mock_provider", 0, tokens, 0, tool_calls, query, core=LOAD_CORE)


@contextlib.contextmanager
def library():
    """A backend on the core of the peers, with docs/ as documents of the load programs' first user."""
    with tempfile.TemporaryDirectory(prefix="baton-bench-") as data:
        subprocess.run([BIN / "baton", "import", "docs", "--data", data, "--user", LOAD_USER],
                       check=True, capture_output=True, cwd=ROOT, env=clean_environment())
        with Process(BIN / "baton", "backend", "--data", data, "--metrics", 0, "--tools", 0,
                     core=LOAD_CORE, log_port="tools_port",
                     env=clean_environment(BATON_LOG_LEVEL="info")) as backend:
            yield backend


class Baton(Process):
    """All in one, or, with the address of a backend, only the orchestrator."""

    def __init__(self, model_port, threads=1, backend=None):
        self.data = tempfile.mkdtemp(prefix="baton-bench-")
        # One model call a turn, as the peers make: a title for each new conversation is another.
        env = clean_environment(OPENAI_BASE_URL=f"http://127.0.0.1:{model_port}/v1",
                                BATON_TITLES="words", OPENAI_API_KEY="k", BATON_MODEL="m", BATON_LOG_LEVEL="info",
                                BATON_THREADS=str(threads))
        role = (["orchestrator", "--metrics", 0, "--tools-target", backend] if backend
                else ["serve", "--http", 0, "--tools", 0])
        super().__init__(BIN / "baton", *role, "--data", self.data, "--grpc", 0,
                         core=SERVER_CORE, env=env, log_port="grpc_port")
        # Its log is read to the end, so that the pipe never fills.
        self._drain = subprocess.Popen(["cat"], stdin=self.process.stderr,
                                       stdout=subprocess.DEVNULL)

    def __exit__(self, *exc):
        super().__exit__(*exc)
        self._drain.wait()
        shutil.rmtree(self.data, ignore_errors=True)


def load(program, *arguments, server=None):
    """Runs a load program; adds the server's CPU time between warm-up and end."""
    run = subprocess.Popen(["taskset", "-c", LOAD_CORE, BIN / program, *map(str, arguments)],
                           stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    run.stdout.readline()
    before = server.cpu_seconds() if server else 0
    out, _ = run.communicate("\n")
    figures = json.loads(out)
    if server:
        figures["cpu_ms_per_turn"] = 1000 * (server.cpu_seconds() - before) / figures["turns"]
    if figures["failures"]:
        raise SystemExit(f"{program} {arguments}: {figures['failures']} turns failed")
    figures["turns_per_s"] = figures["turns"] / figures["seconds"]
    return figures


class Table:
    def __init__(self):
        self.rows = []
        self.raw = {}

    def add(self, row, what, ours, floor_name, floor, goal, unit="", ratio=None):
        """`ours`, `floor`: lists, pairwise from the same repeat."""
        self.raw.setdefault(row, []).append({"what": what, "ours": ours, floor_name: floor})
        text = f"| {row} | {what} | {spread(ours, unit)} | {floor_name}: {spread(floor, unit)} "
        pairs = [o / f for o, f in zip(ours, floor) if f] if ratio is None else ratio
        self.rows.append(text + f"| {spread(pairs, '×') if pairs else '-'} | {goal} |")
        print(self.rows[-1], flush=True)

    HEADER = ("| id | figure | Baton | floor or peer, same run | ratio | goal |\n"
              "| --- | --- | --- | --- | --- | --- |")


def spread(values, unit):
    if not values:
        return "-"
    def number(x):
        return f"{x:,.0f}" if abs(x) >= 100 else f"{x:.2f}" if abs(x) < 10 else f"{x:.1f}"
    middle, low, high = statistics.median(values), min(values), max(values)
    return f"{number(middle)}{unit} [{number(low)}, {number(high)}]"


def install_peers():
    # With their install scripts: the SQLite saver's driver is compiled here.
    if not (PEERS / "node_modules/@langchain/langgraph-checkpoint-sqlite").exists():
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=PEERS, check=True,
                       stdout=subprocess.DEVNULL)


def bench_e1(table):
    install_peers()
    ours, peer = [], []
    for _ in range(REPEATS):
        out = subprocess.run(["taskset", "-c", SERVER_CORE, BIN / "engine_bench",
                              "--benchmark_format=json", "--benchmark_min_time=0.2"],
                             capture_output=True, text=True, check=True).stdout
        ours.append({b["name"]: b["real_time"] for b in json.loads(out)["benchmarks"]})
        out = subprocess.run(["taskset", "-c", SERVER_CORE, "node", PEERS / "engine.mjs"],
                             capture_output=True, text=True, check=True).stdout
        peer.append(json.loads(out))
    for name, goal in (("linear3", 2.5), ("fanout5", 8), ("send100", 100)):
        mine = [o[name] for o in ours]
        theirs = [p[name] for p in peer]
        table.add("E1", f"engine, {name}, no store", mine, "LangGraph.js 1.7.3", theirs,
                  f"≤ {goal} µs; ≥ 500× faster", " µs", [t / m for t, m in zip(theirs, mine)])


def durable(database, *command):
    """Runs a program of E2 or E3 on a new database. Yields its figures and the bytes on disk."""
    with tempfile.TemporaryDirectory(prefix="baton-bench-") as folder:
        if database == "SQLite":
            place = ["taskset", "-c", SERVER_CORE]
            place += [a.replace("ADDRESS", f"sqlite:{folder}/bench.db") for a in command]
        else:
            # The database server is a peer, on the core of the peers.
            words = shlex.join(command).replace("ADDRESS", '"${PROBE_CHECKPOINTER#postgres:}"')
            place = ["taskset", "-c", LOAD_CORE, BIN / "with_postgres", "sh", "-c",
                     f"exec taskset -c {SERVER_CORE} {words}"]
        out = subprocess.run(place, capture_output=True, text=True, check=True).stdout
        size = sum(f.stat().st_size for f in pathlib.Path(folder).iterdir())
    return json.loads(out), size


OURS, PEER = [str(BIN / "durable_bench")], ["node", str(PEERS / "durable.mjs")]
# A run of the linear graph in sync mode commits its input with START, then each of its nodes;
# the rows of one are about as long as this.
COMMITS_PER_RUN, BYTES_PER_COMMIT = 4, 300


def bench_e2(table):
    install_peers()
    for database in ("SQLite", "PostgreSQL"):
        for mode in ("sync", "async"):
            for threads in (1, 32):
                runs, theirs, floor = [], [], []
                for _ in range(REPEATS):
                    run = ["run", "ADDRESS", mode, str(threads), str(SECONDS)]
                    runs.append(durable(database, *OURS, *run)[0])
                    theirs.append(durable(database, *PEER, *run)[0]["runs_per_s"])
                    if mode == "sync" and threads == 1:
                        bare = ["bare", "ADDRESS", str(COMMITS_PER_RUN), str(BYTES_PER_COMMIT),
                                str(SECONDS)]
                        floor.append(durable(database, *OURS, *bare)[0]["runs_per_s"])
                mine = [each["runs_per_s"] for each in runs]
                what = f"runs/s, {database}, {mode}, {threads} threads"
                table.add("E2", what, mine, "LangGraph.js", theirs,
                          "≥ 5,000; ≥ 20×" if threads > 1 else "-")
                if floor:
                    table.add("E2", what, mine, f"{COMMITS_PER_RUN} bare commits", floor,
                              "≥ 0.77× (within 1.3×)")
                if threads > 1:
                    table.add("E2", f"batches that share a commit, {database}, {mode}, {threads} threads",
                              [each["batches_per_commit"] for each in runs],
                              "one such commit takes, µs", [each["commit_us"] for each in runs],
                              "-", "", [])


def bench_e3(table):
    install_peers()
    turns = os.environ.get("BATON_BENCH_TURNS", "1000")
    grown = [durable("SQLite", *OURS, "growth", "ADDRESS", turns) for _ in range(REPEATS)]
    size = max(bytes_on_disk for _, bytes_on_disk in grown)
    theirs, their_size = durable("SQLite", *PEER, "growth", "ADDRESS", turns)
    table.add("E3", f"SQLite file after {turns} turns of 1 KB on a thread", [size / 1e6],
              "LangGraph.js", [their_size / 1e6], "≤ 3 MB", " MB", [their_size / size])
    table.add("E3", "the last turn over the first", [g["last_us"] / g["first_us"] for g, _ in grown],
              "LangGraph.js", [theirs["last_us"] / theirs["first_us"]], "≤ 1.2×", "×", [])


def bench_s1(table):
    keys = ("first_p50_us", "first_p99_us", "last_p50_us", "last_p99_us")
    ours = {k: [] for k in keys}
    floor = {k: [] for k in keys}
    direct = {k: [] for k in keys}
    with provider() as model, Baton(model.port) as server, echo() as bare:
        for _ in range(REPEATS):
            d = load("sse_load", model.port, "/v1/chat/completions", 1, SECONDS)
            o = load("chat_load", server.address, 1, SECONDS)
            f = load("chat_load", bare.address, 1, SECONDS)
            for k in keys:
                ours[k].append(o[k])
                floor[k].append(f[k])
                direct[k].append(d[k])
    for k, goal in zip(keys, ("≤ 300 µs", "≤ 1,000 µs", "≤ 300 µs", "≤ 1,000 µs")):
        over = [o - d - f for o, d, f in zip(ours[k], direct[k], floor[k])]
        what = k.replace("_us", "").replace("_", " token ")
        table.add("S1", f"added latency, {what}: over the echo", over, "bare gRPC echo", floor[k],
                  goal, " µs", [])


def bench_s2(table):
    install_peers()
    for clients in (16, 64):
        cpu, turns, peer_cpu, peer_turns = [], [], [], []
        with provider() as model, Baton(model.port) as server, \
                Process("node", PEERS / "chat_server.mjs", f"http://127.0.0.1:{model.port}/v1",
                        core=SERVER_CORE) as peer:
            for _ in range(REPEATS):
                o = load("chat_load", server.address, clients, SECONDS, server=server)
                p = load("sse_load", peer.port, "/", clients, SECONDS, server=peer)
                cpu.append(o["cpu_ms_per_turn"])
                turns.append(o["turns_per_s"])
                peer_cpu.append(p["cpu_ms_per_turn"])
                peer_turns.append(p["turns_per_s"])
        table.add("S2", f"CPU per turn of 20 tokens, {clients} clients", cpu,
                  "LangGraph.js, HTTP", peer_cpu, "≤ 0.35 ms", " ms",
                  [p / o for p, o in zip(peer_cpu, cpu)])
        table.add("S2", f"turns/s, {clients} clients", turns, "LangGraph.js, HTTP", peer_turns,
                  "≥ 15×")


def bench_s5(table):
    sys.path.insert(0, str(ROOT / "tests/integration"))
    os.environ["BATON_BIN"] = str(BIN)
    import cancel_test
    import mock_provider
    case = cancel_test.Cancel()

    def asked(call, mock, i):
        cancel_test.wait_until(lambda: len(mock.requests) > i, 10)

    def content_came(call, mock, i):
        seen = 0
        while seen < 3:
            seen += next(call).type == "content"
    for what, mock, wait in (("before the first token", mock_provider.MockProvider(before=30), asked),
                             ("mid-stream", mock_provider.MockProvider(), content_came)):
        times = [1000 * t for t in case.close_times(mock, wait)]
        table.add("S5", f"client gone → provider's socket closed, {what}", times, "-", [],
                  "≤ 50 ms, always", " ms")


def bench_t1(table):
    ours = {n: [] for n in (1, 4, 16)}
    floor = []
    with provider() as plain, echo() as bare:
        for calls in ours:
            with provider(tool_calls=calls) as model, Baton(model.port) as with_tools, \
                    Baton(plain.port) as without:
                for _ in range(REPEATS):
                    d = load("sse_load", plain.port, "/v1/chat/completions", 1, SECONDS)
                    t = load("chat_load", with_tools.address, 1, SECONDS)
                    w = load("chat_load", without.address, 1, SECONDS)
                    # The turn with tools has one model call more than the turn without.
                    ours[calls].append(t["last_p50_us"] - w["last_p50_us"] - d["last_p50_us"])
        for _ in range(REPEATS):
            floor.append(bare_calls(LOAD_CORE, bare.address)["p50_us"])
    for calls, values in ours.items():
        searches = "a search" if calls == 1 else f"{calls} searches at once"
        table.add("T1", f"a turn with {searches}, over one without", values,
                  "bare gRPC unary", floor, "≤ 300 µs (1 call)", " µs")
    bench_search_call(table)


def bare_calls(core, address, *search):
    out = subprocess.run(["taskset", "-c", core, BIN / "unary_load", address, "1", *search],
                         capture_output=True, text=True, check=True).stdout
    return json.loads(out)


def bench_search_call(table):
    """As the model's server sees it: from its answer that asks for a search to the request with
    what was found, over the same search by a client on the orchestrator's core, as often."""
    calls, bare = [], []
    with library() as backend, provider(tool_calls=1, query=SEARCH) as model, \
            Baton(model.port, backend=backend.address) as server:
        for _ in range(REPEATS):
            pauses(model)
            load("chat_load", server.address, 1, SECONDS)
            calls.append(pauses(model))
            bare.append(bare_calls(SERVER_CORE, backend.address, LOAD_USER, SEARCH, "3"))
    for key, goal in (("p50_us", "≤ 300 µs"), ("p99_us", "≤ 1,000 µs")):
        over = [c[key] - b[key] for c, b in zip(calls, bare)]
        table.add("T1", f"a search that hits, in its turn, {key[:3]}: over the bare call", over,
                  "bare SearchDocuments", [b[key] for b in bare], goal, " µs", [])


def pauses(model):
    with urllib.request.urlopen(f"http://{model.address}/pauses") as told:
        return json.load(told)


def time_to_port(start):
    """Milliseconds from exec to the first accepted connection on the gRPC port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    began = time.monotonic()
    process = start(port)
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            break
        except OSError:
            time.sleep(0.0005)
    took = 1000 * (time.monotonic() - began)
    process.terminate()
    process.wait()
    return took


def bench_c1(table):
    data = tempfile.mkdtemp(prefix="baton-bench-")

    def quiet(*command):
        return subprocess.Popen(["taskset", "-c", SERVER_CORE, *map(str, command)],
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=ROOT,
                                env=clean_environment())

    def start_baton(port):
        return quiet(BIN / "baton", "serve", "--data", data, "--grpc", port, "--http", 0,
                     "--tools", 0)
    time_to_port(start_baton)  # makes the database
    ours, floor = [], []
    for _ in range(max(REPEATS, 5)):
        ours.append(time_to_port(start_baton))
        floor.append(time_to_port(lambda port: quiet(BIN / "echo_server", port)))
    shutil.rmtree(data)
    table.add("C1", "cold start: exec → gRPC port open, existing database", ours,
              "bare gRPC server", floor, "≤ 100 ms", " ms")


def bench_c2(table):
    os.environ["BATON_BIN"] = str(BIN)
    import hot_reload
    with tempfile.TemporaryDirectory(prefix="baton-bench-") as folder:
        agents = pathlib.Path(folder) / "agents"
        shutil.copytree(ROOT / "agents", agents)
        hot_reload.save(agents, "none")
        with Process(BIN / "baton", "serve", "--data", folder, "--agents", agents, "--http", 0,
                     "--grpc", 0, "--tools", 0, core=SERVER_CORE, log_port="grpc_port",
                     env=clean_environment(BATON_LOG_LEVEL="info")) as server:
            times = hot_reload.reload_times(server.address, agents)
    table.add("C2", "agent file saved → a turn that begins has it, 26 agents", times, "-", [],
              "≤ 200 ms", " ms")


def bench_b1(table):
    """Fresh clone, both cores, no ccache; then one edited file."""
    with tempfile.TemporaryDirectory(prefix="baton-build-") as folder:
        subprocess.run(["git", "clone", "-q", ROOT, folder], check=True)
        env = {**os.environ, "CCACHE_DISABLE": "1"}
        began = time.monotonic()
        subprocess.run(["cmake", "--preset", "release"], cwd=folder, env=env, check=True,
                       stdout=subprocess.DEVNULL)
        subprocess.run(["cmake", "--build", "--preset", "release"], cwd=folder, env=env,
                       check=True, stdout=subprocess.DEVNULL)
        full = time.monotonic() - began
        edited = pathlib.Path(folder) / "src/graph/runner.cc"
        edited.write_text(edited.read_text() + "\n// edited\n")
        began = time.monotonic()
        subprocess.run(["cmake", "--build", "--preset", "release", "--target", "baton"],
                       cwd=folder, env=env, check=True, stdout=subprocess.DEVNULL)
        edit = time.monotonic() - began
    table.add("B1", "fresh clone → everything built, 2 cores, no ccache", [full], "-", [],
              "≤ 360 s", " s")
    table.add("B1", "one .cc edited → baton linked", [edit], "-", [], "≤ 15 s", " s")


BENCHES = {"E1": bench_e1, "E2": bench_e2, "E3": bench_e3, "S1": bench_s1, "S2": bench_s2, "S5": bench_s5, "T1": bench_t1,
           "C1": bench_c1, "C2": bench_c2, "B1": bench_b1}


def main():
    wanted = [a.upper() for a in sys.argv[1:]] or [b for b in BENCHES if b != "B1"]
    unknown = [w for w in wanted if w not in BENCHES]
    if unknown:
        raise SystemExit(f"unknown: {', '.join(unknown)}; there are {', '.join(BENCHES)}")
    table = Table()
    print(Table.HEADER)
    for name in wanted:
        BENCHES[name](table)
    results = ROOT / "bench/results"
    results.mkdir(exist_ok=True)
    path = results / time.strftime("%Y%m%d-%H%M%S.json")
    path.write_text(json.dumps(table.raw, indent=1))
    print(f"raw figures: {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()

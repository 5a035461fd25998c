"""C2: how long after an agent file is saved a turn uses it."""
import itertools
import os
import pathlib
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/integration"))
AGENT = """---
name: probe
title: Version {version}
description: Is saved again and again.
when: Never.
workflow: conversation
---
Answer.
"""


def save(folder, version):
    """As editors do: beside it, then in its place."""
    draft = folder / ".probe.md.draft"
    draft.write_text(AGENT.format(version=version))
    os.replace(draft, folder / "probe.md")


def reload_times(address, folder, saves=20):
    """Milliseconds from each save to the begin of the first turn that has what was saved."""
    import grpc
    import harness
    with grpc.insecure_channel(address) as channel:
        stub = harness.pb_grpc.OrchestratorServiceStub(channel)
        turns = itertools.count()

        def title():
            chunks = harness.chat(stub, "Hello", conversation=f"c{next(turns)}",
                                  agent_type="probe")
            return next(c.message for c in chunks if c.type == "status")
        times = []
        for version in range(saves):
            save(folder, version)
            saved = time.monotonic()
            while True:
                began = time.monotonic()
                if title() == f"Version {version} answers":
                    break
            times.append(1000 * (began - saved))
        return times

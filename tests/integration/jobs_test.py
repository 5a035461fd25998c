"""Jobs of the real binary: imports that outlive kill -9, by themselves and beside a service."""
import http.server
import json
import pathlib
import shutil
import sqlite3
import subprocess
import tempfile
import threading
import unittest

import grpc

import harness
from harness import tools_pb, wait_until

FILES = 3000


def make_files(folder, count=FILES):
    words = "badger weather outline harbour chapter lantern ferry meadow".split()
    for i in range(count):
        path = folder / f"d{i % 17}" / f"{i:05}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"# File {i}\n\n" + " ".join(words[(i + j * j) % 8] + str(i * j % 97)
                                                     for j in range(120)))


class Folder(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="baton-jobs-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.files = self.folder / "files"
        self.data = self.folder / "data"

    def baton(self, *args, **kwargs):
        return subprocess.run([harness.BATON, *map(str, args), "--data", self.data],
                              env=harness.clean_environment(), capture_output=True, text=True,
                              timeout=120, **kwargs)

    def row(self):
        """The job's state and progress, read beside whoever writes it."""
        database = sqlite3.connect(f"file:{self.data / 'baton.db'}?mode=ro", uri=True, timeout=10)
        try:
            found = database.execute("SELECT state, progress FROM jobs").fetchone()
            return (found[0], json.loads(found[1])) if found else ("none", {"done": 0})
        except sqlite3.OperationalError:  # no such table yet
            return ("none", {"done": 0})
        finally:
            database.close()

    def documents(self):
        database = sqlite3.connect(f"file:{self.data / 'baton.db'}?mode=ro", uri=True, timeout=10)
        try:
            return database.execute("SELECT count(*), count(DISTINCT path) FROM documents").fetchone()
        finally:
            database.close()

    def kill_import_midway(self):
        """Starts an import and kills it -9 once it has stored something, but not all."""
        process = subprocess.Popen([harness.BATON, "import", self.files, "--data", self.data],
                                   env=harness.clean_environment(), stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        self.data.mkdir(exist_ok=True)
        wait_until(lambda: (self.data / "baton.db").exists() and self.row()[1]["done"] > 0, 60,
                   "a first step")
        process.kill()
        process.wait()
        state, progress = self.row()
        self.assertEqual(state, "running")
        self.assertLess(progress["done"], FILES, "the import was too quick to be killed")
        return progress["done"]


class Site:
    """Ten pages on loopback, each of which names the next two."""

    def __init__(self):
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                name = self.path.strip("/") or "0"
                found = name.isdigit() and int(name) < 10
                outer.asked.append(self.path)
                links = "".join(f"<a href='/{int(name) + i}'>on</a>" for i in (1, 2)) if found else ""
                body = f"<title>Page {name}</title><main><p>Words of {name}.</p>{links}</main>"
                self.send_response(200 if found else 404)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_):
                pass

        self.asked = []
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Service(Folder):
    def serve(self, **env):
        return harness.Server(data=self.data, env={f"BATON_{k}": str(v) for k, v in env.items()})

    def refused(self, call, request):
        with self.assertRaises(grpc.RpcError) as caught:
            call(request)
        return caught.exception.code()

    def test_an_import_that_was_killed_is_finished_by_the_service(self):
        make_files(self.files)
        self.kill_import_midway()
        with self.serve() as server:
            stub = server.tools_stub()
            wait_until(lambda: self.row()[0] == "completed", 60, "the import")
            listed = stub.ListJobs(tools_pb.ListJobsRequest(user_id="local")).jobs
            self.assertEqual([(j.state, j.added, j.done, j.total, j.skipped) for j in listed],
                             [("completed", FILES, FILES, FILES, 0)])
        self.assertEqual(self.documents(), (FILES, FILES))

    def test_a_service_that_is_killed_goes_on_with_a_crawl_and_fetches_no_page_again(self):
        site = Site()
        self.addCleanup(site.close)
        settings = {"WEB_ALLOWED_ADDRESSES": site.address, "WEB_DELAY_MS": 100}
        with self.serve(**settings) as server:
            stub = server.tools_stub()
            job = stub.StartJob(tools_pb.StartJobRequest(
                user_id="ann", kind="crawl", url=f"http://{site.address}/0", max_depth=9))
            self.assertIn(job.state, ("queued", "running"))
            about = tools_pb.JobRequest(user_id="ann", job_id=job.job_id)
            wait_until(lambda: stub.GetJob(about).done >= 3, 30, "three pages")
            server.kill()
            server.start()
            stub = server.tools_stub()
            wait_until(lambda: stub.GetJob(about).state == "completed", 60, "the crawl")
            done = stub.GetJob(about)
            self.assertEqual((done.added, done.skipped), (10, 2))
            self.assertEqual(list(done.subjects), [f"http://{site.address}/0"])
        pages = [path for path in site.asked if path != "/robots.txt"]
        # The page that was being fetched when the process died is the only one asked for twice.
        self.assertLessEqual(len(pages), 13)
        self.assertEqual(len(set(pages)), 12)

    def test_a_person_starts_watches_lists_and_cancels(self):
        make_files(self.files, 20)
        site = Site()
        self.addCleanup(site.close)
        with self.serve(WEB_ALLOWED_ADDRESSES=site.address, WEB_DELAY_MS=2000,
                        JOBS_IMPORT_FOLDERS=f"/nowhere:{self.files}") as server:
            def jobs(*args, code=0):
                done = subprocess.run(
                    [harness.BATON, "jobs", *map(str, args)], capture_output=True, text=True,
                    timeout=60, env={**harness.clean_environment(),
                                     "BATON_TOOLS_TARGET": server.tools_address})
                self.assertEqual(done.returncode, code, done.stderr)
                return done.stdout + done.stderr

            shown = jobs("import", self.files, "--watch")
            self.assertIn("20 added, 0 updated, 0 unchanged, 0 skipped", shown)
            self.assertIn("completed", shown)
            self.assertIn("jobs.import_folders", jobs("import", "/etc", code=1))
            crawl = json.loads(jobs("crawl", f"http://{site.address}/", "--json"))
            self.assertIn(crawl["job_id"], jobs("list"))
            self.assertNotIn(crawl["job_id"], jobs("list", "--state", "completed"))
            self.assertEqual(jobs("list", "--user", "eve"), "")
            jobs("show", crawl["job_id"], "--user", "eve", code=1)
            jobs("cancel", crawl["job_id"])
            self.assertIn("cancelled", jobs("watch", crawl["job_id"], code=1))
            self.assertIn("(0/0)", jobs("refresh", "--watch"))

    def test_every_rpc_refuses_what_is_bad_and_what_is_anothers(self):
        with self.serve(JOBS_WORKERS=0) as server:
            stub = server.tools_stub()
            start = tools_pb.StartJobRequest
            bad = grpc.StatusCode.INVALID_ARGUMENT
            for request in (start(user_id="ann"), start(user_id="ann", kind="nonsense"),
                            start(user_id="", kind="feeds"), start(user_id="ann", kind="crawl"),
                            start(user_id="ann", kind="crawl", url="file:///etc/passwd"),
                            start(user_id="ann", kind="crawl", url="a.org", max_pages=5001),
                            start(user_id="ann", kind="import")):
                self.assertEqual(self.refused(stub.StartJob, request), bad, request)
            self.assertEqual(self.refused(stub.StartJob, start(
                user_id="ann", kind="import", paths=["/etc"])), grpc.StatusCode.PERMISSION_DENIED)
            self.assertEqual(self.refused(stub.ListJobs, tools_pb.ListJobsRequest(
                user_id="ann", state="odd")), bad)
            self.assertEqual(self.refused(stub.ListJobs, tools_pb.ListJobsRequest(
                user_id="ann", limit=-1)), bad)
            job = stub.StartJob(start(user_id="ann", kind="feeds"))
            self.assertEqual(job.state, "queued")
            for user, name in (("eve", job.job_id), ("", job.job_id), ("ann", "job_none")):
                for call in (stub.GetJob, stub.CancelJob):
                    self.assertEqual(self.refused(call, tools_pb.JobRequest(
                        user_id=user, job_id=name)), grpc.StatusCode.NOT_FOUND)
            self.assertEqual(len(stub.ListJobs(tools_pb.ListJobsRequest(user_id="eve")).jobs), 0)
            about = tools_pb.JobRequest(user_id="ann", job_id=job.job_id)
            self.assertEqual(stub.CancelJob(about).state, "cancelled")
            self.assertEqual(stub.GetJob(about).state, "cancelled")


class Import(Folder):
    def test_killed_midway_it_is_gone_on_with_and_everything_is_there_once(self):
        make_files(self.files)
        done = self.kill_import_midway()
        self.assertEqual(self.documents(), (done, done))
        resumed = self.baton("import", "--resume")
        self.assertEqual(resumed.returncode, 0, resumed.stderr)
        self.assertIn(f"{FILES} added, 0 updated, 0 unchanged, 0 skipped", resumed.stdout)
        self.assertEqual(self.documents(), (FILES, FILES))
        again = self.baton("import", self.files)
        self.assertIn(f"0 added, 0 updated, {FILES} unchanged", again.stdout)
        nothing = self.baton("import", "--resume")
        self.assertEqual(nothing.returncode, 1)
        self.assertIn("no import of user 'local' is unfinished", nothing.stderr)


if __name__ == "__main__":
    unittest.main()

"""A workspace in this process, as far as starting jobs and following runs goes.

It remembers tokens as the real one does, so that it knows what was started twice. A test may hold
answers back, or give others.
"""
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


class Workspace:
    """token: the one that is accepted. answers: taken one by one by run-now, each a function of
    the handler and the run's id, which is started before. runs: {token: run}."""

    def __init__(self, token="dapi-very-secret"):
        self.token = token
        self.runs = {}
        self.bodies = []
        self.answers = []
        self.ending = {"life_cycle_state": "TERMINATED", "result_state": "SUCCESS"}
        self.lock = threading.Lock()
        workspace = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *arguments):
                pass

            def say(self, status, value, content_type="application/json", **headers):
                body = value if isinstance(value, bytes) else json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Type", content_type)
                self.send_header("Content-Length", str(len(body)))
                for name, text in headers.items():
                    self.send_header(name.replace("_", "-"), text)
                self.end_headers()
                self.wfile.write(body)

            def hang_up(self):
                self.close_connection = True

            def allowed(self):
                if self.headers.get("Authorization") == "Bearer " + workspace.token:
                    return True
                self.say(403, {"error_code": 403, "message": "Invalid access token."})
                return False

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.allowed():
                    workspace.run_now(self, json.loads(body))

            def do_GET(self):
                if self.allowed():
                    workspace.look_up(self)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = "http://127.0.0.1:%d" % self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def run_now(self, handler, body):
        with self.lock:
            self.bodies.append(body)
            token = body["idempotency_token"]
            if token not in self.runs:
                self.runs[token] = {"run_id": 9007199254740993 + len(self.runs),
                                    "job_id": body["job_id"], "polls": 0}
            run_id = self.runs[token]["run_id"]
            answer = self.answers.pop(0) if self.answers else None
        if answer is not None:
            answer(handler, run_id)
        else:
            handler.say(200, {"run_id": run_id})

    def state(self, run):
        """A run goes on for one look, so that it is seen to be going on."""
        run["polls"] += 1
        ended = run["polls"] > 1
        return {"run_id": run["run_id"], "job_id": run["job_id"],
                "state": self.ending if ended else {"life_cycle_state": "RUNNING"}}

    def look_up(self, handler):
        url = urlsplit(handler.path)
        with self.lock:
            if url.path == "/api/2.2/jobs/runs/list":
                return handler.say(200, {"has_more": False})
            number = int(parse_qs(url.query)["run_id"][0])
            for run in self.runs.values():
                if run["run_id"] == number:
                    return handler.say(200, self.state(run))
        return handler.say(404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "no run"})

    def close(self):
        self.server.shutdown()
        self.server.server_close()

"""A model server that can be killed: notes each request before it answers, and answers with its own name.

Usage: model_process.py PORT NAME FILE. A request's content is one line of FILE. Content that holds "slow" is answered once FILE.go exists.
"""

import http.server
import json
import os
import sys
import time


class Model(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        content = self.rfile.read(int(self.headers["content-length"]))
        with open(sys.argv[3], "ab", buffering=0) as notes:
            notes.write(content + b"\n")
        if b"slow" in content:
            while not os.path.exists(sys.argv[3] + ".go"):
                time.sleep(0.01)
        answer = json.dumps({"server": sys.argv[2]}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 256


server = Server(("127.0.0.1", int(sys.argv[1])), Model)
print("ready", flush=True)
server.serve_forever()

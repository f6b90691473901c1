"""Receivers of notices, which append what they get to a file, one JSON object a line.

A mail server with TLS and login, and by HTTP: /ntfy as ntfy answers it, /hook and /apprise (200), /broken (500), and
/never, which does not answer. Arguments: certificate, key, port of SMTP, port of HTTP, file.
"""
import base64
import email
import email.policy
import http.server
import json
import socketserver
import ssl
import sys
import threading
import time

certificate, key, smtp_port, http_port, received = sys.argv[1:]
login = b"\0station\0geheim-42"
writing = threading.Lock()


def note(**what):
    with writing, open(received, "a") as file:
        file.write(json.dumps(what) + "\n")


class Mail(socketserver.StreamRequestHandler):
    def say(self, line):
        self.wfile.write(line.encode() + b"\r\n")

    def handle(self):
        known = False
        self.say("220 sink")
        while line := self.rfile.readline():
            verb, _, rest = line.strip().partition(b" ")
            verb = verb.upper()
            if verb == b"EHLO":
                self.say("250-sink\r\n250 AUTH PLAIN")
            elif verb == b"AUTH":
                known = base64.b64decode(rest.split()[-1]) == login
                self.say("235 known" if known else "535 not known")
            elif verb == b"QUIT":
                self.say("221 bye")
                return
            elif not known:
                self.say("530 log in first")
            elif verb == b"DATA":
                self.say("354 go on")
                text = b""
                while (part := self.rfile.readline()) not in (b".\r\n", b""):
                    text += part[1:] if part.startswith(b".") else part
                mail = email.message_from_bytes(text, policy=email.policy.default)
                bodies = {kind: mail.get_body((kind,)).get_content().replace("\r\n", "\n") for kind in ("plain", "html")}
                note(to="mail", subject=mail["Subject"], tls=self.request.version(), **bodies)
                self.say("250 taken as number 7")
            else:
                self.say("250 fine")


class Mails(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def get_request(self):
        connection, address = super().get_request()
        return context.wrap_socket(connection, server_side=True), address


class Web(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        if self.path == "/never":
            time.sleep(3600)
        status, answer = self.judge(body)
        note(to=self.path, status=status, body=body)
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def judge(self, body):
        if self.path == "/broken":
            return 500, {"error": "out of order"}
        if self.path != "/ntfy":
            return 200, {}
        # As ntfy: JSON goes to the root of the server, the topic is in it, and an unknown token is refused.
        if self.headers.get("Authorization") != "Bearer tk_phone":
            return 401, {"code": 40101, "http": 401, "error": "unauthorized"}
        message = json.loads(body)
        if not message.get("topic"):
            return 400, {"code": 40024, "http": 400, "error": "invalid topic"}
        return 200, {"id": "n7", "event": "message", "topic": message["topic"]}

    def do_HEAD(self):
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
mails = Mails(("127.0.0.1", int(smtp_port)), Mail)
threading.Thread(target=mails.serve_forever, daemon=True).start()
http.server.ThreadingHTTPServer(("127.0.0.1", int(http_port)), Web).serve_forever()

"""A mail server that takes every mail and appends it to a file. Arguments: port, file."""
import socketserver
import sys


class Sink(socketserver.StreamRequestHandler):
    def say(self, line):
        self.wfile.write(line.encode() + b"\r\n")

    def handle(self):
        self.say("220 sink")
        while line := self.rfile.readline():
            verb = line[:4].upper()
            if verb == b"DATA":
                self.say("354 go on")
                with open(sys.argv[2], "ab") as mail:
                    while (text := self.rfile.readline()) not in (b".\r\n", b""):
                        mail.write(text.replace(b"\r", b""))
            if verb == b"QUIT":
                self.say("221 bye")
                return
            self.say("250 sink")


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


Server(("127.0.0.1", int(sys.argv[1])), Sink).serve_forever()

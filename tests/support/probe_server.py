#!/usr/bin/env python3
"""A server for tests of health probes: answers by path, badly where it is asked to.

usage: probe_server.py ADDRESS PORT [CERTIFICATE_AND_KEY]   (the file makes it https)

/status/N answers N · /status/N/long the same and then a body without end
/redirect/N redirects N times, then 200 · /to?URL redirects there
/hang reads and says nothing · /drip sends a byte of its answer every 0.2 s, for ever
/headers sends header lines without end · /close hangs up · /noise answers no HTTP
"""

import socketserver
import ssl
import sys
import time


class Handler(socketserver.StreamRequestHandler):
    timeout = None

    def handle(self):
        try:
            line = self.rfile.readline(65536).decode("latin-1").split()
            host = ""
            while True:
                header = self.rfile.readline(65536).decode("latin-1")
                if header.lower().startswith("host:"):
                    host = header.split(":", 1)[1].strip()
                if header in ("\r\n", ""):
                    break
            if len(line) == 3 and host:
                self.answer(line[1])
        except (OSError, ValueError):
            pass

    def say(self, text):
        self.wfile.write(text.encode("latin-1"))
        self.wfile.flush()

    def status(self, number, more=""):
        self.say(f"HTTP/1.1 {number} X\r\nContent-Length: 2\r\nConnection: close\r\n{more}\r\n"
                 + ("" if number == "204" else "ok"))

    def answer(self, path):
        words = path.split("?")[0].split("/")[1:]
        if words[0] == "status" and words[-1] == "long":
            self.say(f"HTTP/1.1 {words[1]} X\r\nConnection: close\r\n\r\n")
            while True:
                self.say("x" * 65536)
        elif words[0] == "status":
            self.status(words[1])
        elif words[0] == "redirect" and words[1] != "0":
            self.status("302", f"Location: {int(words[1]) - 1}\r\n")
        elif words[0] == "redirect":
            self.status("200")
        elif words[0] == "to":
            self.status("307", f"Location: {path.split('?', 1)[1]}\r\n")
        elif words[0] == "hang":
            self.rfile.read(1)
        elif words[0] == "drip":
            self.say("HTTP/1.1 200 ")
            while True:
                self.say("x")
                time.sleep(0.2)
        elif words[0] == "headers":
            self.say("HTTP/1.1 200 OK\r\n")
            while True:
                self.say("X-More: " + "x" * 1000 + "\r\n")
        elif words[0] == "noise":
            self.say("SSH-2.0-nothing of HTTP\r\n" * 3)


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, client_address):
        pass  # clients that hang up are what this is for

    def finish_request(self, request, client_address):
        if self.tls:
            request = self.tls.wrap_socket(request, server_side=True)
        super().finish_request(request, client_address)


def main():
    server = Server((sys.argv[1], int(sys.argv[2])), Handler)
    server.tls = None
    if len(sys.argv) > 3:
        server.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.tls.load_cert_chain(sys.argv[3])
    server.serve_forever()


if __name__ == "__main__":
    main()

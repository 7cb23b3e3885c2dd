#!/usr/bin/env python3
"""Real servers for what is told outside: each keeps what it was given as a file.

usage: word_server.py http ADDRESS PORT DIRECTORY [CERTIFICATE_AND_KEY]
       word_server.py smtp ADDRESS PORT DIRECTORY [CERTIFICATE_AND_KEY [USER:PASSWORD]]

DIRECTORY/0001.json, 0002.json, …: what came, in order. http: {method, path, headers, body};
a body that is no UTF-8 loses bytes. smtp: {from, to, subject, headers, text, tls, user}. DIRECTORY/answer holds what http answers:
`200`, `403 invalid_token` or `429 slow_down 7` (Retry-After), `404 echo` sends the request
back; smtp `250 ok` or `550 no such user`. `hang` answers nothing, `endless` never ends,
`redirect URL` redirects. With a certificate http speaks https and smtp wants STARTTLS.
Needs Debian's python3-aiosmtpd for smtp.
"""

import asyncio
import email
import email.policy
import http.server
import json
import os
import ssl
import sys
import threading
import time


class Keeper:
    def __init__(self, directory):
        self.directory = directory
        self.lock = threading.Lock()

    def keep(self, document):
        with self.lock:
            number = 1 + sum(1 for name in os.listdir(self.directory) if name.endswith(".json"))
            path = os.path.join(self.directory, f"{number:04}.json")
            with open(path + ".new", "w", encoding="utf-8") as f:
                json.dump(document, f)
            os.rename(path + ".new", path)

    def answer(self, usual):
        try:
            with open(os.path.join(self.directory, "answer"), encoding="utf-8") as f:
                return f.read().split() or usual.split()
        except FileNotFoundError:
            return usual.split()


def serve_http(address, port, keeper, pem):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            size = int(self.headers.get("Content-Length", 0))
            body = self.rfile.read(size).decode("utf-8", "replace")
            headers = {name.lower(): value for name, value in self.headers.items()}
            keeper.keep({"method": self.command, "path": self.path, "headers": headers, "body": body})
            words = keeper.answer("200 ok")
            if words[0] == "hang":
                while keeper.answer("200")[0] == "hang":
                    time.sleep(0.05)  # lint-allow-sleep: the server is told to say nothing
                return
            if words[0] == "endless":
                self.send_response(200)
                self.end_headers()
                while True:
                    self.wfile.write(b"x" * 65536)
            status = 302 if words[0] == "redirect" else int(words[0])
            text = (words[1] if len(words) > 1 else "").encode()
            if text == b"echo":
                text = (self.path + body).encode()
            self.send_response(status)
            if words[0] == "redirect":
                self.send_header("Location", words[1])
            if len(words) > 2:
                self.send_header("Retry-After", words[2])
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_PUT = do_PATCH = do_POST

        def log_message(self, *args):
            pass

    class Server(http.server.ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request, client_address):
            pass  # clients that hang up

    server = Server((address, port), Handler)
    if pem:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.serve_forever()


def serve_smtp(address, port, keeper, pem, login):
    from aiosmtpd.controller import Controller
    from aiosmtpd.smtp import AuthResult

    class Handler:
        async def handle_DATA(self, server, session, envelope):
            message = email.message_from_bytes(envelope.content, policy=email.policy.default)
            user = session.auth_data.decode() if isinstance(session.auth_data, bytes) else None
            keeper.keep({"from": envelope.mail_from, "to": envelope.rcpt_tos, "subject": message["subject"],
                         "headers": {name.lower(): str(value) for name, value in message.items()},
                         "text": message.get_content(), "tls": session.ssl is not None, "user": user})
            if keeper.answer("250")[0] == "hang":
                await asyncio.Event().wait()  # says nothing more; ends with the connection
            return " ".join(keeper.answer("250 ok"))

        async def handle_QUIT(self, server, session, envelope):
            if "mute" in keeper.answer("250"):  # `250 ok mute`: took it, and never says goodbye
                await asyncio.Event().wait()
            return "221 bye"

    def authenticate(server, session, envelope, mechanism, data):
        good = f"{data.login.decode()}:{data.password.decode()}" == login
        return AuthResult(success=good, handled=good, auth_data=data.login if good else None)

    options = {}
    if pem:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        options.update(tls_context=context, require_starttls=True)
    if login:
        options.update(authenticator=authenticate, auth_required=True, auth_require_tls=bool(pem))
    Controller(Handler(), hostname=address, port=port, **options).start()
    threading.Event().wait()


def main():
    kind, address, port, directory = sys.argv[1:5]
    more = sys.argv[5:] + [None, None]
    keeper = Keeper(directory)
    if kind == "http":
        serve_http(address, int(port), keeper, more[0])
    else:
        serve_smtp(address, int(port), keeper, more[0] or None, more[1])


if __name__ == "__main__":
    main()

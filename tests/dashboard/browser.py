"""Headless Chromium, driven by the DevTools protocol over a pipe (no driver, no websocket)."""

import base64
import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time

FLAGS = [
    "--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe", "--no-first-run", "--disable-dev-shm-usage",
    "--no-default-browser-check", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-extensions", "--disable-default-apps", "--mute-audio", "--hide-scrollbars", "--force-color-profile=srgb",
    "--disable-background-timer-throttling", "--disable-renderer-backgrounding", "--password-store=basic",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
ANSWER_SECONDS = 60


class Browser:
    """One Chromium with a profile of its own; ended by its process id."""

    def __init__(self, chromium):
        self.profile = tempfile.mkdtemp(prefix="maand-chromium-")
        read_here, write_there = os.pipe()
        read_there, write_here = os.pipe()
        # Chromium reads commands from descriptor 3 and writes answers to 4.
        command = ["/bin/sh", "-c", f'exec 3<&{read_there} 4>&{write_there}; exec "$@"', "sh", chromium, *FLAGS,
                   f"--user-data-dir={self.profile}", "about:blank"]
        self.process = subprocess.Popen(command, pass_fds=(read_there, write_there), stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
                                        env={**os.environ, "HOME": self.profile})
        os.close(read_there)
        os.close(write_there)
        self.out = os.fdopen(write_here, "wb", buffering=0)
        self.inn = os.fdopen(read_here, "rb", buffering=0)
        self.news = threading.Condition()
        self.answers = {}
        self.listeners = {}
        self.number = 0
        self.ended = False
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        rest = b""
        while True:
            data = self.inn.read(1 << 16)
            if not data:
                break
            *messages, rest = (rest + data).split(b"\0")
            for message in map(json.loads, messages):
                with self.news:
                    if "id" in message:
                        self.answers[message["id"]] = message
                    elif message.get("sessionId") in self.listeners:
                        self.listeners[message["sessionId"]](message["method"], message["params"])
                    self.news.notify_all()
        with self.news:
            self.ended = True
            self.news.notify_all()

    def call(self, method, session=None, **params):
        with self.news:
            self.number += 1
            number = self.number
        message = {"id": number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        self.out.write(json.dumps(message).encode() + b"\0")
        with self.news:
            if not self.news.wait_for(lambda: number in self.answers or self.ended, ANSWER_SECONDS):
                raise TimeoutError(f"Chromium does not answer {method}")
            if number not in self.answers:
                raise RuntimeError(f"Chromium ended during {method}")
            answer = self.answers.pop(number)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']['message']}")
        return answer["result"]

    def close(self):
        try:
            os.killpg(self.process.pid, signal.SIGTERM)
            self.process.wait(10)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.out.close()
        shutil.rmtree(self.profile, ignore_errors=True)


class Page:
    """One tab in a context of its own: nothing of an earlier one is left."""

    def __init__(self, browser, width=1280, height=860, dark=False, still=True):
        self.browser = browser
        self.context = browser.call("Target.createBrowserContext")["browserContextId"]
        self.target = browser.call("Target.createTarget", url="about:blank", browserContextId=self.context)["targetId"]
        self.session = browser.call("Target.attachToTarget", targetId=self.target, flatten=True)["sessionId"]
        self.requests = []   # URLs
        self.complaints = []  # what the console, the CSP or a script says
        browser.listeners[self.session] = self._hear
        for domain in ("Page", "Runtime", "Network", "Log", "Audits", "Accessibility"):
            self.call(f"{domain}.enable")
        self.size(width, height)
        features = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        if still:
            features.append({"name": "prefers-reduced-motion", "value": "reduce"})
        self.call("Emulation.setEmulatedMedia", features=features)
        self.call("Emulation.setTimezoneOverride", timezoneId="UTC")
        self.call("Emulation.setFocusEmulationEnabled", enabled=True)

    def _hear(self, method, params):
        if method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            detail = params["exceptionDetails"]
            self.complaints.append("exception: " + detail.get("exception", {}).get("description", detail["text"]))
        elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning", "assert"):
            self.complaints.append("console: " + " ".join(str(a.get("value", a.get("description"))) for a in params["args"]))
        elif method == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
            self.complaints.append("log: " + params["entry"]["text"] + " " + params["entry"].get("url", ""))
        elif method == "Audits.issueAdded" and params["issue"]["code"] == "ContentSecurityPolicyIssue":
            self.complaints.append("policy: " + json.dumps(params["issue"]["details"]))

    def call(self, method, **params):
        return self.browser.call(method, self.session, **params)

    def size(self, width, height):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 500)

    def open(self, url):
        self.call("Page.navigate", url=url)

    def eval(self, script):
        """The value of an expression; promises are awaited."""
        result = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in result:
            raise AssertionError(result["exceptionDetails"].get("exception", {}).get("description", result["exceptionDetails"]["text"]) + "\nin " + script)
        return result["result"].get("value")

    def until(self, condition, seconds=20):
        """Waits in the page until an expression is true; looks at each frame, and goes on in the
        new page where the old one is left meanwhile."""
        script = """new Promise((resolve, reject) => {
          const end = performance.now() + %d;
          const look = () => {
            let value;
            try { value = %s; } catch (error) { value = false; }
            if (value) resolve(value);
            else if (performance.now() > end) reject(new Error('never came true'));
            else setTimeout(look, 15);
          };
          look();
        })""" % (seconds * 1000, condition)
        end = time.monotonic() + seconds
        try:
            while True:
                try:
                    return self.eval(script)
                except RuntimeError as error:
                    if not any(word in str(error) for word in ("navigated", "context")) or time.monotonic() > end:
                        raise
        except AssertionError as error:
            raise AssertionError(f"never true: {condition}\n{self.complaints}\n{self.eval('document.body.innerText')[:3000]}") from error

    def text(self, selector):
        return self.eval(f"document.querySelector({json.dumps(selector)})?.innerText ?? null")

    def texts(self, selector):
        return self.eval(f"[...document.querySelectorAll({json.dumps(selector)})].filter((e) => e.checkVisibility()).map((e) => e.innerText.trim())")

    def click(self, selector):
        box = self.eval("""(() => { const e = document.querySelector(%s); e.scrollIntoView({block: 'center', inline: 'center'});
          const b = e.getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]; })()""" % json.dumps(selector))
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=box[0], y=box[1], button="left", clickCount=1)

    KEYS = {"Enter": (13, "\r"), "Escape": (27, None), "Tab": (9, None), "ArrowLeft": (37, None), "ArrowUp": (38, None),
            "ArrowRight": (39, None), "ArrowDown": (40, None), "Home": (36, None), "End": (35, None),
            "PageDown": (34, None), "PageUp": (33, None), " ": (32, " "), "/": (191, "/")}

    def press(self, *keys, ctrl=False, shift=False):
        modifiers = (2 if ctrl else 0) + (8 if shift else 0)
        for key in keys:
            code, text = self.KEYS[key]
            common = {"key": key, "code": key, "windowsVirtualKeyCode": code, "modifiers": modifiers}
            self.call("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", **common, **({"text": text} if text else {}))
            self.call("Input.dispatchKeyEvent", type="keyUp", **common)

    def type(self, text):
        self.call("Input.insertText", text=text)

    def focused(self):
        return self.eval("document.activeElement.getAttribute('aria-label') ?? document.activeElement.innerText ?? ''")

    def picture(self, path):
        data = self.call("Page.captureScreenshot", format="png")["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))

    def close(self):
        self.browser.call("Target.closeTarget", targetId=self.target)
        self.browser.call("Target.disposeBrowserContext", browserContextId=self.context)
        self.browser.listeners.pop(self.session, None)

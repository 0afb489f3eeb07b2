"""Headless Chromium, for the tests of pages."""

import json
import os
import subprocess


class Browser:
    """Chromium by its DevTools protocol, JSON between zero bytes on two pipes."""

    def __init__(self, profile):
        from_us, to_browser = os.pipe()
        from_browser, to_us = os.pipe()

        def pipes():
            # Chromium reads from 3 and writes to 4, which may be ours at first.
            os.dup2(from_us, 13)
            os.dup2(to_us, 14)
            os.dup2(13, 3)
            os.dup2(14, 4)

        # The pages are our own, and a container or root has no sandbox to give.
        self.process = subprocess.Popen(
            ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
             "--hide-scrollbars", "--remote-debugging-pipe", f"--user-data-dir={profile}"],
            close_fds=False, preexec_fn=pipes, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(from_us)
        os.close(to_us)
        self.sender = open(to_browser, "wb", buffering=0)
        self.receiver = open(from_browser, "rb")
        self.number = 0
        self.session = None
        self.events = []

    def read(self):
        message = bytearray()
        while not message.endswith(b"\0"):
            piece = self.receiver.peek(1)
            assert piece, "Chromium has gone"
            end = piece.find(b"\0") + 1
            message += self.receiver.read(end or len(piece))
        return json.loads(message[:-1])

    def call(self, method, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        self.sender.write(json.dumps(message).encode() + b"\0")
        while True:
            answer = self.read()
            if answer.get("id") == self.number:
                assert "error" not in answer, answer
                return answer["result"]
            self.events.append(answer)

    def open(self, url):
        self.session = None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.events = []
        for domain in ("Runtime", "Log", "Network", "Page"):
            self.call(f"{domain}.enable")
        self.call("Page.navigate", url=url)
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            self.events.append(self.read())

    def value(self, expression):
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def width(self, width, height=844):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
                  mobile=width < 800)

    def scheme(self, name):
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": name}])

    def close(self):
        self.session = None
        self.call("Browser.close")
        self.process.wait(timeout=30)


def run_checks(title, checks, *arguments):
    """Calls each check; gives how many passed and failed."""
    passed = failed = 0
    for check in checks:
        try:
            check(*arguments)
            passed += 1
            print(f"{title}: {check.__name__} ... ok")
        except Exception as error:
            failed += 1
            print(f"{title}: {check.__name__} ... FAILED\n{error!r:.4000}")
    return passed, failed

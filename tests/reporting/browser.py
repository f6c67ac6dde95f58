"""A headless Chromium that opens one file and answers questions about it."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import websocket

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-port=0",
    "--remote-allow-origins=*",
)


class Tab:
    """One tab, driven over the DevTools protocol. ``asked`` lists every address requested."""

    def __init__(self, address: str) -> None:
        self._socket = websocket.create_connection(address, timeout=60)
        self._number = 0
        self.asked: list[str] = []
        self.errors: list[str] = []
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """The result of one command."""
        self._number += 1
        said = {"id": self._number, "method": method, "params": parameters}
        self._socket.send(json.dumps(said))
        return self._until(lambda message: message.get("id") == self._number).get("result", {})

    def _until(self, wanted: Any) -> dict[str, Any]:
        while True:
            message: dict[str, Any] = json.loads(self._socket.recv())
            if message.get("method") == "Network.requestWillBeSent":
                self.asked.append(message["params"]["request"]["url"])
            if message.get("method") in ("Runtime.exceptionThrown", "Page.javascriptDialogOpening"):
                self.errors.append(message["method"])
            if message.get("method") == "Log.entryAdded":
                self.errors.append(message["params"]["entry"]["text"])
            if wanted(message):
                return message

    def open(self, file: Path, width: int) -> None:
        """Show ``file`` in a window ``width`` CSS pixels wide."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=900,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        self.call("Page.navigate", url=file.as_uri())
        self._until(lambda message: message.get("method") == "Page.loadEventFired")

    def value(self, expression: str) -> Any:
        """What a JavaScript expression gives in the page."""
        told = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        return told["result"].get("value")

    def picture(self) -> bytes:
        """The whole page as PNG."""
        told = self.call("Page.captureScreenshot", captureBeyondViewport=True)
        return base64.b64decode(told["data"])

    def paper(self) -> bytes:
        """The page printed on A4 as PDF."""
        told = self.call("Page.printToPDF", preferCSSPageSize=True, printBackground=True)
        return base64.b64decode(told["data"])

    def close(self) -> None:
        """Let the tab go."""
        self._socket.close()


@contextmanager
def tab(folder: Path) -> Iterator[Tab]:
    """A tab of a Chromium started for it, with ``folder`` as its profile."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    assert program, "Chromium is not installed; .ci/run installs it, or apt-get install chromium"
    process = subprocess.Popen(
        [program, *FLAGS, f"--user-data-dir={folder}", "about:blank"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "HOME": str(folder)},
    )
    try:
        yield_to = Tab(_address(folder / "DevToolsActivePort"))
        yield yield_to
        yield_to.close()
    finally:
        process.terminate()
        process.wait(timeout=20)


def _address(told: Path) -> str:
    import urllib.request

    for _ in range(150):
        if told.exists() and len(told.read_text().splitlines()) == 2:
            port = told.read_text().splitlines()[0]
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list") as answer:
                tabs = json.load(answer)
            return str(next(t["webSocketDebuggerUrl"] for t in tabs if t["type"] == "page"))
        time.sleep(0.1)
    raise AssertionError("Chromium did not start")

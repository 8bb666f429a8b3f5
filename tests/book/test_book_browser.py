"""Pages in a real browser: no request leaves the machine, from file or from localhost, and formulas appear."""

import functools
import http.server
import json
import shutil
import subprocess
import threading
from urllib.parse import urlsplit

import pytest

BROWSER = next(filter(None, map(shutil.which, ["chromium", "chromium-browser", "google-chrome", "chrome"])), None)
PLAIN = ["index.html", "book/intro.html", "notebooks/08_keras_mnist.html"]
WITH_FORMULAS = ["book/notation.html", "notebooks/02_convolution.html"]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(BROWSER is None, reason="no Chromium or Chrome on this machine"),
]


def visit(address, folder):
    """Open one address in a browser with an empty profile; return (page after its scripts ran, its remote requests).

    The browser has habits of its own (updates, the time of day). They carry no page's origin in its log, and the
    resolver knows no host but this machine, so they can neither be mistaken for the page's requests nor succeed.
    """
    log = folder / "net.json"
    command = [
        BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run",
        "--disable-component-update", "--disable-sync", "--disable-extensions", "--disable-dev-shm-usage",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost", f"--user-data-dir={folder / 'profile'}",
        f"--log-net-log={log}", "--virtual-time-budget=15000", "--dump-dom", address,
    ]  # fmt: skip
    run = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr[-2000:]
    return run.stdout, [url for url in requests_of_pages(log) if not is_local(url)]


def requests_of_pages(log):
    """The addresses in a browser's network log that a page asked for, not the browser itself."""
    text = log.read_text(encoding="utf-8").rstrip()
    events = json.loads(text if text.endswith("}") else text.rstrip(",") + "]}")["events"]
    parameters = [event["params"] for event in events if isinstance(event.get("params"), dict)]
    return [p["url"] for p in parameters if "url" in p and p.get("initiator", "not an origin") != "not an origin"]


def is_local(url):
    parts = urlsplit(url)
    return parts.scheme in ("file", "data", "blob") or parts.hostname in ("localhost", "127.0.0.1")


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


def serve(folder):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


@pytest.fixture(scope="module")
def localhost(html):
    server = serve(html)
    yield f"http://localhost:{server.server_port}"
    server.shutdown()


@pytest.mark.parametrize("page", PLAIN + WITH_FORMULAS)
@pytest.mark.parametrize("origin", ["file", "localhost"])
def test_no_request_leaves_the_machine(html, localhost, tmp_path, origin, page):
    root = html.as_uri() if origin == "file" else localhost
    dom, remote = visit(f"{root}/{page}", tmp_path)
    assert remote == []
    assert "<title>" in dom
    if page in WITH_FORMULAS:
        assert "<mjx-container" in dom
        assert "<mjx-merror" not in dom


@pytest.mark.parametrize("origin", ["file", "localhost"])
def test_a_planted_request_is_seen(tmp_path, origin):
    site = tmp_path / "site"
    site.mkdir()
    (site / "leak.html").write_text('<title>leak</title><script src="https://cdn.example.org/x.js"></script>')
    server = serve(site)
    root = site.as_uri() if origin == "file" else f"http://localhost:{server.server_port}"
    assert visit(f"{root}/leak.html", tmp_path)[1] == ["https://cdn.example.org/x.js"]
    server.shutdown()

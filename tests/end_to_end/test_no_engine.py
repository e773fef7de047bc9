"""`harness run --in docker` where that cannot be: exit code 4, and what to do about it."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.conftest import Harness

RUN = ("run", "sum_f32/scalar", "--in", "docker")


def test_no_engine(harness: Harness, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    done = harness(*RUN)
    assert done.returncode == 4
    assert re.fullmatch(
        r"harness: --in docker: no container engine answers at .*none\.sock; start one .*\n", done.stderr
    )
    assert not done.stdout


def test_an_engine_elsewhere_that_does_not_answer(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    done = harness(*RUN)
    assert done.returncode == 4
    assert "no container engine answers at tcp://127.0.0.1:1; start one" in done.stderr


def test_an_address_that_is_none(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "nonsense://x")
    done = harness(*RUN)
    assert done.returncode == 4
    assert done.stderr.count("\n") == 1


class _EmptyEngine(BaseHTTPRequestHandler):
    """Has no image and reaches no registry."""

    def do_GET(self) -> None:
        if self.path.endswith("/version"):
            self.answer(200, {"ApiVersion": "1.41", "Version": "1", "Arch": "pdp11"})
        elif self.path.endswith("/_ping"):
            self.answer(200, {})
        else:
            self.answer(404, {"message": "no such image"})

    def do_POST(self) -> None:
        self.answer(500, {"message": "no such host"})

    def answer(self, status: int, body: object) -> None:
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def empty_engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _EmptyEngine) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.1:{server.server_address[1]}")
        yield
        server.shutdown()


@pytest.mark.usefixtures("empty_engine")
def test_no_image_and_no_way_to_make_one(harness: Harness) -> None:
    done = harness(*RUN)
    assert done.returncode == 4, done.stderr
    assert "no registry can be reached" in done.stderr
    assert "load debian:trixie-slim into the engine" in done.stderr
    assert "Traceback" not in done.stderr

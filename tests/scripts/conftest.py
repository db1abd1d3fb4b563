"""The processes that scripts run in, and all scripts of the gallery."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from script_runs import TENSORFLOW, ForkServer


@pytest.fixture(scope="session")
def torch_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForkServer]:
    """Runs scripts that need NumPy or PyTorch."""
    server = ForkServer("torch", tmp_path_factory.mktemp("torch_scripts"))
    yield server
    server.close()


@pytest.fixture(scope="session")
def tensorflow_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForkServer]:
    """Runs scripts that need TensorFlow; `make test` sets its environment up, and CI insists on it."""
    if not TENSORFLOW.exists():
        reason = "no .venv-tensorflow: packaging/setup.sh makes it where tensorflow-cpu can be installed"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    server = ForkServer("tensorflow", tmp_path_factory.mktemp("tensorflow_scripts"))
    yield server
    server.close()


@pytest.fixture
def server_of(request: pytest.FixtureRequest) -> Callable[[str], ForkServer]:
    """The server of a dialect."""

    def find(dialect: str) -> ForkServer:
        found: ForkServer = request.getfixturevalue("tensorflow_server" if dialect == "tensorflow" else "torch_server")
        return found

    return find


@pytest.fixture
def ruff_clean(tmp_path: Path) -> Callable[[str], None]:
    """Fails where ruff has something to say about a script."""
    import subprocess
    import sys

    rules = "E,F,W,I,B,C4,UP,SIM,RUF,PIE,RET"

    def check(*texts: str) -> None:
        for number, text in enumerate(texts):
            (tmp_path / f"script{number}.py").write_text(text, encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-m", "ruff", "check", "--isolated", "--select", rules, "--line-length", "100",
             "--ignore", "RUF001,RUF002,RUF003", str(tmp_path)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-3000:]

    return check

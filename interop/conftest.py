"""Servers for the tests: one for each database and profile, started when first asked for."""

import subprocess

import pytest

from lendglass import Postgres, Server


@pytest.fixture(scope="session")
def postgres():
    server = Postgres()
    yield server
    server.close()


def serve(request, profile):
    url = None
    if request.param == "postgres":
        url = request.getfixturevalue("postgres").url(f"interop_{profile}")
    server = Server(profile, url)
    yield server
    server.close()


@pytest.fixture(scope="session", params=["sqlite", "postgres"])
def cloud(request):
    """A server with our own rules: an offer must be accepted before it can be used."""
    yield from serve(request, "lendglass")


@pytest.fixture(scope="session", params=["sqlite", "postgres"])
def glance(request):
    """A server with Glance's rules."""
    yield from serve(request, "glance")


@pytest.fixture(scope="session", params=["sqlite", "postgres"])
def tencent(request):
    """A server with Tencent's rules: what is offered is accepted."""
    yield from serve(request, "tencent")


@pytest.fixture(scope="session")
def qcow2(tmp_path_factory):
    """A real qcow2 of 8 MiB with something in it, made by qemu-img."""
    folder = tmp_path_factory.mktemp("images")
    raw, image = folder / "disk.raw", folder / "disk.qcow2"
    raw.write_bytes(b"".join(bytes([i % 251]) * 65536 for i in range(128)))
    subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", "qcow2", raw, image], check=True)
    return image


@pytest.fixture
def name(request):
    """A name for an image that no other test uses."""
    return request.node.name.replace("[", "-").replace("]", "")

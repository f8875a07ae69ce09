"""A running server, and the people who use it through real clients."""

import fcntl
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

import openstack

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
START_SECONDS_MAX = 60
PEOPLE = {"alice": ("A", "X"), "bob": ("B", "Y"), "rita": ("B", "Y"), "carol": ("C", "Z"),
          "operator": ("ops", "Ops")}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def program(name="lendglassd"):
    """The newest built program; builds it where there is none."""
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))

    def built():
        paths = [target / profile / name for profile in ("debug", "release")]
        return sorted((p for p in paths if p.exists()), key=lambda p: p.stat().st_mtime)

    if not built():
        subprocess.run(["cargo", "build", "--workspace", "--bins"], cwd=ROOT, check=True)
    return built()[-1]


def clean_environment():
    """Ours without what would change clients or server."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("OS_", "LENDGLASS_"))}


class Postgres:
    """A private PostgreSQL; ends when this process does, however it ends."""

    def __init__(self):
        versions = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"),
                          key=lambda path: int(path.parent.name))
        assert versions, "PostgreSQL is missing; `apt-get install postgresql` brings it"
        self.bin = versions[-1]
        self.base = pathlib.Path(tempfile.mkdtemp(prefix="lendglass-interop-postgres-"))
        self.base.chmod(0o755)
        self.user = open(self.base / "users.lock", "a")
        fcntl.flock(self.user, fcntl.LOCK_SH)
        self.port = free_port()
        script = ROOT / "crates/store/tests/support/postgres.sh"
        self.keeper = subprocess.Popen(
            ["sh", script, self.base, self.bin, str(self.port)], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True)
        answer = self.keeper.stdout.readline()
        logs = [p.read_text() for p in self.base.glob("server/*.log")]
        assert answer == "ready\n", "PostgreSQL does not start:\n" + "".join(logs)

    def url(self, name):
        subprocess.run(
            [self.bin / "psql", "-Xq", "-h", "127.0.0.1", "-p", str(self.port), "-U", "lendglass",
             "-d", "postgres", "-c", f"create database {name}"],
            env={**os.environ, "PGPASSWORD": "lendglass"}, check=True)
        return f"postgres://lendglass:lendglass@127.0.0.1:{self.port}/{name}"

    def close(self):
        self.user.close()
        self.keeper.wait(60)
        shutil.rmtree(self.base)


class Server:
    """`lendglassd serve` in a folder of its own, with the world of world.toml."""

    def __init__(self, profile, database=None):
        self.profile = profile
        self._people = {}
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="lendglass-interop-"))
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = self.folder / "log"
        words = ["serve", "--data", self.folder / "data", "--listen", f"127.0.0.1:{self.port}",
                 "--profile", profile, "--world", HERE / "world.toml"]
        if database:
            words += ["--database", database]
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig=KILL", "--", program(), *words],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=clean_environment())
        self._wait_until_ready()

    def _wait_until_ready(self):
        end = time.monotonic() + START_SECONDS_MAX
        while not self._is_ready():
            assert self.process.poll() is None, f"the server ended:\n{self.log.read_text()}"
            assert time.monotonic() < end, f"the server is not ready:\n{self.log.read_text()}"
            time.sleep(0.05)

    def _is_ready(self):
        try:
            return urllib.request.urlopen(f"{self.url}/readyz", timeout=5).status == 200
        except (urllib.error.URLError, OSError):
            return False

    def person(self, name):
        if name not in self._people:
            self._people[name] = Person(self, name)
        return self._people[name]

    def close(self):
        """Asks the server to end; it must do so by itself, and without a failure."""
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(60)
        assert status == 0, f"exit status {status}:\n{self.log.read_text()}"
        shutil.rmtree(self.folder)


class Refused(Exception):
    """A command of the openstack client failed; the text is what it said."""


class Person:
    """Somebody with a password, a project and the usual clients."""

    def __init__(self, server, name):
        self.server, self.name = server, name
        self.project, self.account = PEOPLE[name]
        self._connection = None
        self._project_id = None
        self._key = None

    def auth(self):
        return {"auth_url": f"{self.server.url}/v3", "username": self.name,
                "password": f"{self.name}'s password", "project_name": self.project,
                "user_domain_name": self.account, "project_domain_name": self.account}

    def openstack(self, *words):
        """Runs the real client; its JSON answer, or its text where it prints no JSON."""
        env = {**clean_environment(), "OS_IDENTITY_API_VERSION": "3", "OS_REGION_NAME": "r1",
               "OS_CLIENT_CONFIG_FILE": "/dev/null"}
        env |= {f"OS_{key.upper()}": value for key, value in self.auth().items()}
        client = pathlib.Path(sys.executable).parent / "openstack"
        done = subprocess.run([client, *map(str, words)], env=env, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=300)
        if done.returncode != 0:
            raise Refused(done.stderr + done.stdout)
        return done.stdout

    def show(self, *words):
        """A command that answers one thing or a list, as parsed JSON."""
        return json.loads(self.openstack(*words, "-f", "json"))

    @property
    def connection(self):
        """openstacksdk's connection."""
        if self._connection is None:
            self._connection = openstack.connection.Connection(
                auth=self.auth(), region_name="r1", identity_api_version="3")
        return self._connection

    @property
    def project_id(self):
        if self._project_id is None:
            self._project_id = self.connection.current_project_id
        return self._project_id

    def call(self, method, path, body=None):
        """A native call with the person's token, for what no dialect of a cloud has."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"X-Auth-Token": self.connection.auth_token, "Content-Type": "application/json"}
        request = urllib.request.Request(self.server.url + path, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read() or "null")

    @property
    def key(self):
        """The person's access key and its secret: one for all tests, since there is a ceiling."""
        if self._key is None:
            made = self.call("POST", "/api/v1/access-keys", {})
            self._key = made["id"], made["secret"]
        return self._key

    def image(self, name, data=b"\0" * 4096, **fields):
        """A whole raw image of the person's; its id."""
        fields = {"disk_format": "raw", "container_format": "bare"} | fields
        return self.connection.image.create_image(name, data=data, wait=True, **fields).id

"""What cannot be undercut: servers that do nothing but answer, and nginx for files."""

import os
import subprocess
from pathlib import Path

from benchmarks.peers import environments, processes
from benchmarks.peers.peer import DOWNLOAD, GET, LARGE, SIZES, Call, Running

NGINX = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/log;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  sendfile on;
  keepalive_requests 100000000;
  {temporary}
  server {{ listen 127.0.0.1:{port}; root {folder}/files; }}
}}
"""


class Constant:
    """A server of Python that says the same 500 bytes to everybody."""

    lacks = "one answer and nothing else; a limit, not a peer"
    _server: "subprocess.Popen[bytes] | None" = None
    _programs = Path()

    def __init__(self, protocol: str) -> None:
        self._protocol = protocol
        self._package = "uvicorn" if protocol == "asgi" else "granian"
        self.name = f"limit: {self._package}, constant"
        self.about = f"{protocol.upper()}, 500 bytes that are always the same; no credential, no row"

    def install(self) -> str:
        self._programs = environments.python("limits")
        return environments.pinned("limits", self._package)

    def start(self, folder: Path, items: int, core: int) -> Running:
        port, app = processes.free_port(), f"constant:{self._protocol}"
        quiet = ["--log-level", "warning"]
        if self._protocol == "asgi":
            command = ["uvicorn", app, "--host", "127.0.0.1", "--port", str(port), "--no-access-log", *quiet]
        else:
            command = ["granian", "--interface", "rsgi", "--host", "127.0.0.1", "--port", str(port), *quiet, app]
        (folder / "constant.py").write_text(Path(__file__).with_name("constant.py").read_text())
        program = [self._programs / command[0], *command[1:]]
        self._server = processes.start(program, folder, core, environment={"PYTHONPATH": str(folder)})
        processes.reachable(self._server, port, folder)
        return Running(f"http://127.0.0.1:{port}", [self._server.pid], {GET: Call("/", reply=500)})

    def stop(self) -> None:
        processes.stop(self._server)


class Nginx:
    """nginx with `sendfile`: files that are anybody's."""

    name = "limit: nginx, files"
    about = "one worker, `sendfile`, no credential"
    lacks = "files and nothing else; a limit, not a peer"
    _server: "subprocess.Popen[bytes] | None" = None
    _program: tuple[str, ...] = ()

    def install(self) -> str:
        self._program = tuple(environments.program("nginx", ["nginx", "nginx-common"]))
        said = subprocess.run([*self._program, "-v"], check=True, capture_output=True, text=True)
        return said.stderr.strip().rpartition("/")[2]

    def start(self, folder: Path, items: int, core: int) -> Running:
        port, files = processes.free_port(), folder / "files"
        files.mkdir()
        # Its worker is nobody when it is started by root.
        for place in (folder.parent, folder, files):
            place.chmod(0o755)
        for number, name in enumerate((DOWNLOAD, LARGE)):
            (files / str(number)).write_bytes(os.urandom(SIZES[name]))
            (files / str(number)).chmod(0o644)
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        temporary = " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
        settings = folder / "nginx.conf"
        settings.write_text(NGINX.format(folder=folder, port=port, temporary=temporary))
        command = [*self._program, "-c", str(settings), "-e", str(folder / "log")]
        self._server = processes.start(command, folder, core)
        processes.reachable(self._server, port, folder)
        calls = {name: Call(f"/{number}", reply=SIZES[name]) for number, name in enumerate((DOWNLOAD, LARGE))}
        return Running(f"http://127.0.0.1:{port}", [self._server.pid], calls)

    def stop(self) -> None:
        processes.stop(self._server)

"""A PostgreSQL cluster for one test run, in a folder that goes away with it."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from storage.tables import metadata

_CONFIG = """
listen_addresses = '127.0.0.1'
fsync = off
full_page_writes = off
synchronous_commit = off
shared_buffers = 64MB
max_connections = 200
"""


def missing() -> str:
    """Why no cluster can be started here; empty if one can."""
    if _binary("initdb") is None or _binary("pg_ctl") is None:
        return "PostgreSQL's initdb and pg_ctl are not installed"
    if os.getuid() == 0 and _other_user() is None:
        return "PostgreSQL does not run as root and there is no user postgres or nobody to run it as"
    return ""


@contextmanager
def cluster() -> Iterator[str]:
    """The address (``postgresql://…``) of a running server, stopped and deleted afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="paperboy-pg-"))
    port = _free_port()
    try:
        if user := _other_user():
            shutil.chown(folder, user)
        data = folder / "data"
        _run("initdb", "-D", str(data), "-U", "paperboy", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
        (data / "postgresql.auto.conf").write_text(
            f"{_CONFIG}port = {port}\nunix_socket_directories = '{folder}'\n"
        )
        _run("pg_ctl", "-D", str(data), "-w", "-t", "60", "-l", str(folder / "log"), "start")
        try:
            yield f"postgresql://paperboy@127.0.0.1:{port}"
        finally:
            _run("pg_ctl", "-D", str(data), "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def database(server: str) -> Iterator[str]:
    """The address of an empty database on ``server``."""
    name = f"t{secrets.token_hex(6)}"
    port = server.rpartition(":")[2]
    _run("createdb", "-h", "127.0.0.1", "-p", port, "-U", "paperboy", "-T", "template0", name)
    try:
        yield f"{server}/{name}"
    finally:
        _run("dropdb", "-h", "127.0.0.1", "-p", port, "-U", "paperboy", "--force", name)


async def wipe(address: str) -> None:
    """End what else uses the database, and delete every row; much faster than a new database."""
    import asyncpg

    connection = await asyncpg.connect(address)
    try:
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        tables = ", ".join(table.name for table in reversed(metadata.sorted_tables))
        await connection.execute(
            "DO $$ DECLARE name text; BEGIN "
            f"FOREACH name IN ARRAY string_to_array('{tables}', ', ') LOOP "
            "EXECUTE format('DELETE FROM %I', name); END LOOP; END $$"
        )
    finally:
        await connection.close()


def _run(program: str, *arguments: str) -> None:
    user = _other_user()
    binary = _binary(program)
    assert binary is not None
    done = subprocess.run(
        [str(binary), *arguments],
        user=user,
        group=pwd.getpwnam(user).pw_gid if user else None,
        extra_groups=[] if user else None,
        cwd="/",
        env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{program}: {done.stderr}"


def _binary(program: str) -> Path | None:
    folder = ""
    if shutil.which("pg_config"):
        asked = subprocess.run(["pg_config", "--bindir"], capture_output=True, text=True, check=False)
        folder = asked.stdout.strip()
    found = shutil.which(program, path=os.pathsep.join((folder, os.environ.get("PATH", ""))))
    return Path(found) if found else None


def _other_user() -> str | None:
    """Who runs the server in place of root; None where we are not root, or there is nobody."""
    if os.getuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    return None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port

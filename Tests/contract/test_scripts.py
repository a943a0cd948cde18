"""The scripts that others lean on: certificates, generated code."""

import shutil
import subprocess

from tally_server import ROOT


def run(*command):
    return subprocess.run(
        [str(part) for part in command], stdin=subprocess.DEVNULL, capture_output=True, text=True)


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_certificates_are_made_once_and_the_key_is_private(tmp_path):
    assert run(ROOT / "scripts" / "dev-certs", tmp_path).returncode == 0
    first = contents(tmp_path)
    assert (tmp_path / "server.key").stat().st_mode & 0o777 == 0o600
    again = run(ROOT / "scripts" / "dev-certs", tmp_path)
    assert (again.returncode, again.stdout) == (0, "")
    assert contents(tmp_path) == first


def test_damaged_certificates_are_made_anew(tmp_path):
    for name in ("ca.pem", "server.pem", "server.key"):
        (tmp_path / name).write_text("not this")
    assert run(ROOT / "scripts" / "dev-certs", tmp_path).returncode == 0
    checked = run("openssl", "verify", "-x509_strict", "-CAfile", tmp_path / "ca.pem",
                  tmp_path / "server.pem")
    assert checked.returncode == 0, checked.stderr


def test_generated_code_that_drifted_is_noticed(tmp_path):
    copy = tmp_path / "CTallyProto"
    shutil.copytree(ROOT / "Sources" / "CTallyProto", copy)
    check = [ROOT / "scripts" / "generate", "--check", "--into", copy]
    assert run(*check).returncode == 0
    header = copy / "include" / "descriptor_set.h"
    header.write_text(header.read_text() + "\n/* edited */\n")
    (copy / "stale.pb-c.c").write_text("")
    noticed = run(*check)
    assert noticed.returncode == 1
    assert "/* edited */" in noticed.stdout and "2 files differ" in noticed.stderr

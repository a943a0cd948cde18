"""Runs the lines that documentation tells people to type."""

import re
import subprocess

from tally_server import BINARY, ROOT


def run_lines(name, server):
    """The first shell block of docs/`name`, against `server`; what it printed."""
    text = (ROOT / "docs" / name).read_text()
    lines = re.search(r"^```sh\n(.*?)^```", text, re.M | re.S)[1].replace(
        ".dev/ca.pem", str(server.ca_file))
    # scripts/start has published it.
    script = "tally catalog apply examples/pricing.json\n" + "\n".join(
        line for line in lines.splitlines() if not line.startswith("alias"))
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", f'tally() {{ "{BINARY}" "$@"; }}\n{script}'],
        cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120,
        env={"PATH": "/usr/bin:/bin", "TALLY_CA": str(server.ca_file),
             "TALLY_KEY_FILE": str(server.key_file),
             "TALLY_SERVER": f"https://localhost:{server.port}"})
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def run_block(name, number, server, folder, environment, **replaced):
    """The shell block with that number of docs/`name`, in a folder; what it printed."""
    text = (ROOT / "docs" / name).read_text()
    block = re.findall(r"^```sh\n(.*?)^```", text, re.M | re.S)[number]
    for old, new in replaced.items():
        block = block.replace(old, new)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", f'tally() {{ "{BINARY}" "$@"; }}\n{block}'],
        cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120,
        env={"PATH": "/usr/bin:/bin", "TALLY_CA": str(server.ca_file),
             "TALLY_KEY_FILE": str(server.key_file),
             "TALLY_SERVER": f"https://localhost:{server.port}", **environment})
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout

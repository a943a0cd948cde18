"""Runs the lines that documentation tells people to type."""

import re
import subprocess

from tally_server import BINARY, ROOT


def blocks(name, language):
    """The blocks of code of docs/`name` in a language."""
    text = (ROOT / "docs" / name).read_text()
    found = re.findall(rf"^```{re.escape(language)}\n(.*?)^```", text, re.M | re.S)
    assert found, f"docs/{name} has no block in {language}"
    return found


def here(lines, server):
    """With the addresses of `server` in place of those of scripts/start."""
    for said, ours in ((".dev/ca.pem", server.ca_file), (".dev/sandbox.key", server.key_file),
                       ("7443", server.port)):
        lines = lines.replace(said, str(ours))
    return lines


def is_copied(block, file):
    """Whether each part of a block, between the lines with "…", stands in `file`."""
    source = [line.strip() for line in (ROOT / file).read_text().splitlines()]
    part = []
    for line in [*(line.strip() for line in block.splitlines()), "…"]:
        if not line.endswith("…"):
            part.append(line)
            continue
        assert part, f"nothing before or after … in the block out of {file}"
        if not any(source[start:start + len(part)] == part for start in range(len(source))):
            return False
        part = []
    return True


def run_lines(name, server, every=False):
    """The first shell block of docs/`name`, or all of them, against `server`; what it printed."""
    found = blocks(name, "sh")
    lines = here("".join(found if every else found[:1]), server)
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

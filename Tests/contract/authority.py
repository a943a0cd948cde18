"""A certificate authority for tests: makes certificates with openssl, good ones and bad ones."""

import subprocess
from datetime import datetime, timedelta, timezone
from pathlib import Path

CONFIG = """
[ca]
default_ca = here
[here]
database = {folder}/{name}.index
new_certs_dir = {folder}
rand_serial = yes
unique_subject = no
default_md = sha256
policy = any
[any]
commonName = supplied
"""


class Authority:
    def __init__(self, folder, name):
        self.folder, self.name = Path(folder), name
        self.pem = self.folder / f"{name}.pem"
        self.key = self._key(name)
        self._run("req", "-x509", "-new", "-key", self.key, "-subj", f"/CN={name}", "-days", 30,
                  "-addext", "basicConstraints=critical,CA:TRUE",
                  "-addext", "keyUsage=critical,keyCertSign,cRLSign", "-out", self.pem)
        self.config = self.folder / f"{name}.config"
        self.config.write_text(CONFIG.format(folder=self.folder, name=name))
        (self.folder / f"{name}.index").write_text("")

    def issue(self, name, san, usage="clientAuth", seconds=86_400):
        """Certificate and key files. It is good for so long from now, or was until so long ago."""
        key, request = self._key(name), self.folder / f"{name}.csr"
        certificate, extensions = self.folder / f"{name}.pem", self.folder / f"{name}.ext"
        extensions.write_text(
            f"basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n"
            f"extendedKeyUsage={usage}\nsubjectAltName={san}\n")
        now = datetime.now(timezone.utc)
        begin, end = (f"{time:%Y%m%d%H%M%SZ}" for time in (
            now - timedelta(days=2), now + timedelta(seconds=seconds)))
        self._run("req", "-new", "-key", key, "-subj", f"/CN={name}", "-out", request)
        self._run("ca", "-batch", "-notext", "-config", self.config, "-cert", self.pem,
                  "-keyfile", self.key, "-startdate", begin, "-enddate", end,
                  "-extfile", extensions, "-in", request, "-out", certificate)
        return certificate, key

    def _key(self, name):
        path = self.folder / f"{name}.key"
        self._run("ecparam", "-genkey", "-name", "prime256v1", "-noout", "-out", path)
        return path

    @staticmethod
    def _run(*arguments):
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)

"""A certificate authority for tests: makes certificates with openssl, good ones and bad ones."""

import subprocess
from pathlib import Path


class Authority:
    def __init__(self, folder, name):
        self.folder, self.name = Path(folder), name
        self.pem = self.folder / f"{name}.pem"
        self.key = self._key(name)
        self._run("req", "-x509", "-new", "-key", self.key, "-subj", f"/CN={name}", "-days", "30",
                  "-addext", "basicConstraints=critical,CA:TRUE",
                  "-addext", "keyUsage=critical,keyCertSign,cRLSign", "-out", self.pem)

    def issue(self, name, san, usage="clientAuth", days=30):
        """Certificate and key files; `days` may be negative."""
        key, request = self._key(name), self.folder / f"{name}.csr"
        certificate, extensions = self.folder / f"{name}.pem", self.folder / f"{name}.ext"
        extensions.write_text(
            f"basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n"
            f"extendedKeyUsage={usage}\nsubjectAltName={san}\n")
        self._run("req", "-new", "-key", key, "-subj", f"/CN={name}", "-out", request)
        self._run("x509", "-req", "-in", request, "-CA", self.pem, "-CAkey", self.key,
                  "-days", str(days), "-extfile", extensions, "-out", certificate)
        return certificate, key

    def _key(self, name):
        path = self.folder / f"{name}.key"
        self._run("ecparam", "-genkey", "-name", "prime256v1", "-noout", "-out", path)
        return path

    @staticmethod
    def _run(*arguments):
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)

"""Signs a model version's manifest, so that a server can tell its own trainer's models from anybody else's.

The manifest's hash proves that nothing changed since training; the signature proves that training knew the key. Both
are checked by `bundle.py` before any model file is opened. Imports nothing of Dateline but the errors.
"""

import hashlib
import hmac
from dataclasses import dataclass
from pathlib import Path

from dateline.errors import InvalidModel

FILE = "manifest.hmac"


@dataclass(frozen=True)
class Signing:
    """The key that signs and checks, None to do neither; `required` refuses versions without a signature.

    HMAC-SHA256 over the bytes of the manifest. Source: RFC 2104.
    """

    key: bytes | None = None
    required: bool = False

    def write(self, folder: Path, manifest: bytes) -> None:
        """Write the signature of a manifest beside it, if there is a key."""
        if self.key is not None:
            (folder / FILE).write_bytes(self._signature(self.key, manifest))

    def check(self, folder: Path, manifest: bytes) -> None:
        """Raise InvalidModel if a manifest's signature is not ours, or is missing and required."""
        if self.key is None:
            return
        path = folder / FILE
        if not path.is_file():
            if self.required:
                raise InvalidModel(f"{path}: missing, and DATELINE_REQUIRE_SIGNATURE is set; retrain with the key")
        elif not hmac.compare_digest(path.read_bytes(), self._signature(self.key, manifest)):
            raise InvalidModel(f"{path}: signed with another key than DATELINE_SIGNING_KEY")

    def _signature(self, key: bytes, manifest: bytes) -> bytes:
        return f"{hmac.new(key, manifest, hashlib.sha256).hexdigest()}\n".encode()


UNSIGNED = Signing()

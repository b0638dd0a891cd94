"""Every setting of Dateline with its default and help text, read from the environment once.

Entry points (`python -m dateline`, `training`, `service`) call `load_settings`; nothing else reads the environment.
"""

from pathlib import Path
from typing import Any, Self

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from dateline.errors import DatelineError
from dateline.signature import Signing


class Settings(BaseSettings):
    """Settings, each overridable by an environment variable `DATELINE_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="DATELINE_", env_ignore_empty=True, frozen=True)

    models_dir: Path = Field(Path("models"), description="Folder of the trained model versions.")
    data_dir: Path = Field(
        Path("data"), description="Folder where the service keeps its drift counters; without one they stay in memory."
    )
    database_url: str = Field(
        default_factory=lambda given: f"sqlite:///{given['data_dir']}/dateline.db",
        description="Where added articles are kept: sqlite:///FILE, or postgresql://USER:PASSWORD@HOST/DATABASE.",
        repr=False,
    )
    seeds_dir: Path = Field(Path("seeds"), description="Folder of the seed corpus and taxonomy that training reads.")
    api_key: SecretStr | None = Field(
        None, min_length=8, description="Once set, a request that changes articles or labels has to carry this key."
    )
    host: str = Field("127.0.0.1", description="Address the server listens on.")
    port: int = Field(8080, ge=1, le=65535, description="Port the server listens on.")
    workers: int = Field(2, ge=1, le=64, description="Server processes; one per core is a good choice.")
    home_country: str | None = Field(
        None, pattern="^[A-Z]{2}$", description="Country (ISO 3166-1 alpha-2) that an article naming no place is about."
    )
    max_text_chars: int = Field(500_000, ge=1, description="Longest text or title accepted, in characters.")
    max_body_bytes: int = Field(4 * 1024 * 1024, ge=1, description="Largest request body accepted, in bytes.")
    max_batch_items: int = Field(500, ge=1, description="Most items accepted in one batch request.")
    signing_key: SecretStr | None = Field(
        None, min_length=16, description="Secret by which training signs model versions and a server checks them."
    )
    require_signature: bool = Field(
        default=False, description="Whether only versions signed with DATELINE_SIGNING_KEY may be loaded."
    )
    reload_seconds: float = Field(
        1.0, ge=0.1, le=5.0, description="How often a server looks whether another version is to serve, in seconds."
    )

    @model_validator(mode="after")
    def _key_where_required(self) -> Self:
        if self.require_signature and self.signing_key is None:
            raise ValueError("DATELINE_REQUIRE_SIGNATURE needs DATELINE_SIGNING_KEY")
        return self

    @property
    def signing(self) -> Signing:
        """How model versions are signed and checked."""
        key = self.signing_key.get_secret_value().encode() if self.signing_key else None
        return Signing(key, required=self.require_signature)


def load_settings() -> Settings:
    """Return the settings as the environment gives them.

    Raises DatelineError naming the variable if a value does not fit.
    """
    try:
        return Settings()
    except ValidationError as error:
        problems = "; ".join(
            f"DATELINE_{str(e['loc'][0]).upper()}: {e['msg']}" if e["loc"] else e["msg"] for e in error.errors()
        )
        raise DatelineError(f"bad setting: {problems}") from None


def describe() -> list[tuple[str, str, str]]:
    """Return (environment variable, default, help) for every setting, for docs and `--help`."""
    defaults: dict[str, Any] = {}
    for name, field in Settings.model_fields.items():
        defaults[name] = field.get_default(call_default_factory=True, validated_data=defaults)
    return [
        (f"DATELINE_{name.upper()}", str(defaults[name]), field.description or "")
        for name, field in Settings.model_fields.items()
    ]

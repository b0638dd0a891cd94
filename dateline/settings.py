"""Every setting of Dateline with its default and help text, read from the environment once.

Entry points (`python -m dateline`, `training`, `service`) call `load_settings`; nothing else reads the environment.
"""

from pathlib import Path

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from dateline.errors import DatelineError


class Settings(BaseSettings):
    """Settings, each overridable by an environment variable `DATELINE_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="DATELINE_", frozen=True)

    models_dir: Path = Field(Path("models"), description="Folder of the trained model versions.")
    seeds_dir: Path = Field(Path("seeds"), description="Folder of the seed corpus and taxonomy that training reads.")
    host: str = Field("127.0.0.1", description="Address the server listens on.")
    port: int = Field(8080, ge=1, le=65535, description="Port the server listens on.")
    workers: int = Field(2, ge=1, le=64, description="Server processes; one per core is a good choice.")
    home_country: str | None = Field(
        None, pattern="^[A-Z]{2}$", description="Country (ISO 3166-1 alpha-2) that an article naming no place is about."
    )
    max_text_chars: int = Field(500_000, ge=1, description="Longest text or title accepted, in characters.")
    max_body_bytes: int = Field(4 * 1024 * 1024, ge=1, description="Largest request body accepted, in bytes.")
    max_batch_items: int = Field(500, ge=1, description="Most items accepted in one batch request.")


def load_settings() -> Settings:
    """Return the settings as the environment gives them.

    Raises DatelineError naming the variable if a value does not fit.
    """
    try:
        return Settings()
    except ValidationError as error:
        problems = "; ".join(f"DATELINE_{str(e['loc'][0]).upper()}: {e['msg']}" for e in error.errors())
        raise DatelineError(f"bad setting: {problems}") from None


def describe() -> list[tuple[str, str, str]]:
    """Return (environment variable, default, help) for every setting, for docs and `--help`."""
    return [
        (f"DATELINE_{name.upper()}", str(field.default), field.description or "")
        for name, field in Settings.model_fields.items()
    ]

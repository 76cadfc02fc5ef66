"""What the jobs read from the environment.

Names and defaults are those of the system that the guides describe, where it has them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AliasChoices, Field, SecretStr
from pydantic_settings import BaseSettings, InitSettingsSource, SettingsConfigDict

from guard.settings.secret_files import secret

if TYPE_CHECKING:
    from pydantic_settings import PydanticBaseSettingsSource


class JobSettings(BaseSettings):
    """Settings of the jobs; `JobSettings()` reads the environment, keyword arguments go before it.

    A field is read from the variable of its own name in capitals; a URL also from the file that the variable
    with ``_FILE`` behind its name names.

    Raises:
        guard.ConfigurationInvalid: such a file cannot be used.
        pydantic.ValidationError: Values that cannot be used, all of them at once, without repeating the
            values: two of these URLs may carry a password.
    """

    model_config = SettingsConfigDict(
        frozen=True,
        hide_input_in_errors=True,
        env_ignore_empty=True,  # `OLLAMA_URL=` in a compose file means "not set"
    )

    ollama_url: SecretStr = SecretStr("http://localhost:11434")
    """Base address of the Ollama server; a user and password in it are sent and never shown."""
    ollama_model: Annotated[str, Field(min_length=1)] = "llava:7b"
    ollama_timeout: Annotated[float, Field(gt=0, le=3600)] = 60.0
    """Seconds that one request may wait to connect, and for each part of the answer."""
    ollama_model_context: Annotated[int, Field(ge=256)] = 4096
    """Context length asked of the model, in tokens (`num_ctx`)."""
    retry_max_attempts: Annotated[int, Field(ge=1, le=20)] = 3
    """Requests in all, the first one included."""
    retry_base_delay: Annotated[float, Field(ge=0)] = 1.0
    """Seconds before the second request; doubles each time."""
    retry_max_delay: Annotated[float, Field(ge=0)] = 30.0
    """Longest wait between two requests, in seconds; also caps what `Retry-After` asks for."""
    storage_images_dir: Path = Path("storage/images")
    """Where optimised images go."""
    tasks_captioner: Literal["palette", "ollama"] = "palette"
    """Which captioner `tasks.captions.captioner.choose` makes; `palette` needs no server."""
    tasks_database_url: Annotated[
        SecretStr, Field(validation_alias=AliasChoices("tasks_database_url", "database_url"))
    ] = SecretStr("sqlite:///storage/jobs.db")
    """SQLAlchemy URL for the results, `sqlite:///file` or `mysql+pymysql://…`; DATABASE_URL when unset."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic names them
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then URLs from variables and files, then the other variables."""
        urls: dict[str, Any] = {
            "ollama_url": secret("OLLAMA_URL"),
            "tasks_database_url": secret("TASKS_DATABASE_URL") or secret("DATABASE_URL"),
        }
        given = {name: url for name, url in urls.items() if url}
        return init_settings, InitSettingsSource(settings_cls, init_kwargs=given), env_settings

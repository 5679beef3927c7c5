from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules

from core import postgres


class CoreConfig(AppConfig):
    name = "core"
    verbose_name = "Core"

    def ready(self) -> None:
        from core import capacity, checks  # noqa: F401  registering needs the app registry to be ready

        postgres.install()
        autodiscover_modules("periodic", "health")

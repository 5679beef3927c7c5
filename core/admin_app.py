"""Django's admin with our own site, named in INSTALLED_APPS in the place of Django's."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.admin.apps import AdminConfig
from django.utils.module_loading import import_string


class AdminApp(AdminConfig):
    default_site = "core.admin_site.CompanySite"

    def ready(self) -> None:
        """Migrations keep what a field was given as its name, and hear nothing of this."""
        super().ready()
        tables = import_string(f"{settings.ADMIN_NAMES}.TABLES")
        columns = import_string(f"{settings.ADMIN_NAMES}.COLUMNS")
        for model in admin.site._registry:
            meta = model._meta
            if meta.label in tables:
                meta.verbose_name, meta.verbose_name_plural = tables[meta.label]
            fields: Any = meta.local_fields
            for field in fields:
                if not field._verbose_name:
                    field.verbose_name = columns.get(field.name, field.verbose_name)

"""Django's admin with our own site, named in INSTALLED_APPS in the place of Django's."""

from django.contrib.admin.apps import AdminConfig


class AdminApp(AdminConfig):
    default_site = "core.admin_site.CompanySite"

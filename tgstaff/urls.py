from django.contrib import admin
from django.urls import include, path
from django.views.i18n import JavaScriptCatalog

urlpatterns = [
    path("", include("core.urls")),
    path("app/i18n.js", JavaScriptCatalog.as_view(), name="i18n"),
    path("admin/", admin.site.urls),
    path("", include("accounts.urls")),
    path("", include("projects.urls")),
    path("", include("bots.urls")),
    path("", include("redirects.urls")),
    path("", include("sessions_app.urls")),
    path("console/", include("sessions_app.console.urls")),
    path("console/", include("insights.urls")),
]

from django.urls import path

from sessions_app.console.views import projects, today

app_name = "console"

urlpatterns = [
    path("", projects.home, name="home"),
    path("companies/<uuid:company_id>/", projects.company, name="company"),
    path("companies/<uuid:company_id>/new/", projects.new_project, name="new_project"),
    path("projects/<uuid:project_id>/", today.today, name="today"),
    path("projects/<uuid:project_id>/now/", today.now, name="now"),
    path("projects/<uuid:project_id>/bot/", projects.bot, name="bot"),
    path("projects/<uuid:project_id>/settings/", projects.settings, name="settings"),
    path("projects/<uuid:project_id>/pause/", projects.pause, name="pause"),
    path("projects/<uuid:project_id>/resume/", projects.resume, name="resume"),
]

from django.urls import path

from insights.views import alarms, doctor

app_name = "insights"

urlpatterns = [
    path("doctor/", doctor.home, name="home"),
    path("projects/<uuid:project_id>/doctor/", doctor.doctor, name="doctor"),
    path("projects/<uuid:project_id>/doctor/now/", doctor.now, name="now"),
    path("projects/<uuid:project_id>/doctor/ask/", doctor.ask, name="ask"),
    path("projects/<uuid:project_id>/doctor/ping/", doctor.ping, name="ping"),
    path("projects/<uuid:project_id>/doctor/dry-run/", doctor.dry_run, name="dry_run"),
    path("projects/<uuid:project_id>/alarms/", alarms.alarms, name="alarms"),
    path("projects/<uuid:project_id>/alarms/now/", alarms.now, name="alarms_now"),
    path("projects/<uuid:project_id>/alarms/bar/", alarms.bar, name="alarm_bar"),
    path("projects/<uuid:project_id>/alarms/mute/", alarms.mute, name="mute"),
    path("projects/<uuid:project_id>/alarms/try/", alarms.try_mail, name="try_mail"),
]

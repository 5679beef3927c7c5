from django.urls import path

from insights import views

app_name = "insights"

urlpatterns = [
    path("doctor/", views.home, name="home"),
    path("projects/<uuid:project_id>/doctor/", views.doctor, name="doctor"),
    path("projects/<uuid:project_id>/doctor/now/", views.now, name="now"),
    path("projects/<uuid:project_id>/doctor/ask/", views.ask, name="ask"),
    path("projects/<uuid:project_id>/doctor/ping/", views.ping, name="ping"),
]

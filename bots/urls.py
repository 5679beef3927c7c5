from django.urls import path

from bots import views

app_name = "bots"

urlpatterns = [
    path("telegram/<str:key>/", views.webhook, name="webhook"),
]

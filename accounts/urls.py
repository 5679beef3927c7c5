from django.urls import path

from accounts import views

app_name = "accounts"

urlpatterns = [
    path("", views.home, name="home"),
    path("sign-in/", views.SignIn.as_view(), name="sign_in"),
    path("sign-out/", views.sign_out, name="sign_out"),
    path("language/", views.choose_language, name="choose_language"),
    path("password/", views.change_password, name="change_password"),
    path("password/changed/", views.password_changed, name="password_changed"),
    path("welcome/<uuid:user_id>/<str:token>/", views.set_password, name="set_password"),
]

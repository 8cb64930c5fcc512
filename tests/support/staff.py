"""Members of the staff with chosen permissions."""

from django.contrib.auth.models import Permission, User
from django.test import Client


def staff(*permissions: str, is_staff: bool = True) -> Client:
    """Sign in somebody new with just these permissions."""
    user = User.objects.create_user(f"user{User.objects.count()}", is_staff=is_staff)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return signed_in(user)


def root() -> Client:
    """Sign in a superuser."""
    return signed_in(User.objects.create_superuser("root"))


def signed_in(user: User) -> Client:
    """Return a browser of somebody."""
    client = Client()
    client.force_login(user)
    return client

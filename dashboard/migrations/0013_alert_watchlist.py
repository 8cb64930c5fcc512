"""Alerts on a whole list name it: before, they were about whichever list came first."""

import django.db.models.deletion
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def name_first_list(apps: Apps, _: BaseDatabaseSchemaEditor) -> None:
    """Let the alerts without an instrument be about the first list of their owner."""
    alerts = apps.get_model("dashboard", "Alert").objects.filter(instrument=None)
    lists = apps.get_model("dashboard", "Watchlist").objects.order_by("rank", "id")
    for user_id in alerts.order_by().values_list("user", flat=True).distinct():
        first = lists.filter(user=user_id).first()
        alerts.filter(user=user_id).update(watchlist=first)


class Migration(migrations.Migration):
    dependencies = [("dashboard", "0012_pushes")]
    operations = [
        migrations.AddField(
            model_name="alert",
            name="watchlist",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="dashboard.watchlist",
            ),
        ),
        migrations.RunPython(name_first_list, migrations.RunPython.noop),
    ]

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("dashboard", "0006_symbols"),
        ("feeds", "0016_symbols"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="watchlist",
            options={"ordering": ["rank", "id"]},
        ),
        migrations.RemoveField(
            model_name="watchlist",
            name="instruments",
        ),
        migrations.AddField(
            model_name="watchlist",
            name="name",
            field=models.CharField(default="Watchlist", max_length=40),
        ),
        migrations.AddField(
            model_name="watchlist",
            name="rank",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="watchlist",
            name="share_key",
            field=models.CharField(blank=True, max_length=32, null=True, unique=True),
        ),
        migrations.AddField(
            model_name="watchlistentry",
            name="section",
            field=models.CharField(blank=True, default="", max_length=40),
        ),
        migrations.AlterField(
            model_name="watchlist",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="watchlists",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="watchlistentry",
            name="instrument",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="feeds.instrument",
            ),
        ),
        migrations.AddConstraint(
            model_name="watchlistentry",
            constraint=models.UniqueConstraint(
                condition=models.Q(("section", ""), _negated=True),
                fields=("watchlist", "section"),
                name="section_named_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="watchlistentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("instrument__isnull", False), ("section", "")),
                    models.Q(
                        ("instrument__isnull", True), models.Q(("section", ""), _negated=True)
                    ),
                    _connector="OR",
                ),
                name="symbol_or_section",
            ),
        ),
    ]

import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import feeds.validators


class Migration(migrations.Migration):
    dependencies = [
        ("feeds", "0003_entitlements"),
    ]

    operations = [
        migrations.CreateModel(
            name="Recording",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=80, unique=True)),
                (
                    "path",
                    models.CharField(
                        help_text="Below the folder of recordings.",
                        max_length=120,
                        unique=True,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A[a-z0-9_-]{1,60}(/[a-z0-9_-]{1,60})?\\.parquet\\Z",
                                "A path below the folder, as a/b.parquet.",
                            )
                        ],
                    ),
                ),
                (
                    "origin",
                    models.CharField(
                        choices=[("recorded", "Recorded"), ("imported", "Imported")], max_length=8
                    ),
                ),
                ("events", models.PositiveBigIntegerField()),
                ("ticks", models.PositiveBigIntegerField()),
                ("first_at", models.DateTimeField()),
                ("last_at", models.DateTimeField()),
                (
                    "fingerprint",
                    models.CharField(help_text="SHA-256 of its events.", max_length=64),
                ),
                (
                    "made_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.AddField(
            model_name="feed",
            name="is_recorded",
            field=models.BooleanField(default=False, verbose_name="recorded"),
        ),
        migrations.AddField(
            model_name="feed",
            name="kind",
            field=models.CharField(
                choices=[
                    ("simulated", "Simulated"),
                    ("replay", "Replay"),
                    ("upstream", "Upstream"),
                ],
                default="simulated",
                help_text="Where the ticks come from.",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="feed",
            name="loops",
            field=models.BooleanField(default=False, help_text="A replay begins again at its end."),
        ),
        migrations.AddField(
            model_name="feed",
            name="prefix",
            field=models.CharField(
                blank=True,
                help_text="Of a replay: put before the symbols of the recording, as R in RNVX.",
                max_length=6,
                validators=[
                    django.core.validators.RegexValidator(
                        "\\A([A-Z][A-Z0-9]{0,5})?\\Z", "Capital letters and digits only."
                    )
                ],
            ),
        ),
        migrations.AddField(
            model_name="feed",
            name="speed",
            field=models.FloatField(
                default=1.0,
                help_text="Of a replay: 1 is as fast as it was recorded.",
                validators=[
                    feeds.validators.refuse_nan,
                    django.core.validators.MinValueValidator(0.1),
                    django.core.validators.MaxValueValidator(60.0),
                ],
            ),
        ),
        migrations.AddField(
            model_name="feed",
            name="start_s",
            field=models.FloatField(
                default=0.0,
                help_text="Seconds into the recording at which a replay begins.",
                validators=[
                    feeds.validators.refuse_nan,
                    django.core.validators.MinValueValidator(0.0),
                    django.core.validators.MaxValueValidator(1000000000.0),
                ],
                verbose_name="start",
            ),
        ),
        migrations.AddField(
            model_name="feed",
            name="recording",
            field=models.ForeignKey(
                blank=True,
                help_text="What a replay plays.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="feeds",
                to="feeds.recording",
            ),
        ),
        migrations.AddConstraint(
            model_name="feed",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "replay"), _negated=True),
                    ("recording__isnull", False),
                    _connector="OR",
                ),
                name="a_replay_has_a_recording",
                violation_error_message="A replay needs a recording.",
            ),
        ),
    ]

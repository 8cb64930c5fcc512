from django.db import migrations, models

import feeds.validators


class Migration(migrations.Migration):
    dependencies = [
        ("feeds", "0015_former_bars"),
    ]

    operations = [
        migrations.AlterField(
            model_name="instrument",
            name="symbol",
            field=models.CharField(
                help_text="Such as NVX, BRK.B or BTC/USD; small letters become capitals.",
                max_length=24,
                unique=True,
                validators=[feeds.validators.refuse_other_than_symbol],
            ),
        ),
        migrations.AlterField(
            model_name="intervention",
            name="symbol",
            field=models.CharField(blank=True, help_text="Instead of a sector.", max_length=24),
        ),
        migrations.AlterField(
            model_name="scenariostep",
            name="symbol",
            field=models.CharField(blank=True, help_text="Instead of a sector.", max_length=24),
        ),
    ]

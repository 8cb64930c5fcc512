from decimal import Decimal

import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("feeds", "0016_symbols"),
    ]

    operations = [
        migrations.AddField(
            model_name="instrument",
            name="lot_size",
            field=models.DecimalField(
                db_default=Decimal("1"),
                decimal_places=8,
                default=Decimal("1"),
                help_text="Smallest step of a size: 1 for shares, 0.0001 for a coin.",
                max_digits=15,
                validators=[
                    django.core.validators.MinValueValidator(Decimal("1E-8")),
                    django.core.validators.MaxValueValidator(Decimal("1000000")),
                ],
            ),
        ),
    ]

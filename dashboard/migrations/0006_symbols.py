from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("dashboard", "0005_alerts"),
    ]

    operations = [
        migrations.AlterField(
            model_name="alertfiring",
            name="symbol",
            field=models.CharField(help_text="The key on the tape, such as NVX~15.", max_length=29),
        ),
    ]

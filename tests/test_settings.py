"""Settings: where they come from, and that wrong ones are all named at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from backend.settings import Settings, SettingsError, read_settings


def test_without_anything_the_defaults_hold():
    settings = read_settings({}, None)

    assert settings.data == Path("data").absolute()
    assert (settings.mode, settings.token_days, settings.port, settings.demo) == ("embedded", 30, 8501, False)


def test_the_environment_wins_over_the_file(tmp_path):
    file = tmp_path / ".env"
    file.write_text(
        '# ours\nexport QU_TOKEN_DAYS=7\nQU_ADMIN_USER="安妮"\n\nQU_LOG=debug  # as long as it is new\nnot a line\n',
        encoding="utf-8",
    )

    settings = read_settings({"QU_TOKEN_DAYS": "9", "HOME": "/root"}, file)

    assert (settings.token_days, settings.admin_user, settings.log) == (9, "安妮", "DEBUG")


def test_one_message_names_every_wrong_and_every_unknown_setting():
    wrong = {
        "QU_TOKEN_DAYS": "soon", "QU_TIME_ZONE": "Asia/Nowhere", "QU_DEMO": "perhaps", "QU_PREWARM_HOSTS": "http://a/b",
        "QU_PUBLIC_URL": "example.com", "QU_REVEIW": "off", "PORT": "99999", "QU_ADDRESS": "localhost:80",
    }  # fmt: skip

    with pytest.raises(SettingsError) as caught:
        read_settings(wrong, None)

    assert all(name in str(caught.value) for name in wrong)


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "127.0.0.1"])
def test_the_dashboard_listens_on_an_address_of_choice(address):
    assert read_settings({"QU_ADDRESS": address}, None).address == address


def test_a_ladder_is_sorted_best_first_without_doubles():
    assert read_settings({}, None).rungs == (720,)
    assert read_settings({"QU_RUNGS": "360, 1080,720,360"}, None).rungs == (1080, 720, 360)


@pytest.mark.parametrize(
    "wrong", ["720p", "720,", ",", "0", "-720", "142", "2162", "721", "1e3", "٧٢٠", "144,146,148,150,152,154,156"]
)
def test_a_ladder_of_nonsense_is_refused(wrong):
    with pytest.raises(SettingsError, match=f"QU_RUNGS='{wrong}': use "):
        read_settings({"QU_RUNGS": wrong}, None)


def test_an_empty_value_means_the_default():
    assert read_settings({"QU_TOKEN_DAYS": " ", "QU_ADMIN_PASSWORD": ""}, None) == read_settings({}, None)


def test_a_password_that_is_too_short_is_named_but_not_shown():
    with pytest.raises(SettingsError) as caught:
        read_settings({"QU_ADMIN_PASSWORD": "secret"}, None)

    assert "QU_ADMIN_PASSWORD: use 10 to 1024 characters" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_token_for_the_metrics_is_long_enough_and_not_shown():
    with pytest.raises(SettingsError) as caught:
        read_settings({"QU_METRICS_TOKEN": "too short"}, None)

    assert "QU_METRICS_TOKEN: use at least 16" in str(caught.value)
    assert "too short" not in str(caught.value)
    assert "sixteen-or-more-signs" not in repr(read_settings({"QU_METRICS_TOKEN": "sixteen-or-more-signs"}, None))


def test_a_password_is_not_shown_with_the_settings():
    assert "secret" not in repr(Settings(admin_password="secret"))


BUCKET = {
    "QU_MEDIA": "s3://qu-media/console/", "QU_S3_ENDPOINT": "https://s3.example.com/", "QU_MEDIA_LINKS": "redirect",
    "AWS_ACCESS_KEY_ID": "the-key-id", "AWS_SECRET_ACCESS_KEY": "the-secret",
}  # fmt: skip


def test_media_in_a_bucket_take_the_usual_variables_for_its_keys(tmp_path):
    (tmp_path / ".env").write_text("AWS_SECRET_ACCESS_KEY=from-the-file\n")
    settings = read_settings({**BUCKET, "AWS_SECRET_ACCESS_KEY": "the-secret"}, tmp_path / ".env")

    assert (settings.media, settings.s3_endpoint) == ("s3://qu-media/console", "https://s3.example.com")
    assert (settings.aws_access_key_id, settings.aws_secret_access_key) == ("the-key-id", "the-secret")
    assert "the-" not in repr(settings)
    del (only_file := dict(BUCKET))["AWS_SECRET_ACCESS_KEY"]
    assert read_settings(only_file, tmp_path / ".env").aws_secret_access_key == "from-the-file"


@pytest.mark.parametrize(
    "wrong", ["bucket", "s3://", "s3://UPPER", "s3://a/b c", "http://s3.example.com/x", "s3:/x", "/m"]
)
def test_what_names_no_bucket_is_refused(wrong):
    with pytest.raises(SettingsError, match=r"QU_MEDIA=.*use s3://BUCKET or s3://BUCKET/PREFIX"):
        read_settings({**BUCKET, "QU_MEDIA": wrong}, None)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"QU_MODE": "cloud"}, "QU_MEDIA is for embedded mode: in cloud mode ApsaraVideo VOD has the media"),
        ({"QU_MEDIA": ""}, "QU_MEDIA_LINKS=redirect leads to a bucket: set QU_MEDIA too"),
        ({"AWS_SECRET_ACCESS_KEY": ""}, "AWS_SECRET_ACCESS_KEY is needed to reach the bucket of QU_MEDIA"),
        ({"AWS_ACCESS_KEY_ID": ""}, "AWS_ACCESS_KEY_ID is needed"),
        ({"QU_S3_ENDPOINT": "s3.example.com"}, "QU_S3_ENDPOINT='s3.example.com': use an address that begins with http"),
        ({"QU_MEDIA_LINKS": "both"}, "use one of stream, redirect"),
    ],
)
def test_settings_of_a_bucket_that_do_not_fit_together_are_refused_in_a_sentence(changed, told):
    with pytest.raises(SettingsError) as caught:
        read_settings({**BUCKET, **changed}, None)

    assert told in str(caught.value)


def test_on_aws_a_role_will_do_instead_of_keys():
    assert read_settings({"QU_MEDIA": "s3://qu-media"}, None).media == "s3://qu-media"


def test_a_wrong_setting_of_company_sign_in_is_not_called_missing_too():
    given = {"QU_OIDC_ISSUER": "https://login.example.com", "QU_OIDC_CLIENT_ID": "console", "QU_OIDC_ROLES": "ops=boss"}
    with pytest.raises(SettingsError, match="use pairs like") as told:
        read_settings(given, None)

    assert "belong together" not in str(told.value)

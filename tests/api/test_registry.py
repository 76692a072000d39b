"""What is known of every operation."""

from __future__ import annotations

from backend.api.registry import OPERATIONS, is_secret


def test_an_operation_with_a_password_is_known_before_its_parameters_are_read():
    taking = {one.name for one in OPERATIONS.values() if any(is_secret(each.wire_name) for each in one.parameters)}

    assert {one.name for one in OPERATIONS.values() if one.takes_password} == taking
    assert "login" in taking

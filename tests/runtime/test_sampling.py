import pytest

from courtyard.errors import UsageError
from courtyard.runtime.sampling import draw_sample


def test_the_same_street_is_drawn_once(settings):
    assert not draw_sample(settings, scale=0.01).skipped
    assert draw_sample(settings, scale=0.01).skipped


def test_another_street_is_not_drawn_over_landed_deliveries(settings):
    draw_sample(settings, scale=0.01)
    (settings.landing / "510105005").mkdir(parents=True)
    (settings.landing / "510105005/one.sealed").touch()
    with pytest.raises(UsageError, match="another sample street"):
        draw_sample(settings, scale=0.02)
    with pytest.raises(UsageError, match="another sample street"):
        draw_sample(settings, scale=0.01, seed=1)

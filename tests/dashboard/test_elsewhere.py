"""The Retrain page says when somebody trains on the command line."""

from model.registry import Registry
from tests import builders
from tests.dashboard.conftest import open_app
from tests.dashboard.reading import go, plain
from training.turns import turn_of_command


def test_the_page_says_who_trains_on_the_command_line_and_no_more_once_that_is_over(registry: Registry):
    with turn_of_command(registry, None, by="ada", when=builders.WHEN):
        page = go(open_app(), "retrain")
        (said,) = (plain(info) for info in page.info)
    page.run()

    assert "A training run is on that this page did not start:** process " in said
    assert "started on the command line by ada" in said
    assert not page.exception
    assert not page.info

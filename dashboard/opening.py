"""How every page begins: the model it speaks of, and what the link that led here needs said."""

from dashboard import link_notice, links, state
from model.bundle import Bundle


def open_page() -> Bundle:
    """Return the bundle of this page, the state of a followed link in the session; without a bundle, end the page."""
    bundle = state.current_bundle()
    links.follow(bundle)
    link_notice.show_link_notice(bundle)
    return bundle

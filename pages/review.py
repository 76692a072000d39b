"""The review desk: reviews one video after another, by single keys."""

from pages.components import layout, review_desk, review_dialogs
from pages.components.i18n import t

layout.guard("review")
with layout.header(t("review.title")):
    review_dialogs.buttons()
layout.say_results()
review_desk.draw()
review_dialogs.requested()

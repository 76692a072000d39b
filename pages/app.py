"""The frame of every page: sign-in, navigation and language."""

import streamlit as st

from pages.components import document, layout, saved_views, session, sign_in, undo, url_state
from pages.components.i18n import t

session.report_socket_user()

HERE = __file__.rsplit("/", 1)[0]
LOGO = f"{HERE}/assets/logo.svg"

st.set_page_config(page_icon=LOGO, layout="wide")  # each page's header sets the title

if "keep_language" in st.session_state:
    url_state.run_script(f"document.cookie = {url_state.as_json(st.session_state.pop('keep_language'))}")

st.logo(LOGO)
document.dress()
person = session.account_for_frame()
session.report_socket_user(person)
pages = [
    st.Page(f"{HERE}/overview.py", title=t("overview.title"), icon=":material/dashboard:", default=True),
    st.Page(f"{HERE}/videos.py", title=t("videos.title"), icon=":material/video_library:", url_path="videos"),
    st.Page(f"{HERE}/review.py", title=t("review.title"), icon=":material/rate_review:", url_path="review",
            visibility="visible" if person and session.may("review") else "hidden"),
    st.Page(f"{HERE}/recommendations.py", title=t("recommendations.title"), icon=":material/recommend:",
            url_path="recommendations"),
    st.Page(f"{HERE}/prewarm.py", title=t("prewarm.title"), icon=":material/bolt:", url_path="prewarm"),
    st.Page(f"{HERE}/trash.py", title=t("trash.title"), icon=":material/delete_sweep:", url_path="trash",
            visibility="visible" if person and session.may("manage") else "hidden"),
    st.Page(f"{HERE}/jobs.py", title=t("jobs.title"), icon=":material/manufacturing:", url_path="jobs"),
    st.Page(f"{HERE}/figures.py", title=t("figures.title"), icon=":material/monitoring:", url_path="figures"),
    st.Page(f"{HERE}/drift.py", title=t("differences.title"), icon=":material/cloud_sync:",
            url_path="differences", visibility="visible" if person and session.is_cloud() else "hidden"),
    st.Page(f"{HERE}/history.py", title=t("history.title"), icon=":material/history:", url_path="history"),
    st.Page(f"{HERE}/accounts.py", title=t("accounts.title"), icon=":material/group:", url_path="accounts",
            visibility="visible" if person and session.may("admin") else "hidden"),
    st.Page(f"{HERE}/webhooks.py", title=t("webhooks.title"), icon=":material/webhook:", url_path="webhooks",
            visibility="visible" if person and session.may("admin") else "hidden"),
    st.Page(f"{HERE}/categories.py", title=t("categories.title"), icon=":material/account_tree:",
            url_path="categories", visibility="hidden"),
    st.Page(f"{HERE}/sheets.py", title=t("sheets.title"), icon=":material/table_edit:", url_path="sheets",
            visibility="hidden"),
    st.Page(f"{HERE}/profile.py", title=t("profile.title"), icon=":material/person:", url_path="profile",
            visibility="hidden"),
    st.Page(f"{HERE}/video.py", title=t("video.title"), icon=":material/movie:", url_path="video", visibility="hidden"),
]  # fmt: skip
# All pages are registered for everybody, so that the URL survives signing in; only signed-in users run one.
page = st.navigation(pages, position="top" if person else "hidden")

if person is None:
    sign_in.show()
else:
    sign_in.keep()
    undo.keep(page.url_path)
    saved_views.keep(page.url_path)
    layout.no_dialog()
    page.run()

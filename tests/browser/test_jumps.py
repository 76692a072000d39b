"""Pages that stand still: what somebody is about to read or press does not move away while the rest is loaded."""

import pytest

from tests.browser.looks import SHOWN_WHOLE

WIDTHS = {1440: 1000, 390: 844}
MAX_SHIFT = 0.1  # a good page by the Web Vitals
WATCH = """() => {
    window.shifts = [];
    new PerformanceObserver(list => window.shifts.push(...list.getEntries().filter(entry => !entry.hadRecentInput)))
        .observe({ type: "layout-shift", buffered: true });
}"""
# Until nothing has moved for a second: pictures and what is loaded late come after the page itself.
STANDS = """() => new Promise(resolve => {
    const told = () => window.shifts.length;
    let seen = told(), since = performance.now();
    const look = () => {
        if (told() !== seen) [seen, since] = [told(), performance.now()];
        performance.now() - since > 1000 ? resolve() : requestAnimationFrame(look);
    };
    look();
})"""
SUM = """() => [window.shifts.reduce((sum, shift) => sum + shift.value, 0),
    ...window.shifts.flatMap(shift => shift.sources).map(source => source.node?.outerHTML?.slice(0, 150))]"""


@pytest.mark.slow
@pytest.mark.parametrize("width", WIDTHS)
def test_no_page_jumps_while_it_is_drawn(person, paths, clip, width):
    person.page.set_viewport_size({"width": width, "height": WIDTHS[width]})
    person.page.add_init_script(f"({WATCH})(); {SHOWN_WHOLE}")
    jumped = {}
    for path in paths:
        person.goes_to(path, **({"videoId": clip["videoId"]} if path == "/video" else {}))
        person.page.evaluate(STANDS)
        total, *moved = person.page.evaluate(SUM)
        if total > MAX_SHIFT:
            jumped[path] = (total, moved)
    person.page.close()

    assert not jumped

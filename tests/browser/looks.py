"""What a page looks like, asked of the browser: contrast, targets too small for a finger, and words left in English."""

import re

from tests.paths import ROOT

# After some seconds a page is shown in parts, which then move: before one that is looked at for movement, a busy
# machine is given the time to complete it.
MAX_MS = re.findall(r"MAX_MS = (\d+)", (ROOT / "pages/assets/first.js").read_text("utf-8"))[0]
SHOWN_WHOLE = f"""(() => {{
    const original = window.setTimeout;
    window.setTimeout = (then, ms, ...others) => original(then, ms === {MAX_MS} ? 60000 : ms, ...others);
}})()"""

# The list refreshes by itself every 15 seconds.
ONLY_SHORT_INTERVALS = """(() => {
    const every = window.setInterval;
    window.setInterval = (call, pause, ...others) => (pause > 5000 ? 0 : every(call, pause, ...others));
})()"""

# Texts whose contrast is below WCAG AA: 4.5, and 3 for large ones and icons; what is disabled may be faint. Asked with
# a number, it tells of what is disabled alone, below that contrast.
FAINT = r"""resting => {
    const rgba = colour => {
        const parts = colour.match(/[\d.]+/g).map(Number);
        return [...(colour.startsWith("color(srgb") ? parts.slice(0, 3).map(part => part * 255) : parts.slice(0, 3)),
                parts[3] ?? 1];
    };
    const light = colour => {
        const [r, g, b] = colour.map(part => part / 255)
            .map(part => part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const over = (top, below) => [0, 1, 2].map(at => top[at] * top[3] + below[at] * (1 - top[3]));
    const above = element => element ? [element, ...above(element.parentElement)] : [];
    const behind = element => above(element).map(one => rgba(getComputedStyle(one).backgroundColor))
        .reduceRight((below, colour) => over(colour, below), [255, 255, 255]);
    const faint = [];
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let text; text = texts.nextNode();) {
        const element = text.parentElement;
        if (!text.data.trim() || element.closest("canvas, script, style, noscript")) continue;
        if (!resting === Boolean(element.closest("[disabled], [aria-disabled=true]"))) continue;
        if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
        const range = document.createRange();
        range.selectNodeContents(text);
        const box = range.getBoundingClientRect();
        if (box.width < 2 || box.height < 2) continue;
        const style = getComputedStyle(element), below = behind(element), colour = rgba(style.color);
        colour[3] *= above(element).reduce((product, one) => product * getComputedStyle(one).opacity, 1);
        const [a, b] = [light(over(colour, below)), light(below)];
        const large = parseFloat(style.fontSize) >= 24
            || element.closest("[data-testid=stIconMaterial], [data-testid=stAlertDynamicIcon]")
            || element.closest("[data-testid=stMetricIcon]");
        const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        const least = resting ?? (large ? 3 : 4.5);
        if (contrast < least) faint.push(`${text.data.trim().slice(0, 30)}: ${contrast.toFixed(2)}`);
    }
    return faint;
}"""

# Every element, also those of our own components.
ALL = """(() => {
    const all = root => [...root.querySelectorAll("*")]
        .flatMap(one => [one, ...(one.shadowRoot ? all(one.shadowRoot) : [])]);
    return all(document).filter(one => one.checkVisibility({ opacityProperty: true, visibilityProperty: true }));
})()"""

# What is pressed or filled in and is less than 44 pixels high or wide. In a table, a whole cell is the target.
SMALL = """() => ALL
    .filter(one => one.matches("button, a[href], summary, input, textarea, [role=menuitem]") && !one.disabled)
    .filter(one => !one.closest("[data-testid=stElementToolbar], [aria-hidden=true]"))
    .filter(one => !one.closest("[data-testid=stMarkdownContainer], [style*=clip]"))  // or for screen readers alone
    .map(one => {
        const field = one.matches("input") ? "label, [data-testid=stTextInputRootElement], [role=group]" : ":scope";
        return [one, (one.closest("td.link, td.button") ?? one.closest(field) ?? one).getBoundingClientRect()];
    })
    .filter(([one, box]) => box.width > 1 && box.height > 1 && Math.min(box.width, box.height) < 43.5)
    .map(([one, box]) => `${one.tagName} ${one.innerText || one.ariaLabel} ${box.width}x${box.height}`)""".replace(
    "ALL", ALL
)

# Fields whose edge has a contrast below 3 to what is round them, so that one does not see where to type.
EDGELESS = """() => {
    const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
    const light = colour => {
        canvas.fillStyle = colour;
        canvas.fillRect(0, 0, 1, 1);
        const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3).map(part => part / 255)
            .map(part => part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const page = light(getComputedStyle(document.querySelector("[data-testid=stApp]")).backgroundColor);
    return ALL.filter(one => one.matches(`.box, [data-testid=stTextInputRootElement],
            [data-testid=stTextAreaRootElement], .react-aria-ComboBox > [role=group],
            [data-testid=stDateInput] [role=group]`))
        .filter(one => !one.matches(":has(:disabled), :focus-within"))
        .map(one => [one, light(getComputedStyle(one).borderTopColor)])
        .filter(([, edge]) => (Math.max(edge, page) + 0.05) / (Math.min(edge, page) + 0.05) < 3)
        .map(([one, edge]) => `${one.outerHTML.slice(0, 80)} ${edge}`);
}""".replace("ALL", ALL)

# Words of Streamlit's own: what people wrote, and our own texts, stand in Markdown, tables, code and fields.
ENGLISH = """allowed => {
    const said = new Set();
    const ours = "canvas, script, style, noscript, pre, code, td, th, [data-testid=stMarkdownContainer], "
        + "[data-testid=stIconMaterial], [data-testid=stAlertDynamicIcon], [data-testid=stMetricIcon], "
        + "[data-testid=stCaptionContainer], .st-bidi-component, .qu-phone, .qu-week";
    const hear = text => {
        const words = (text.match(/[A-Za-z]{3,}/g) ?? []).filter(word => !allowed.includes(word));
        if (words.length) said.add(text.trim().slice(0, 80));
    };
    const nodes = document.createTreeWalker(document.body, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
    for (let node = nodes.currentNode; node; node = nodes.nextNode()) {
        if (node.nodeType === Node.TEXT_NODE) {
            if (!node.parentElement.closest(ours)) hear(node.data);
        } else if (!node.closest("[data-testid=stMarkdownContainer], .qu-week")) {
            for (const name of ["aria-label", "title", "alt", "placeholder"]) hear(node.getAttribute(name) ?? "");
        }
    }
    return [...said];
}"""

# Of the page's ground: 255 is white.
BRIGHTNESS = """() => {
    const colour = getComputedStyle(document.querySelector("[data-testid=stApp]")).backgroundColor;
    return Math.max(...colour.match(/\\d+/g).slice(0, 3).map(Number));
}"""

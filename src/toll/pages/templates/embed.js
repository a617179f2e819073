"use strict";
(host => {
  const template = host.querySelector("template");
  if (template && !host.shadowRoot) host.attachShadow({mode: "open"}).append(template.content);
  const root = host.shadowRoot ?? host, page = "page" in host.dataset;
  const all = selector => [...root.querySelectorAll(selector)];
  const theme = new URLSearchParams(location.search).get("theme");
  if (page && theme) host.dataset.theme = theme;

  let opener;
  const focused = () => host.shadowRoot ? root.activeElement : document.activeElement !== document.body;
  root.addEventListener("click", ({target}) => { opener = target.closest("[popovertarget]") ?? opener; }, true);
  for (const panel of all("[popover]")) {
    let from;
    panel.addEventListener("toggle", ({newState}) => {
      if (newState !== "open") {
        if (!focused()) from?.focus?.({preventScroll: true});
        return;
      }
      from = opener;
      const at = from.getBoundingClientRect(), room = host.getBoundingClientRect();
      const {width, height} = panel.getBoundingClientRect();
      const left = Math.max(room.left, Math.min(at.left, room.right - width));
      const top = at.bottom + 8 + height <= innerHeight ? at.bottom + 8 : at.top - 8 - height;
      panel.style.left = `${left + scrollX}px`;
      panel.style.top = `${Math.max(0, top + scrollY)}px`;
      panel.focus({preventScroll: true});
    });
  }

  const ring = id => {
    for (const each of all(".ring")) each.classList.toggle("on", each.dataset.number === id);
  };
  const points = all(".points button");
  points.forEach((button, i) => {
    button.tabIndex = i ? -1 : 0;
    button.addEventListener("focus", () => {
      for (const each of points) each.tabIndex = each === button ? 0 : -1;
      ring(button.dataset.number);
    });
    button.addEventListener("blur", () => ring());
    button.addEventListener("keydown", event => {
      const to = {ArrowRight: i + 1, ArrowDown: i + 1, ArrowLeft: i - 1, ArrowUp: i - 1, Home: 0, End: points.length - 1};
      if (!(event.key in to)) return;
      event.preventDefault();
      points[to[event.key]]?.focus();
    });
  });

  const nearest = (svg, x, y) => {
    let best, least = 24;
    for (const each of svg.querySelectorAll(".ring")) {
      const box = each.getBoundingClientRect();
      const away = Math.hypot(box.x + box.width / 2 - x, box.y + box.height / 2 - y);
      if (away < least) [best, least] = [each, away];
    }
    return best;
  };
  for (const svg of all("svg")) svg.addEventListener("click", ({target, clientX, clientY}) => {
    const hit = target.closest("[data-number]") ?? nearest(svg, clientX, clientY);
    const panel = hit && root.querySelector(`[id="n-${hit.dataset.number}"]`);
    if (!panel) return;
    opener = hit;
    panel.showPopover();
  });

  const html = document.documentElement;
  if (page && parent !== window)
    new ResizeObserver(() => parent.postMessage({height: html.offsetHeight}, "*")).observe(html);
})(document.currentScript.previousElementSibling ?? document.querySelector("toll-graphic"));

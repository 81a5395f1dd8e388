// The map: layers without a new page, wheel, drag and pinch. Without this script links and the form do the same by GET.
"use strict";
(() => {
  const svg = document.getElementById("map"), told = document.getElementById("told"), hint = told.innerHTML;
  const layers = [...document.querySelectorAll(".layers a")];
  const shapes = [...svg.querySelectorAll("[data-s]")];
  const body = document.querySelector("#list tbody"), rows = [...body.rows];
  const names = layers.map((link) => link.dataset.layer);
  let active = Math.max(0, layers.findIndex((link) => link.hasAttribute("aria-current")));

  // ---- layers and the list
  const sort = (by) => {
    const key = (row) => Number(row.cells[1 + active].dataset.r);
    const name = (row) => row.cells[0].textContent;
    const order = by === "name" ? (a, b) => name(a).localeCompare(name(b), "zh") : (a, b) => key(b) - key(a);
    body.append(...rows.sort(order));
  };
  const show = (index) => {
    active = index;
    layers.forEach((link, i) => (i === index ? link.setAttribute("aria-current", "true") : link.removeAttribute("aria-current")));
    const tone = document.querySelector(`.legend[data-layer="${names[index]}"]`).className.match(/tone-\w+/)[0];
    svg.setAttribute("class", svg.getAttribute("class").replace(/tone-\w+/, tone));
    shapes.forEach((path) => path.setAttribute("class", path.dataset.s.split("|")[index]));
    document.querySelectorAll(".legend, .total").forEach((one) => (one.hidden = one.dataset.layer !== names[index]));
    document.querySelectorAll("#list tr").forEach((row) => {
      for (let i = 0; i < names.length; i++) row.cells[1 + i].classList.toggle("on", i === index);
    });
    document.querySelector("form.filters [name=layer]").value = names[index];
    const here = new URL(location.href);
    here.searchParams.set("layer", names[index]);
    history.replaceState(null, "", here);
    sort("figure");
  };
  layers.forEach((link, i) => link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    show(i);
  }));
  document.querySelectorAll("#list th a").forEach((link) => link.addEventListener("click", (event) => {
    event.preventDefault();
    sort(link.parentElement.dataset.sort || "figure");
  }));

  // ---- what is under the finger
  let chosen = null;
  const tell = (link) => {
    if (chosen) chosen.querySelector("path").classList.remove("chosen");
    chosen = link;
    if (!link) { told.innerHTML = hint; return; }
    link.querySelector("path").classList.add("chosen");
    const [title, ...lines] = link.querySelector("title").textContent.split("\n").filter((line) => line.trim());
    const open = document.createElement("a"), name = document.createElement("b");
    open.href = link.getAttribute("href");
    open.textContent = "打开档案";
    name.textContent = title;
    told.replaceChildren(name, " ", open, document.createElement("br"), lines.join("　"));
  };
  svg.addEventListener("pointerover", (event) => {
    const link = event.target.closest("a");
    if (event.pointerType === "mouse" && link) tell(link);
  });

  // ---- pan and zoom: the viewBox moves
  const all = svg.getAttribute("viewBox").split(" ").map(Number);
  let view = [...all], drawing = 0;
  const draw = () => {
    drawing = 0;
    svg.setAttribute("viewBox", view.map((n) => n.toFixed(1)).join(" "));
    const box = svg.getBoundingClientRect();
    const unit = Math.max(view[2] / box.width, view[3] / box.height);
    svg.style.setProperty("--u", unit.toFixed(4));
    svg.classList.toggle("near", unit < 1.6);
    svg.classList.toggle("close", unit < 0.45);
    svg.classList.toggle("zoomed", view[2] < all[2] * 0.98);
  };
  const later = () => (drawing ||= requestAnimationFrame(draw));
  const place = (x, y) => {
    const point = new DOMPoint(x, y).matrixTransform(svg.getScreenCTM().inverse());
    return [point.x, point.y];
  };
  const zoom = (factor, x, y) => {
    const width = Math.min(all[2] * 1.2, Math.max(60, view[2] * factor)), share = width / view[2];
    view = [x - (x - view[0]) * share, y - (y - view[1]) * share, width, view[3] * share];
    later();
  };
  svg.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoom(Math.exp(Math.sign(event.deltaY) * 0.2), ...place(event.clientX, event.clientY));
  }, { passive: false });

  const fingers = new Map();
  let moved = 0, gap = 0;
  const spread = () => {
    const [a, b] = [...fingers.values()];
    return Math.hypot(a[0] - b[0], a[1] - b[1]);
  };
  svg.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "mouse" && event.button !== 0) return;
    fingers.set(event.pointerId, [event.clientX, event.clientY]);
    if (fingers.size === 1) moved = 0;
    if (fingers.size === 2) gap = spread();
  });
  addEventListener("pointermove", (event) => {
    const before = fingers.get(event.pointerId);
    if (!before) return;
    const now = [event.clientX, event.clientY];
    fingers.set(event.pointerId, now);
    moved += Math.hypot(now[0] - before[0], now[1] - before[1]);
    if (fingers.size === 2) {
      const wide = spread(), [a, b] = [...fingers.values()];
      if (wide > 10) zoom(gap / wide, ...place((a[0] + b[0]) / 2, (a[1] + b[1]) / 2));
      gap = wide;
    } else if (moved > 5) {
      svg.classList.add("dragged");
      const scale = 1 / svg.getScreenCTM().a;
      view[0] -= (now[0] - before[0]) * scale;
      view[1] -= (now[1] - before[1]) * scale;
      later();
    }
  });
  const lift = (event) => {
    fingers.delete(event.pointerId);
    if (!fingers.size) svg.classList.remove("dragged");
  };
  addEventListener("pointerup", lift);
  addEventListener("pointercancel", lift);
  svg.addEventListener("dragstart", (event) => event.preventDefault());
  svg.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (moved > 5) event.preventDefault();
    else if (event.pointerType === "touch" && link !== chosen) {
      event.preventDefault(); // a finger covers several courtyards: the first tap says which
      tell(link);
    }
  }, true);

  document.querySelectorAll("[data-zoom]").forEach((button) => button.addEventListener("click", () => {
    const middle = [view[0] + view[2] / 2, view[1] + view[3] / 2];
    if (button.dataset.zoom === "all") { view = [...all]; later(); }
    else zoom(button.dataset.zoom === "in" ? 0.6 : 1 / 0.6, ...middle);
  }));
  document.querySelector(".zoom").hidden = false;
  addEventListener("resize", later);
  draw();
  svg.dataset.ready = "true";
})();

/**
 * The line between the large picture and those beside it, moved by hand or by key.
 * @param {HTMLElement} line
 * @param {HTMLElement} area
 */
export function split(line, area) {
  const set = (/** @type {number} */ share) => {
    const kept = Math.min(Math.max(share, 40), 85);
    area.style.setProperty("--large", `${kept}fr`);
    area.style.setProperty("--small", `${100 - kept}fr`);
    line.style.left = `${kept}%`;
    line.setAttribute("aria-valuenow", String(Math.round(kept)));
  };
  set(72);
  line.addEventListener("pointerdown", (event) => line.setPointerCapture(event.pointerId));
  line.addEventListener("pointermove", (event) => {
    if (!line.hasPointerCapture(event.pointerId)) return;
    const box = area.getBoundingClientRect();
    set((100 * (event.clientX - box.left)) / box.width);
  });
  line.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -4, ArrowRight: 4 }[event.key];
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    set(Number(line.getAttribute("aria-valuenow")) + by);
  });
}

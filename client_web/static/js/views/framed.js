/** This page is inside the big screen's panel. */
export const framed = window.parent !== window;

/** A page inside the big screen's panel tells the screen that it is in use, and when it is done with. */
export function tellScreen() {
  if (!framed) return;
  const tell = (/** @type {string} */ word) => window.parent.postMessage(word, location.origin);
  for (const touch of ["pointerdown", "keydown", "input"]) document.addEventListener(touch, () => tell("panel.touch"));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" || event.key === "F2") tell("panel.close");
  });
}

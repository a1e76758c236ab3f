/** Menus are <details>: close an open one on Escape, and on a press anywhere else. */
export function closeMenus() {
  const open = () => document.querySelector("details.menu[open]");
  addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" && open();
    if (!menu) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
  addEventListener("pointerdown", (event) => {
    const menu = open();
    if (menu && !menu.contains(event.target)) menu.open = false;
  });
}

const SECTION_WITHIN = 1500;

/** `/` searches, `n` begins something new, `?` helps, `g` and a number goes to a section; never while somebody types. */
export function listenForKeys() {
  const help = document.querySelector("#help");
  let going = 0;

  addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && isTyping(event.target)) {
      event.target.blur();
      return;
    }
    if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
    const done = going && Date.now() - going < SECTION_WITHIN ? toSection(event.key) : press(event.key);
    going = event.key === "g" ? Date.now() : 0;
    if (done) event.preventDefault();
  });

  for (const link of document.querySelectorAll("[data-help]")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      showHelp();
    });
  }
  // A press beside the dialog closes it, as Escape does.
  help.addEventListener("click", (event) => {
    if (event.target === help) help.close();
  });

  function press(key) {
    if (key === "/") return search();
    if (key === "?") return showHelp();
    if (key === "n") return follow(document.querySelector("[data-new]"));
    return false;
  }

  function showHelp() {
    for (const menu of document.querySelectorAll("details.menu[open]")) menu.open = false;
    help.showModal();
    return true;
  }
}

function search() {
  const field = document.querySelector("[data-search]");
  if (!field) return false;
  if (field.offsetParent) {
    field.focus();
    field.select();
  } else location.assign(field.form.action);
  return true;
}

function toSection(key) {
  return follow(document.querySelectorAll(".rail-nav a")[Number(key) - 1]);
}

function follow(element) {
  element?.click();
  return Boolean(element);
}

function isTyping(target) {
  return target.matches?.("input:not([type=checkbox], [type=radio], [type=submit], [type=color]), textarea, select, [contenteditable]");
}

import { make } from "./dom.js";

const PAUSE = 200;
const SECTIONS = 4;

/**
 * The rail's search answers while one types: sections of the studio and what is in them, as links below the field.
 * Arrows go through them, Escape closes them, Enter in the field opens the page with everything.
 */
export function answerWhileTyping() {
  const field = document.querySelector("[data-search]");
  if (!field) return;
  const form = field.form;
  const list = make("ul", { class: "found", hidden: true });
  const status = make("span", { class: "hidden", role: "status" });
  form.append(list, status);
  let asked = 0;
  let waiting;

  field.addEventListener("input", () => {
    clearTimeout(waiting);
    const words = field.value.trim();
    if (words.length < 2) return close();
    show(sections(words));
    waiting = setTimeout(() => ask(words), PAUSE);
  });
  form.addEventListener("keydown", (event) => {
    const links = [...list.querySelectorAll("a")];
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      close();
      field.focus();
    } else if (step && links.length && !list.hidden) {
      event.preventDefault();
      const here = links.indexOf(document.activeElement) + step;
      (here < 0 ? field : (links[here] ?? links[0])).focus();
    }
  });
  form.addEventListener("focusout", ({ relatedTarget }) => {
    if (!form.contains(relatedTarget)) close();
  });

  async function ask(words) {
    const mine = ++asked;
    try {
      const answer = await fetch(`${form.dataset.results}?q=${encodeURIComponent(words)}`);
      if (!answer.ok) return;
      const found = await answer.json();
      // An answer that comes after a later question's, or after all was closed, is none any more.
      if (mine === asked && field.value.trim() === words && form.contains(document.activeElement)) show([...sections(words), ...found]);
    } catch {
      // Without a network Enter says so.
    }
  }

  function show(found) {
    list.replaceChildren(...found.map(({ title, detail, url }) => make("li", {}, make("a", { href: url }, title, make("small", {}, detail)))));
    list.hidden = !found.length;
    status.textContent = String(found.length);
  }

  function close() {
    clearTimeout(waiting);
    asked++;
    list.hidden = true;
    status.textContent = "";
  }
}

function sections(words) {
  const wanted = words.toLowerCase();
  return [...document.querySelectorAll(".rail-nav a")]
    .filter((link) => link.textContent.toLowerCase().includes(wanted))
    .slice(0, SECTIONS)
    .map((link) => ({ title: link.textContent.trim(), detail: "", url: link.pathname }));
}

import { icon, make } from "./dom.js";

/**
 * Shows what is wrong with a form: beside each field, and in a summary that takes the focus.
 *
 * `words` are the page's texts: `errors` by code, `problems` by code. A fault is {path, code}.
 */
export class Faults {
  constructor(form, words, sprite) {
    this.form = form;
    this.words = words;
    this.sprite = sprite;
  }

  clear() {
    this.form.querySelector(".summary")?.remove();
    for (const control of this.form.querySelectorAll("[aria-invalid]")) this.clearField(control);
  }

  clearField(control) {
    const error = this.form.querySelector(`#${control.id}-error`);
    if (!error) return;
    error.remove();
    control.removeAttribute("aria-invalid");
    describe(control, (ids) => ids.filter((id) => id !== `${control.id}-error`));
  }

  /** Faults of fields. Those of fields that the page does not have become the whole form's. */
  show(faults) {
    this.clear();
    const known = faults.filter(({ path }) => this.control(path));
    if (!known.length) return this.problem("failed");
    const links = known.map(({ path, code }) => {
      const control = this.control(path);
      const text = this.text(code, control);
      control.setAttribute("aria-invalid", "true");
      describe(control, (ids) => [...ids, `${control.id}-error`]);
      control.after(make("p", { class: "field-error", id: `${control.id}-error` }, icon("alert", this.sprite), make("span", {}, text)));
      return make("li", {}, make("a", { href: `#${control.id}` }, `${control.labels[0].firstChild.textContent.trim()}: ${text}`));
    });
    this.summary(this.words.errors.title, make("ul", {}, ...links));
  }

  /** What concerns the whole form: too many requests, no network. */
  problem(code) {
    this.clear();
    const known = code in this.words.problems ? code : "failed";
    this.summary(this.words.problems.title, make("p", {}, this.words.problems[known]));
  }

  summary(title, content) {
    const box = make("div", { class: "summary", role: "alert", tabindex: "-1" }, make("h2", {}, title), content);
    this.form.prepend(box);
    box.focus();
    box.scrollIntoView({ block: "nearest" });
  }

  control(path) {
    const control = this.form.elements.namedItem(path);
    return control && control.type !== "hidden" && control.labels?.length && control.id ? control : null;
  }

  text(code, control) {
    const text = this.words.errors[code] ?? this.words.errors.invalid;
    return text.replace("{min}", control.minLength).replace("{max}", control.maxLength);
  }
}

function describe(control, change) {
  const ids = change((control.getAttribute("aria-describedby") ?? "").split(" ").filter(Boolean));
  if (ids.length) control.setAttribute("aria-describedby", ids.join(" "));
  else control.removeAttribute("aria-describedby");
}

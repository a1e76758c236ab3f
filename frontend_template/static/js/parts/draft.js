/**
 * What someone types, kept in this tab until it is sent: a reload or a lost network loses nothing.
 * Storage may be refused or full; then nothing is kept, and nothing breaks.
 */
export class Draft {
  constructor(name, controls) {
    this.name = `draft:${name}`;
    this.controls = controls;
  }

  restore() {
    try {
      const kept = JSON.parse(sessionStorage.getItem(this.name) ?? "{}");
      for (const control of this.controls) {
        if (!control.value && typeof kept[control.name] === "string") control.value = kept[control.name];
      }
    } catch {
      this.forget();
    }
  }

  keep() {
    try {
      const typed = this.controls.map((control) => [control.name, control.value]);
      sessionStorage.setItem(this.name, JSON.stringify(Object.fromEntries(typed)));
    } catch {
      // See above.
    }
  }

  forget() {
    try {
      sessionStorage.removeItem(this.name);
    } catch {
      // See above.
    }
  }
}

const RIPE = 2200;
const STALE = 20 * 60 * 60 * 1000;

/** The form's token: fetched once the form is touched, two seconds old before it is used, renewed before it is too old. */
export class Token {
  constructor(address) {
    this.address = address;
    this.fetched = 0;
  }

  /** Begin to fetch one, unless there is a fresh one. */
  want() {
    if (this.coming && Date.now() - this.fetched < STALE) return this.coming;
    this.fetched = Date.now();
    this.coming = fetch(this.address, { headers: { accept: "application/json" } })
      .then((response) => (response.ok ? response.json() : Promise.reject(new Error(response.status))))
      .then(({ token }) => {
        // Its age counts from when it was made: by now it was, when it was asked for perhaps not for long.
        this.fetched = Date.now();
        return token;
      })
      .catch((error) => {
        this.renew();
        throw error;
      });
    this.coming.catch(() => {});
    return this.coming;
  }

  /** One that the server takes now; throws where none can be had. */
  async ripe() {
    const token = await this.want();
    const wait = this.fetched + RIPE - Date.now();
    if (wait > 0) await new Promise((resume) => setTimeout(resume, wait));
    return token;
  }

  renew() {
    this.coming = null;
  }
}

/**
 * Amazon's own player as an engine (see player-engine.js): closest to live on IVS, under its own licence, and there only where
 * the creator's file asks for it. `addresses.ivs` is its script, `ivsWorker` and `ivsBinary` what it runs in the background.
 */
export class IvsEngine {
  static async of(video, addresses, hooks) {
    if (!globalThis.IVSPlayer) await import(addresses.ivs);
    return new IvsEngine(globalThis.IVSPlayer, video, addresses, hooks);
  }

  constructor(library, video, addresses, hooks) {
    Object.assign(this, { library, video, addresses, hooks });
  }

  open(url) {
    const { PlayerEventType, PlayerState, ErrorType } = this.library;
    const player = this.library.create({ wasmWorker: this.addresses.ivsWorker, wasmBinary: this.addresses.ivsBinary });
    this.player = player;
    const mine = (told) => (what) => this.player === player && told(what);
    player.attachHTMLVideoElement(this.video);
    player.addEventListener(PlayerState.READY, mine(() => this.hooks.levels()));
    player.addEventListener(PlayerEventType.ERROR, mine(({ type, code }) => {
      const refused = type === ErrorType.AUTHORIZATION || code === 401 || code === 403;
      const network = [ErrorType.NETWORK, ErrorType.NETWORK_IO, ErrorType.TIMEOUT, ErrorType.NOT_AVAILABLE].includes(type);
      this.hooks.fault(refused ? "refused" : network ? "network" : "media");
    }));
    player.load(url);
  }

  get levels() {
    return (this.player?.getQualities() ?? []).map(({ height, bitrate }, id) => ({ id, height, bitrate }));
  }

  get level() {
    if (!this.player || this.player.isAutoQualityMode()) return -1;
    const { name } = this.player.getQuality();
    return this.player.getQualities().findIndex((quality) => quality.name === name);
  }

  set level(id) {
    if (id === -1) this.player?.setAutoQualityMode(true);
    else this.player?.setQuality(this.player.getQualities()[id]);
  }

  /** It keeps to live by itself. */
  edge() {
    return this.player ? this.video.currentTime + Math.max(0, this.player.getLiveLatency() - 4) : null;
  }

  close() {
    this.player?.delete();
    this.player = null;
  }
}

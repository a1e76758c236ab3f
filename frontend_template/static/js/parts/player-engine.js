// The policy that lets the worker of hls.js through.
import "./worker.js";

// Each time it has to wait, hls.js keeps further from the edge by so many seconds (one, if it were not told), for good.
const LIVE = { lowLatencyMode: true, maxLiveSyncPlaybackRate: 1.5, liveSyncOnStallIncrease: 0.25, backBufferLength: 60 };
const RECORDED = { lowLatencyMode: false, backBufferLength: 90 };
const REFUSED = [401, 403];
const LEAPS_APART_MS = 5000;

/**
 * What plays a stream in a <video>, the same for all engines: `open(url, start)`, `close()`, `levels` ([{id, height, bitrate}]),
 * `level` (an id, or -1 for automatic), `edge()` (the second at which live is), `mend()` after a fault of the decoder.
 *
 * `hooks` are told: `fault("refused" | "network" | "media")` when it cannot go on, `levels()` when there are others,
 * `ended()` when a stream is over; `follows()` says whether the viewer wants to be where live is. ImportError of a module that could not be loaded is the caller's.
 */
export async function engineFor(wanted, video, addresses, hooks, { live }) {
  if (wanted === "ivs" && addresses.ivs && live) {
    const { IvsEngine } = await import("./player-ivs.js");
    return IvsEngine.of(video, addresses, hooks);
  }
  if (globalThis.ManagedMediaSource || globalThis.MediaSource) {
    const Hls = await hls(addresses.hls);
    if (Hls.isSupported()) return new HlsEngine(Hls, video, addresses, hooks, live);
  }
  return new NativeEngine(video, hooks);
}

/** The vendored library, which leaves its name in the global scope. */
async function hls(address) {
  if (!globalThis.Hls) await import(address);
  return globalThis.Hls;
}

/**
 * Captions (CEA-608) of segments with picture and sound in one: hls.js 1.7.4 reads them, and then waits for a buffer of the
 * picture alone before it shows any, which such a stream never has. It also begins anew with every part of a segment, taking
 * it for a leap, and so loses all captions that are longer than one.
 */
function captioned(Hls) {
  return class extends Hls.DefaultConfig.timelineController {
    onFragLoading(event, data) {
      const { frag, part } = data;
      if (part && frag.sn === this.lastSn && part.index === this.lastPartIndex + 1) this.lastSn = frag.sn - 1;
      super.onFragLoading(event, data);
    }

    onBufferAppended(event, data) {
      const both = data.type === "audiovideo";
      super.onBufferAppended(event, both ? { ...data, type: "video", timeRanges: { video: data.timeRanges.audiovideo } } : data);
    }
  };
}

class HlsEngine {
  constructor(Hls, video, addresses, hooks, live) {
    this.Hls = Hls;
    this.video = video;
    this.hooks = hooks;
    this.config = { ...(live ? LIVE : RECORDED), workerPath: addresses.worker, capLevelToPlayerSize: true, timelineController: captioned(Hls) };
    this.mended = 0;
  }

  open(url, start) {
    const { Events } = this.Hls;
    const hls = (this.hls = new this.Hls({ ...this.config, startPosition: start ?? -1 }));
    hls.on(Events.ERROR, (_, fault) => this.hls === hls && this.#fault(fault));
    hls.on(Events.MANIFEST_PARSED, () => this.hooks.levels());
    hls.on(Events.LEVELS_UPDATED, () => this.hooks.levels());
    hls.on(Events.LEVEL_UPDATED, (_, { details }) => (details.live ? this.#keepUp(details) : this.hooks.whole?.()));
    hls.loadSource(url);
    hls.attachMedia(this.video);
  }

  #fault({ fatal, type, response }) {
    if (REFUSED.includes(response?.code)) return this.hooks.fault("refused");
    if (!fatal) return;
    if (type === this.Hls.ErrorTypes.MEDIA_ERROR && !this.mended) {
      this.mended++;
      return this.hls.recoverMediaError();
    }
    this.hooks.fault(type === this.Hls.ErrorTypes.NETWORK_ERROR ? "network" : "media");
  }

  /** hls.js plays faster while it is behind by less than a segment, and else not at all: whom a stall left further behind leaps. */
  #keepUp({ targetduration }) {
    const { latency, targetLatency, liveSyncPosition } = this.hls;
    const now = performance.now();
    if (latency - targetLatency < targetduration || now - (this.leapt ?? -LEAPS_APART_MS) < LEAPS_APART_MS) return;
    if (this.video.seeking || this.video.readyState < 3 || !this.hooks.follows()) return;
    this.leapt = now;
    this.video.currentTime = liveSyncPosition;
  }

  get levels() {
    return (this.hls?.levels ?? []).map(({ height, bitrate }, id) => ({ id, height, bitrate }));
  }

  get level() {
    return this.hls?.autoLevelEnabled === false ? this.hls.nextLevel : -1;
  }

  set level(id) {
    if (this.hls) this.hls.nextLevel = id;
  }

  /** Where a viewer is who sees what there is to see now; null where that is not known. */
  edge() {
    return this.hls?.liveSyncPosition ?? null;
  }

  close() {
    this.hls?.destroy();
    this.hls = null;
    this.mended = 0;
  }
}

/** Safari on older phones, where scripts may not feed a video: the browser itself plays HLS. */
class NativeEngine {
  levels = [];
  level = -1;

  constructor(video, hooks) {
    this.video = video;
    this.faulty = () => hooks.fault(video.error?.code === 3 ? "media" : "network");
  }

  open(url, start) {
    this.video.addEventListener("error", this.faulty);
    this.video.src = start > 0 ? `${url}#t=${start}` : url;
  }

  edge() {
    const { seekable } = this.video;
    return seekable.length ? seekable.end(seekable.length - 1) : null;
  }

  close() {
    this.video.removeEventListener("error", this.faulty);
    this.video.removeAttribute("src");
    this.video.load();
  }
}

/** What the audio thread offers (Web Audio API 1.1, AudioWorkletGlobalScope) and the page's own types lack. */
declare const sampleRate: number;
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}
declare function registerProcessor(name: string, processor: new () => AudioWorkletProcessor): void;

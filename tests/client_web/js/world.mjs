/** A clock one moves by hand, and sockets one answers by hand. */

export class FakeClock {
  constructor() {
    this.time = 0;
    this.timers = [];
    this.random = () => 0.5;
  }

  now() {
    return this.time;
  }

  after(ms, run) {
    const timer = { at: this.time + ms, run };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((t) => t !== timer);
    };
  }

  advance(ms) {
    const end = this.time + ms;
    for (;;) {
      const due = this.timers.filter((t) => t.at <= end).sort((a, b) => a.at - b.at)[0];
      if (!due) break;
      this.timers = this.timers.filter((t) => t !== due);
      this.time = due.at;
      due.run();
    }
    this.time = end;
  }
}

export class FakeSocket {
  constructor() {
    this.readyState = 0;
    this.sent = [];
    this.onopen = this.onmessage = this.onclose = null;
  }

  send(text) {
    this.sent.push(JSON.parse(text));
  }

  close() {
    this.readyState = 3;
  }

  accept() {
    this.readyState = 1;
    this.onopen?.({});
  }

  say(message) {
    this.onmessage?.({ data: typeof message === "string" ? message : JSON.stringify(message) });
  }

  die() {
    this.readyState = 3;
    this.onclose?.({});
  }

  of(type) {
    return this.sent.filter((m) => m.type === type);
  }
}

/** Lets resolved promises run. */
export const settle = async () => {
  for (let i = 0; i < 8; i++) await Promise.resolve();
};

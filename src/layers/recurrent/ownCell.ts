/** Recurrent layers whose step is memcell's own: a definition says weights, states and one step, and tfjs's RNN runs it. */
import type { TensorFlow } from '../../tensorflow.js';
import type * as tf from '../../tf.js';
import { type ComputedWeight, checkedSettings } from '../computed.js';
import { type Config, type DefinitionOf, defineLayer, type LayerDefinition, ownClass, type Shape } from '../define.js';
import { penalisable } from '../penalised.js';
import { ofRegistered } from '../registered.js';
import { type Schema, type SettingsOf, savedForm } from '../schema.js';

type Tensors = tf.Tensor | tf.Tensor[];

/** One step of a cell. */
export interface Step<Settings> {
  tf: TensorFlow;
  settings: Settings;
  /** (B,I) */
  x: tf.Tensor;
  /** (B,U) each */
  states: readonly tf.Tensor[];
  /** A weight's value, by its name. */
  weight(name: string): tf.Tensor;
  /** What `activation` of the settings is of values. */
  activate(x: tf.Tensor): tf.Tensor;
}

/** A weight of a cell; how it is penalised and kept the options of its name say. */
export type CellWeight = Pick<ComputedWeight, 'name' | 'shape' | 'initializer'>;

export interface CellDefinition<S extends Schema> extends Omit<DefinitionOf<S>, 'make' | 'own' | 'load' | 'weights'> {
  /** How many states of U numbers go from step to step, the first of which is the output. */
  readonly states: number;
  /** @throws LayerError for options that do not fit each other */
  check?(settings: SettingsOf<S>): void;
  weights(settings: SettingsOf<S>, input: Shape): CellWeight[];
  /** The states after the step. */
  step(step: Step<SettingsOf<S>>): tf.Tensor[];
}

/** Defines a recurrent layer by its cell. */
export function cellLayer<S extends Schema>(definition: CellDefinition<S>): LayerDefinition;
export function cellLayer(definition: CellDefinition<Schema>): LayerDefinition {
  const { states: _states, step: _step, check: _check, ...rest } = definition;
  const own = ownClass((tf) => layerOf(tf, definition));
  const make = penalisable(own, (settings: Config, tf) => new (own(tf))(settings));
  return defineLayer({ ...rest, own, make, load: (config, _, tf) => make(config, tf) });
}

/** What tfjs makes of an activation's name. */
interface ActivationObject extends tf.serialization.Serializable {
  apply(x: tf.Tensor): tf.Tensor;
}

/** The cell of a definition; a layer, as tfjs's cells are. */
const ownCell = ownClass(
  (tf) =>
    class OwnCell extends tf.layers.Layer {
      static className = 'OwnCell';
      readonly stateSize: number | number[];
      readonly activation: ActivationObject | undefined;
      /** Shares of x and of the state that are dropped; the latter are none. */
      readonly dropout: number;
      readonly recurrentDropout = 0;
      dropoutFunc: ((ones: tf.Tensor, rate: number) => tf.Tensor) | undefined;
      dropoutMask: tf.Tensor | null = null;
      recurrentDropoutMask: tf.Tensor | null = null;
      /** What the layer's penalties and constraints are, by their option's name. */
      readonly kernelRegularizer: tf.serialization.Serializable | undefined;
      readonly recurrentRegularizer: tf.serialization.Serializable | undefined;
      readonly biasRegularizer: tf.serialization.Serializable | undefined;
      readonly kernelConstraint: tf.serialization.Serializable | undefined;
      readonly recurrentConstraint: tf.serialization.Serializable | undefined;
      readonly biasConstraint: tf.serialization.Serializable | undefined;
      private readonly settings: Config;
      private readonly variables = new Map<string, tf.LayerVariable>();

      constructor(
        private readonly definition: CellDefinition<Schema>,
        config: Config,
      ) {
        super({});
        const settings = checkedSettings(tf, definition, config);
        definition.check?.(settings);
        const { units, activation, dropout = 0 } = settings;
        this.settings = settings;
        const size = Number(units);
        this.stateSize = definition.states === 1 ? size : Array<number>(definition.states).fill(size);
        this.dropout = Number(dropout);
        this.activation =
          typeof activation === 'string'
            ? (ofRegistered(tf, { className: activation, config: {} }) as ActivationObject)
            : undefined;
        const objectOf = (name: string) => {
          const told = settings[name];
          return told === undefined ? undefined : ofRegistered(tf, told as Parameters<typeof ofRegistered>[1]);
        };
        this.kernelRegularizer = objectOf('kernelRegularizer');
        this.recurrentRegularizer = objectOf('recurrentRegularizer');
        this.biasRegularizer = objectOf('biasRegularizer');
        this.kernelConstraint = objectOf('kernelConstraint');
        this.recurrentConstraint = objectOf('recurrentConstraint');
        this.biasConstraint = objectOf('biasConstraint');
      }

      override build(inputShape: tf.Shape | tf.Shape[]): void {
        const shape = Array.isArray(inputShape[0]) ? inputShape[0] : (inputShape as tf.Shape);
        type Added = Parameters<tf.layers.Layer['addWeight']>;
        const kept: Record<string, [regularizer: unknown, constraint: unknown]> = {
          kernel: [this.kernelRegularizer, this.kernelConstraint],
          recurrent_kernel: [this.recurrentRegularizer, this.recurrentConstraint],
          bias: [this.biasRegularizer, this.biasConstraint],
        };
        for (const { name, shape: size, initializer } of this.definition.weights(this.settings, shape)) {
          const [regularizer, constraint] = kept[name];
          const variable = this.addWeight(
            name,
            [...size],
            'float32',
            ofRegistered(tf, initializer) as Added[3],
            regularizer as Added[4],
            true,
            constraint as Added[6],
          );
          this.variables.set(name, variable);
        }
        this.built = true;
      }

      override call(inputs: Tensors): tf.Tensor[] {
        const [given, ...states] = inputs as tf.Tensor[];
        return tf.tidy(() => {
          const { settings, dropoutMask, activation } = this;
          const next = this.definition.step({
            tf,
            settings,
            x: dropoutMask ? tf.mul(given, dropoutMask) : given,
            states,
            weight: (name) => this.variable(name).read(),
            activate: (x) => (activation ? activation.apply(x) : x),
          });
          return [next[0], ...next];
        });
      }

      /** The mask of one call, the same at all steps of x (B,T,I). */
      drawMask(x: tf.Tensor, training: boolean): void {
        this.dropoutMask = null;
        if (!training || this.dropout === 0) return;
        const ones = tf.ones([x.shape[0], x.shape[2] ?? 0]);
        this.dropoutMask = this.dropoutFunc?.(ones, this.dropout) ?? tf.dropout(ones, this.dropout);
      }

      override getConfig(): tf.serialization.ConfigDict {
        const own = Object.entries(this.settings).map(([name, value]) => [name, savedForm(value)]);
        return { ...super.getConfig(), ...Object.fromEntries(own) };
      }

      private variable(name: string): tf.LayerVariable {
        const variable = this.variables.get(name);
        if (!variable) throw new Error(`${this.definition.class} has no weight ${name}`);
        return variable;
      }
    },
);

function layerOf(tf: TensorFlow, definition: CellDefinition<Schema>): new (config: Config) => tf.RNN {
  const OwnCell = ownCell(tf);
  return class OwnRecurrent extends tf.RNN {
    static override className = definition.class;
    private readonly own: InstanceType<typeof OwnCell>;

    constructor(config: Config) {
      const own = new OwnCell(definition, config);
      super({ ...config, cell: own as tf.layers.Layer } as tf.RNNLayerArgs);
      this.own = own;
    }

    static override fromConfig<T extends tf.serialization.Serializable>(
      cls: tf.serialization.SerializableConstructor<T>,
      config: tf.serialization.ConfigDict,
    ): T {
      return new cls(config);
    }

    override call(inputs: Tensors, kwargs: Parameters<tf.RNN['call']>[1]): Tensors {
      return tf.tidy(() => {
        this.own.drawMask(Array.isArray(inputs) ? inputs[0] : inputs, kwargs?.training === true);
        try {
          return super.call(inputs, kwargs);
        } finally {
          this.own.dropoutMask = null;
        }
      });
    }
  };
}

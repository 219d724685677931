/** The layer that runs each kind of plan. */
import type { LayerPlan } from '../../plan/layerPlan.js';
import { ActivationLayer } from './activation.js';
import { ActivityLayer } from './activity.js';
import { AttentionLayer } from './attention.js';
import { BatchNormalizationLayer } from './batchNormalization.js';
import { BidirectionalLayer } from './bidirectional.js';
import { ConvolutionLayer } from './convolution.js';
import { DenseLayer } from './dense.js';
import { DotLayer } from './dot.js';
import { DropoutLayer } from './dropout.js';
import { EmbeddingLayer } from './embedding.js';
import type { EngineLayer, LayerContext } from './layer.js';
import { LayerNormalizationLayer } from './layerNormalization.js';
import { MaskingLayer } from './masking.js';
import { ConcatenateLayer, MergeLayer } from './merge.js';
import { MultiHeadAttentionLayer } from './multiHeadAttention.js';
import { NoiseLayer } from './noise.js';
import { OverStepsLayer } from './overSteps.js';
import { PoolingLayer } from './pooling.js';
import { PositionsLayer } from './positions.js';
import { RectifierLayer } from './rectifier.js';
import { RecurrentLayer } from './recurrent.js';
import { ArrangeLayer, FlattenLayer, RepeatLayer, ReshapeLayer, TransposeLayer } from './reshape.js';
import { ScaleLayer } from './scale.js';
import { StandardizationLayer } from './standardization.js';
import { PaddingLayer, PickLayer, UpSamplingLayer } from './steps.js';
import { WindowPoolingLayer } from './windowPooling.js';

export function makeEngineLayer(plan: LayerPlan, context: LayerContext): EngineLayer {
  switch (plan.kind) {
    case 'dense':
      return new DenseLayer(plan, context);
    case 'activation':
      return new ActivationLayer(plan, context);
    case 'activity':
      return new ActivityLayer(plan, context);
    case 'embedding':
      return new EmbeddingLayer(plan, context);
    case 'masking':
      return new MaskingLayer(plan, context);
    case 'dropout':
      return new DropoutLayer(plan, context);
    case 'noise':
      return new NoiseLayer(plan, context);
    case 'rectifier':
      return new RectifierLayer(plan, context);
    case 'overSteps':
      return new OverStepsLayer(plan, makeEngineLayer(plan.inner, context), context);
    case 'scale':
      return new ScaleLayer(plan, context);
    case 'standardization':
      return new StandardizationLayer(plan, context);
    case 'rmsNormalization':
    case 'layerNormalization':
      return new LayerNormalizationLayer(plan, context);
    case 'averagePooling':
    case 'maxPooling':
      return new PoolingLayer(plan, context);
    case 'averageWindows':
    case 'maxWindows':
      return new WindowPoolingLayer(plan, context);
    case 'batchNormalization':
      return new BatchNormalizationLayer(plan, context);
    case 'convolution':
      return new ConvolutionLayer(plan, context);
    case 'flatten':
      return new FlattenLayer(context);
    case 'repeat':
      return new RepeatLayer(plan, context);
    case 'reshape':
      return new ReshapeLayer(plan, context);
    case 'transpose':
      return new TransposeLayer(context);
    case 'padding':
      return new PaddingLayer(plan, context);
    case 'pick':
      return new PickLayer(plan, context);
    case 'upSampling':
      return new UpSamplingLayer(plan, context);
    case 'arrange':
      return new ArrangeLayer(context);
    case 'lstm':
    case 'gru':
    case 'simpleRNN':
    case 'minGRU':
    case 'minLSTM':
    case 'sLSTM':
    case 'stacked':
      return new RecurrentLayer(plan, context);
    case 'merge':
      return new MergeLayer(plan, context);
    case 'dot':
      return new DotLayer(plan, context);
    case 'concatenate':
      return new ConcatenateLayer(plan, context);
    case 'multiHeadAttention':
      return new MultiHeadAttentionLayer(plan, context);
    case 'attention':
      return new AttentionLayer(plan, context);
    case 'positions':
      return new PositionsLayer(plan, context);
    case 'bidirectional':
      return new BidirectionalLayer(plan, context);
  }
}

import { formatNumber } from '../../format.js';
import type { ShownText } from '../../tasks/shown.js';
import type { Likelihood, TextEvaluation } from '../../tasks/text/evaluation.js';
import { type Html, html, table } from '../html.js';
import type { ReportInput } from '../input.js';

/** Bits at which a token is coloured fully. */
const fullBits = 10;

/** How well the text is predicted; each token's surprise; what was expected instead; what the model writes. */
export async function textSections({ evaluation, shown, samples = [] }: ReportInput): Promise<Html[]> {
  const scores = evaluation?.kind === 'text' ? evaluation : undefined;
  const picture = shown.find((part) => part.kind === 'text');
  return [
    ...(scores ? [likelihoods(scores)] : []),
    ...(picture ? [surprise(picture), confusions(picture)] : []),
    ...(samples.length > 0 ? [written(samples)] : []),
  ];
}

function likelihoods(scores: TextEvaluation): Html {
  const line = (name: string, { crossEntropy, bitsPerCharacter, perplexity }: Likelihood) => [
    name,
    ...[crossEntropy, bitsPerCharacter, perplexity].map(formatNumber),
  ];
  const { network, counts, unigramCrossEntropy } = scores;
  const rows = [
    line('the model', scores),
    ...(network ? [line('the network alone', network)] : []),
    ...(network?.cold ? [line('the network, windows without context', network.cold)] : []),
    ...(counts ? [line(`counting ${counts.back} back (Kneser–Ney)`, counts)] : []),
    ['frequencies alone', formatNumber(unigramCrossEntropy), formatNumber(unigramCrossEntropy / Math.LN2), '–'],
  ];
  return html`<section id="errors"><h2>Beside simple guesses</h2>${table(['', 'nats a character', 'bits a character', 'perplexity'], rows)}</section>`;
}

function surprise({ tokens }: ShownText): Html {
  const pieces = tokens.map(({ text, bits }) => {
    const share = Math.min(1, bits / fullBits);
    const mark = text === '\n' ? '↵\n' : text;
    return html`<span style="--s:${share.toFixed(2)}" title="${`${formatNumber(bits)} bits`}">${mark}</span>`;
  });
  return html`<section id="surprise"><h2>Surprise</h2><p class="note">Each token is coloured as much as it surprised the model, −log₂ p: none not at all, ${fullBits} bits or more in full.</p><pre class="surprise">${pieces}</pre></section>`;
}

function confusions({ confusions: pairs }: ShownText): Html {
  const shown = (text: string) => JSON.stringify(text);
  const rows = pairs.map(({ actual, expected, count }) => [shown(actual), shown(expected), count]);
  return html`<section id="confusions"><h2>What was expected instead</h2>${table(['came', 'expected', 'times'], rows)}</section>`;
}

function written(samples: NonNullable<ReportInput['samples']>): Html {
  return html`<section id="samples"><h2>What it writes</h2><div class="grid">${samples.map(
    ({ temperature, text }) =>
      html`<div class="card"><p>temperature ${temperature}</p><pre class="text">${text}</pre></div>`,
  )}</div></section>`;
}

/** The page of a training that is still going on: `memcell train --live` serves it, and sends it what is new. */
import type { TaskKind } from '../tasks/settings.js';
import { gatesScript } from './gatesScript.js';
import { html } from './html.js';
import { liveScript } from './liveScript.js';
import { pageOf, scriptText } from './page.js';
import { pageScript } from './script.js';
import { trainingSection } from './sections/common.js';

/** Where a training stands: what the server sends as the event `state`. */
export interface LiveState {
  /** What is being done, and since when, in milliseconds since 1970: the newest last. */
  stages: { text: string; at: number }[];
  /** Of the fit that is going on; from 1. */
  epoch?: number;
  epochs?: number;
  /** Of its batches that are done, from 0 to 1. */
  share?: number;
  /** 'loss 0.1234  val_loss 0.1301' */
  numbers?: string;
  learningRate?: string;
  /** '3 min 4 s' */
  left?: string;
  stopping?: boolean;
}

/** The scripts of this page and of the report that it becomes, as they stand in them: a server may allow these alone. */
export const liveScripts: readonly string[] = [pageScript, gatesScript, liveScript].map(scriptText);

/** @param token what the stop button has to show, so that no other page can press it */
export function livePage(title: string, token: string): string {
  const body = html`<div data-live data-token="${token}"><h1>${title}</h1>
<p class="lead" data-stage>connecting …</p>
<div class="bar" role="progressbar" aria-label="training" aria-valuemin="0" aria-valuemax="100"><i></i></div>
<p data-numbers></p>
<p><button type="button" data-stop>Stop and save</button> <span class="note" data-said>Does what Ctrl-C does: training ends after the batch, and what was trained by then is saved.</span></p>
<div data-curves><p class="note">Curves come with the first epoch.</p></div>
<details hidden><summary>What was done</summary><ol data-stages></ol></details></div>`;
  return pageOf(title, body, [pageScript, liveScript]);
}

/** The curves by epoch, as the page takes them, a learning rate's where it changes; undefined before the first epoch. */
export async function liveCurves(history: Record<string, number[]>, kind: TaskKind): Promise<string | undefined> {
  const { learning_rate: rates, ...rest } = history;
  const changes = rates?.some((rate) => rate !== rates[0]) ?? false;
  return (await trainingSection({ history: changes ? history : rest, kind }))?.text;
}

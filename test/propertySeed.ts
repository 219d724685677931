/**
 * Property tests draw the same cases in every run, so that a failure is a change's own. FAST_CHECK_SEED=random looks for new
 * cases, FAST_CHECK_SEED=123 repeats those of a seed.
 */
import fc from 'fast-check';

const wanted = process.env.FAST_CHECK_SEED ?? '20261123';
if (wanted !== 'random') fc.configureGlobal({ seed: Number(wanted) });
